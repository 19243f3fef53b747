"""Slots for models, who fills them, and that what is open is shared."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Self

import pytest

import fakes
import plugins
from momentscan import registry
from momentscan.assembly.models import open_models
from momentscan.errors import MissingModel, UsageError
from momentscan.models.catalogue import WEIGHTS, Weight
from momentscan.models.chosen_models import Models, automatic, pull_groups
from momentscan.models.pool import Pool
from momentscan.models.slots import Slot, slot, slots
from momentscan.settings import load

ROW = Weight("nose.onnx", "nose", "smell", None, None, "MIT", "yes", "a nose", ())


class Nose:
    """A model of no network that wants a file."""

    name, version = "nose", "nose-v1"
    weight: ClassVar[Weight | None] = ROW
    sha256: str | None = None

    def __init__(self, length: int) -> None:
        self.length = length

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto", length: int = 1) -> Self:
        return cls(length)


SMELL: Slot[Nose] = Slot("smell", "nose", "smells", {"nose": Nose}, auto=("nose",))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    (tmp_path / ROW.file).write_bytes(b"one")
    return tmp_path


@pytest.mark.parametrize("name", registry.names("models"))
def test_every_slot_is_whole(name: str) -> None:
    found = slot(name)
    assert found.name == name
    assert found.what
    assert found.purpose
    assert all(kind.name == kind_name for kind_name, kind in found.kinds.items())
    assert set(found.auto) <= set(found.kinds)
    assert found.fallback is None or found.fallback in found.kinds
    assert set(found.needs) <= set(registry.names("models"))
    assert bool(found.absence) != bool(found.unheard), "what its absence costs is said once"
    assert found.default in ("auto", "none")


def test_versions_tell_kinds_apart_and_weights_are_in_the_catalogue() -> None:
    kinds = [kind for s in slots() for kind in s.kinds.values()]
    assert len({kind.version for kind in kinds}) == len(kinds)
    assert all(kind.weight is None or kind.weight in WEIGHTS for kind in kinds)


def test_what_can_be_pulled_and_what_auto_looks_for_follows_from_the_slots() -> None:
    assert pull_groups() == {
        "faces": ("centerface", "face-mesh", "pose-landmarks"),
        "speech": ("silero-vad", "yamnet"),
    }
    assert list(automatic()) == [s.what for s in slots() if s.name not in ("embedder", "asr")]


def test_a_slot_with_a_kind_that_wants_no_weights_waits_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(Nose):
        name, weight = "plain", None

    free = replace(SMELL, kinds={"nose": Nose, "plain": Plain}, auto=("nose", "plain"))
    for each, waits in ((SMELL, True), (free, False)):
        monkeypatch.setattr("momentscan.models.chosen_models.slots", lambda each=each: [each])
        assert (each.what in automatic()) is waits


def test_defaults_are_auto_but_for_recognition() -> None:
    defaults = registry.slot_defaults()
    assert {name for name, default in defaults.items() if default != "auto"} == {"asr"}


# ---- what is open is shared


def test_the_same_model_is_opened_once(weights: Path) -> None:
    pool = Pool()
    assert pool.open(SMELL, "auto", weights) is pool.open(SMELL, "nose", weights)
    assert pool.opened == {"smell.nose": 1}


def test_another_device_or_another_option_is_another_model(weights: Path) -> None:
    pool = Pool()
    found = [
        pool.open(SMELL, "nose", weights, "cpu"),
        pool.open(SMELL, "nose", weights, "cuda"),
        pool.open(SMELL, "nose", weights, "cpu", length=9),
    ]
    assert [nose.length for nose in found] == [1, 1, 9]
    assert pool.opened == {"smell.nose": 3}
    assert pool.open(SMELL, "nose", weights, "cpu", length=9) is found[2]


def test_weights_that_changed_are_opened_anew(weights: Path) -> None:
    pool = Pool()
    before = pool.open(SMELL, "nose", weights)
    (weights / ROW.file).write_bytes(b"other")
    os.utime(weights / ROW.file, ns=(1, 1))
    assert pool.open(SMELL, "nose", weights) is not before
    assert pool.opened == {"smell.nose": 2}


def test_nothing_is_opened_where_nothing_is_wanted_or_here(tmp_path: Path) -> None:
    pool = Pool()
    assert pool.open(SMELL, "none", tmp_path) is None
    assert pool.open(SMELL, "auto", tmp_path) is None
    with pytest.raises(UsageError, match="there is no nose 'ear'; there are auto, none, nose"):
        pool.open(SMELL, "ear", tmp_path)
    assert not pool.opened


@pytest.mark.weights
def test_twenty_videos_open_each_model_once(models_folder: Path) -> None:
    pool, settings = Pool(), load(models=models_folder, device="cpu")
    every = [open_models(settings, pool=pool) for _ in range(20)]
    assert set(pool.opened.values()) == {1}
    assert sum(pool.opened.values()) == len(every[0].opened)
    assert all(models.opened == every[0].opened for models in every)


# ---- what is missing is told


def test_a_named_model_that_is_not_here_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="run: momentscan models pull openclip"):
        open_models(load(models=tmp_path, embedder="openclip"), pool=Pool())


def test_what_was_not_wanted_is_not_missing() -> None:
    nothing = Models({"embedder": fakes.Embedder()})
    lines = nothing.missing(load(), sound=True)
    assert [line.partition(":")[0] for line in lines] == [
        "no vision model is on this machine",
        "no face detector is on this machine",
        "not listened for, as no model is on this machine",
    ]
    assert "speech, laughter and applause; `momentscan models pull silero-vad yamnet`" in lines[2]
    assert len(nothing.missing(load(), sound=False)) == 2
    unwanted = load(detector="none", voice="none", tagger="none", embedder="descriptor")
    assert nothing.missing(unwanted) == []


def test_landmarks_are_missed_only_where_there_are_faces() -> None:
    faces = Models({"embedder": fakes.Embedder(), "detector": fakes.Detector()})
    told = faces.missing(load(embedder="descriptor"), sound=False)
    assert [line.partition(":")[0] for line in told] == [
        "no face landmarks are on this machine",
        "no Face-ID model is on this machine",
        "no body pose model is on this machine",
    ]


# ---- plug-ins


def test_a_package_adds_a_slot_and_a_kind(tmp_path: Path) -> None:
    points = {"momentscan.models": {"smell": "test_slots_smell:SMELL", "embedder.mine": "fakes:Embedder"}}
    source = """
from momentscan.models.slots import Slot
class Nose:
    name, version, weight, sha256 = "nose", "nose-v1", None, None
    @classmethod
    def open(cls, folder, device="auto"):
        return cls()
SMELL = Slot("smell", "nose", "smells", {"nose": Nose}, auto=("nose",))
"""
    with plugins.installed(tmp_path, "noses", "2.0", points, {"test_slots_smell.py": source}):
        assert registry.names("models")[-1] == "smell"
        models = open_models(load(models=tmp_path, detector="none"), pool=Pool())
        assert models.opened["smell"].name == "nose"
        assert models.made_of(["smell"]) == [("smell", "nose-v1", None, "noses 2.0")]
        row = next(r for r in models.rows() if r.for_ == "smells")
        assert (row.licence, row.commercial) == ("as the package noses 2.0 states", "unknown")
        assert slot("embedder").kind("mine") is fakes.Embedder
        assert slot("embedder").distribution("mine") == "noses 2.0"
    assert "smell" not in registry.names("models")


def test_embedders_of_older_packages_are_still_found(tmp_path: Path) -> None:
    points = {"momentscan.embedders": {"mine": "fakes:Embedder"}}
    with plugins.installed(tmp_path, "old-one", "0.1", points):
        assert slot("embedder").kind("mine") is fakes.Embedder
    with pytest.raises(UsageError, match="there is no embedder 'mine'; there are auto, openclip"):
        slot("embedder").kind("mine")


def test_a_kind_that_cannot_be_imported_hurts_only_who_asks_for_it(tmp_path: Path) -> None:
    points = {"momentscan.models": {"embedder.broken": "no_such_module:Broken"}}
    with plugins.installed(tmp_path, "broken", "1.0", points):
        assert open_models(load(models=tmp_path), pool=Pool()).embedder.name == "descriptor"
        with pytest.raises(
            UsageError, match=r"'embedder\.broken' of the package broken 1\.0 cannot be imported"
        ):
            open_models(load(models=tmp_path, embedder="broken"), pool=Pool())


def test_what_is_no_slot_is_refused_in_one_line(tmp_path: Path) -> None:
    with (
        plugins.installed(tmp_path, "wrong", "1.0", {"momentscan.models": {"smell": "json:dumps"}}),
        pytest.raises(UsageError, match=r"model 'smell' of the package wrong 1\.0 is no Slot of that name"),
    ):
        slots()
