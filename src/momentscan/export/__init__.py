"""What other programs, and people, read."""
