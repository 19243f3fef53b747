"""Moments out to editors and other programs, and an editor's timeline back in, as feedback."""
