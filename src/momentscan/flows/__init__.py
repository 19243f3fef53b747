"""The verbs, one function each. Here, and only here, files meet the pure core."""

from momentscan.flows.folders import Outcome, load, scanned_folders
from momentscan.flows.forgetting import Forgotten, forget, people, somebody
from momentscan.flows.judging import compare, find, judge
from momentscan.flows.packing import pack
from momentscan.flows.watching import scan

__all__ = ["Forgotten", "Outcome", "compare", "find", "forget", "judge", "load", "pack", "people", "scan", "scanned_folders", "somebody"]
