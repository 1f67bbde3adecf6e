"""Providers of sign-ins: a real one, and one that lies."""
