"""From the log to identity packs: chosen by `select`, cut out of the video, looked at again, written as a whole."""

from momentscan.packs.choice import PackChoice
from momentscan.packs.make import make_packs, same_packs

__all__ = ["PackChoice", "make_packs", "same_packs"]
