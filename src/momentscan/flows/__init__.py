"""The verbs, one function each. Here, and only here, files meet the pure core."""

from momentscan.flows.folders import Outcome, load, scanned_folders
from momentscan.flows.judging import compare, find, judge
from momentscan.flows.watching import scan

__all__ = ["Outcome", "compare", "find", "judge", "load", "scan", "scanned_folders"]
