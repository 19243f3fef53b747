"""Signals to which frames. Pure: no I/O."""
