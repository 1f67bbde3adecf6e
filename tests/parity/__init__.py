"""The implementations of the blog, held against each other by made-up requests."""
