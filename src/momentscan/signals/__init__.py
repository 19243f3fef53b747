"""What was seen, as columns."""

from momentscan.signals.schema import COLUMNS, Column, column
from momentscan.signals.signals import Signals

__all__ = ["COLUMNS", "Column", "Signals", "column"]
