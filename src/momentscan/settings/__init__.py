"""One tree of settings: arguments > MOMENTSCAN_* > momentscan.toml > defaults, resolved once."""

from momentscan.settings.options import Options
from momentscan.settings.resolve import load
from momentscan.settings.settings import Settings
from momentscan.settings.sources import TOML

__all__ = ["TOML", "Options", "Settings", "load"]
