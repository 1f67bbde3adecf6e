"""The tutorial's one application."""
