"""What holds the documentation to what it speaks of."""
