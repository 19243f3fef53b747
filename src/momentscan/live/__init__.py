"""Watching what is still coming: moments that are provisional, then final."""
