"""Puts models of a few honest lines in the place of those that weights would give, in every verb that opens models."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest

from momentscan.models.chosen_models import Models
from momentscan.settings import Settings

OPENERS = ("momentscan.assembly.one_pass", "momentscan.flows.pack", "momentscan.flows.watch")
"""The files that open models."""


def install(monkeypatch: pytest.MonkeyPatch, models: Models | Callable[[], Models]) -> None:
    """`models`: the ones for every verb, or a function that gives new ones to each."""

    def opened(settings: Settings) -> Models:
        return models() if callable(models) else models

    for opener in OPENERS:
        monkeypatch.setattr(importlib.import_module(opener), "open_models", opened)
