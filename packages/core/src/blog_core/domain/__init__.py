"""What is true of the blog whatever serves or stores it: standard library only."""
