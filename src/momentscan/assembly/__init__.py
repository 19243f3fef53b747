"""What is built for a piece of work out of settings and what is registered: models, perceivers, scorers."""

from momentscan.assembly.key import log_key
from momentscan.assembly.models import open_models
from momentscan.assembly.perceivers import build_perceivers
from momentscan.assembly.scorers import build_scorer, with_models

__all__ = ["build_perceivers", "build_scorer", "log_key", "open_models", "with_models"]
