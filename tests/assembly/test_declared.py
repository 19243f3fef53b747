"""What is declared is what is built: perceivers, engines with weights, and the key of what comes of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest

import fakes
import plugins
from momentscan import registry
from momentscan.app.cli.options import knobs as typed_knobs
from momentscan.assembly.engines import build_scorer
from momentscan.assembly.log_key import log_key
from momentscan.assembly.models import open_models
from momentscan.assembly.perceivers import build_perceivers
from momentscan.knobs import Knob, Model, knobs_of
from momentscan.models.chosen_models import Models
from momentscan.models.pool import Pool
from momentscan.settings import load

SETTINGS = load(detector="none", voice="none", tagger="none", embedder="descriptor")
EARS, EYES = {"speech", "tags", "words"}, {"faces", "tracks", "face_quality", "head", "body", "crops"}


def built(models: Models, **resources: Any) -> set[str]:
    return {p.name for p in build_perceivers(load(), models, **resources)}


def test_what_its_models_are_missing_for_is_left_out_and_whoever_needs_it() -> None:
    every = set(registry.names("perceivers"))
    assert built(fakes.listening(), transcript=fakes.TOLD) == every
    assert built(fakes.models()) == every - EARS
    assert built(fakes.models().but(detector=None)) == every - EARS - EYES
    assert built(fakes.models().but(body_pose=None)) == every - EARS - {"body"}
    assert built(fakes.models().but(face_id=None, landmarks=None)) == every - EARS


def test_words_come_from_a_transcript_or_from_a_recogniser() -> None:
    assert "words" in built(fakes.models(), transcript=fakes.TOLD)
    assert "words" in built(fakes.models().but(asr=fakes.Recogniser()))
    assert "words" not in built(fakes.models(), transcript=None)


def test_without_a_pose_model_crops_wait_for_no_poses() -> None:
    needs = {
        pose: next(
            p for p in build_perceivers(load(), fakes.models().but(body_pose=pose)) if p.name == "crops"
        ).needs
        for pose in (None, fakes.models().get("body_pose"))
    }
    assert [any(n.startswith("poses.") for n in of) for of in needs.values()] == [False, True]


# ---- the key


def key(models: Models, **settings: Any) -> str:
    in_force = load(**settings)
    return log_key("0" * 64, build_perceivers(in_force, models), models, in_force)


class Newer(fakes.Detector):
    version = "fake-detector-v2"


def test_the_key_covers_knobs_models_and_sampling_and_nothing_of_engines() -> None:
    models = fakes.models()
    usual = key(models)
    assert usual == key(fakes.models())
    others = [
        key(models, faces={"hz": 3}),
        key(models, grid_hz=5),
        key(models.but(detector=Newer())),
        key(models.but(face_id=None)),
        key(models, faces={"long_side_px": 320}),
    ]
    assert len({usual, *others}) == 6
    assert key(models, rules={"gate": {"confidence": 0.9}}) == usual


def test_a_perceiver_of_another_version_makes_another_log(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(fakes.models())
    monkeypatch.setattr(registry.load("perceivers", "scenes"), "version", "2")
    assert key(fakes.models()) != before


def test_models_that_no_perceiver_uses_do_not_count() -> None:
    assert key(fakes.models()) == key(fakes.models().but(asr=None))


# ---- engines with weights


class Ranker:
    name, version, weight, sha256 = "ranker", "ranker-v1", None, None

    @classmethod
    def open(cls, folder: Path | None, device: str = "auto") -> Ranker:
        return cls()


@dataclass(frozen=True)
class Learned:
    bar: Annotated[float, Knob("", source="a test", low=0)] = 1.0
    ranker: Annotated[Any, Model("ranker")] = None

    name: ClassVar[str] = "learned"


LEARNED = """
from momentscan.models.slots import Slot
from assembly_test_learned_classes import Learned, Ranker
SLOT = Slot("ranker", "ranker", "engine learned", {"ranker": Ranker}, auto=("ranker",))
"""
POINTS = {
    "momentscan.models": {"ranker": "assembly_test_learned:SLOT"},
    "momentscan.scorers": {"learned": "assembly_test_learned:Learned"},
}


@pytest.fixture
def learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import sys
    import types

    module = types.ModuleType("assembly_test_learned_classes")
    module.Learned, module.Ranker = Learned, Ranker  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with plugins.installed(tmp_path, "learned", "1.0", POINTS, {"assembly_test_learned.py": LEARNED}):
        yield


def test_an_engine_is_given_the_model_it_declares_and_its_knobs(learned: None) -> None:
    scorer: Any = build_scorer("learned", load(learned={"bar": 2}))
    assert (scorer.bar, scorer.ranker.version) == (2.0, "ranker-v1")
    assert [f.name for f in knobs_of(Learned)] == ["bar"]
    assert dataclasses.replace(scorer, ranker=None) == Learned(2.0)


def test_an_engine_whose_model_is_not_wanted_has_none(learned: None) -> None:
    scorer: Any = build_scorer("learned", load(ranker="none"))
    assert scorer.ranker is None


def test_a_slot_is_no_knob_of_the_engine_that_is_judged_by(learned: None) -> None:
    assert typed_knobs(["bar=2", "ranker=none", "rules.contrast=0"], "learned") == {
        "learned.bar": "2",
        "ranker": "none",
        "rules.contrast": "0",
    }


def test_a_model_of_an_engine_does_not_make_another_log(learned: None) -> None:
    assert key(fakes.models()) == key(fakes.models().but(ranker=Ranker()))


def test_only_the_slots_that_are_asked_for_are_opened(learned: None) -> None:
    pool = Pool()
    open_models(SETTINGS, only=["ranker"], pool=pool)
    assert pool.opened == {"ranker.ranker": 1}
