"""Weights in, arrays out: which files there are, how they come here, and what they make of pictures."""
