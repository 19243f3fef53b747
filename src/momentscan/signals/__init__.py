"""What was seen, as columns."""

from momentscan.signals.schema import COLUMNS, Column, column
from momentscan.signals.signals import Signals
from momentscan.signals.table import Table

__all__ = ["COLUMNS", "Column", "Signals", "Table", "column"]
