"""The verbs, one function each. Here, and only here, files meet the pure core."""

from momentscan.flows.clipping import clip, clipping_of
from momentscan.flows.exporting import Exported, export, ranges_of, take_back, told_by
from momentscan.flows.folders import Outcome, load, scanned_folders, windows_of
from momentscan.flows.forgetting import Forgotten, forget, people, somebody
from momentscan.flows.judging import compare, find, judge
from momentscan.flows.packing import pack
from momentscan.flows.watching import scan

__all__ = [
    "Exported",
    "Forgotten",
    "Outcome",
    "clip",
    "clipping_of",
    "compare",
    "export",
    "find",
    "forget",
    "judge",
    "load",
    "pack",
    "people",
    "ranges_of",
    "scan",
    "scanned_folders",
    "somebody",
    "take_back",
    "told_by",
    "windows_of",
]
