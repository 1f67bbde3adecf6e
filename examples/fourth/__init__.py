"""A fourth framework: the blog through Litestar, and the page that it is assembled from."""
