"""Passwords, and what only the holder of the site's secret can make."""
