"""The blog through Litestar."""
