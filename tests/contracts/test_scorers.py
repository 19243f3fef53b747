"""What every registered scorer promises."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

import worlds
from momentscan import registry
from momentscan.errors import UsageError
from momentscan.knobs import knobs_of, with_knobs
from momentscan.settings import load
from momentscan.signals import Signals
from momentscan.signals.calibration import Calibration, Usual
from momentscan.signals.schema import column
from momentscan.values import Verdict

NAMES = registry.names("scorers")
USUAL = Usual(0.2, 0.016, 0.03)
SOMEBODY = worlds.signals(people=True)
FACELESS = {n: SOMEBODY[n][:0] for n in SOMEBODY if n.startswith(("faces.", "crops.", "poses.", "tracks."))}
WORLDS = {
    "a burst": SOMEBODY,
    "no sound": worlds.signals(sound=False, people=True),
    "calm": worlds.signals(burst=None, people=True),
    "short": worlds.signals(duration_s=4.0, burst=(2.0, 3.0), people=True),
    "one frame": worlds.signals(duration_s=0.1, burst=None, sound=False, people=True),
    "long": worlds.signals(duration_s=600.0, burst=(300.0, 304.0), people=True),
    "nobody looked for faces": worlds.signals(),
    "nobody is there": Signals(
        SOMEBODY.video, {n: SOMEBODY[n] for n in SOMEBODY} | FACELESS, SOMEBODY.made_by
    ),
    "nothing logged": Signals(worlds.info(30.0), {"frames.time_s": np.zeros(0)}),
}


def judge(name: str, signals: Signals, **knobs: object) -> Verdict:
    verdict: Verdict = with_knobs(registry.load("scorers", name), knobs).judge(signals)
    return verdict


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", NAMES)
def test_one_finite_value_per_instant_and_parts_that_sum_to_it(name: str, world: str) -> None:
    curve = registry.load("scorers", name)().curve(WORLDS[world])
    assert np.isfinite(curve.value).all()
    assert (np.diff(curve.time_s) > 0).all()
    if len(curve.value):
        np.testing.assert_allclose(sum(curve.parts.values()), curve.value, atol=1e-12)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", NAMES)
def test_windows_lie_inside_the_video_do_not_overlap_and_say_why(name: str, world: str) -> None:
    verdict = judge(name, WORLDS[world])
    for moment in verdict.moments:
        window = moment.window
        assert 0 <= window.start_s <= window.peak_s <= window.end_s <= WORLDS[world].video.duration_s
        assert moment.why
        np.testing.assert_allclose(sum(moment.parts.values()), moment.score, atol=1e-9)
    spans = sorted((m.window.start_s, m.window.end_s) for m in verdict.moments)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert [m.score for m in verdict.moments] == sorted((m.score for m in verdict.moments), reverse=True)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_found_comes_with_a_reason(name: str, world: str) -> None:
    verdict = judge(name, WORLDS[world])
    assert bool(verdict.moments) == (verdict.reason is None)


@pytest.mark.parametrize("name", NAMES)
def test_a_burst_is_found_and_a_calm_video_is_not_interesting(name: str) -> None:
    assert any(29.5 <= m.window.peak_s <= 33.5 for m in judge(name, WORLDS["a burst"]).moments)
    assert judge(name, WORLDS["calm"]).moments == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_signals_give_the_same_verdict(name: str) -> None:
    first, second = judge(name, worlds.signals(people=True)), judge(name, worlds.signals(people=True))
    assert first.moments == second.moments
    np.testing.assert_array_equal(first.smoothed, second.smoothed)


@pytest.mark.parametrize("name", NAMES)
def test_it_reads_only_what_it_says(name: str) -> None:
    scorer = registry.load("scorers", name)()
    asked: set[str] = set()

    class Watched(Signals):
        def __getitem__(self, column_name: str) -> np.ndarray:
            asked.add(column_name)
            return super().__getitem__(column_name)

    known = WORLDS["a burst"]
    scorer.judge(Watched(known.video, {n: known[n] for n in known}, known.made_by))
    assert asked <= set(scorer.reads)
    assert all(column(n) for n in scorer.reads)


@pytest.mark.parametrize("name", NAMES)
def test_every_knob_has_a_unit_and_a_source_and_its_default_is_within_bounds(name: str) -> None:
    cls = registry.load("scorers", name)
    for field in knobs_of(cls):
        assert field.knob.source.strip(), field.name
        with_knobs(cls, {field.name: field.default})


@pytest.mark.parametrize("name", NAMES)
def test_scorers_are_frozen_and_refuse_unknown_knobs(name: str) -> None:
    scorer = registry.load("scorers", name)()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(scorer, knobs_of(type(scorer))[0].name, 1)
    with pytest.raises(UsageError, match="no knob 'nonsense'"):
        judge(name, WORLDS["calm"], nonsense=1)


@pytest.mark.parametrize("name", ["rules", "vector"])
def test_a_gate_that_lets_nothing_pass_leaves_no_window(name: str) -> None:
    assert judge(name, SOMEBODY).moments
    assert judge(name, SOMEBODY, gate={"exposure_low": 255.0}).moments == ()
    assert judge(name, SOMEBODY, gate={"exposure_low": 255.0}, gate_level="off").moments


@pytest.mark.parametrize(("name", "column"), [("vector", "crops.face"), ("saliency", "vision.change")])
def test_an_embedder_that_nobody_measured_is_named(name: str, column: str) -> None:
    known = {n: SOMEBODY[n] for n in SOMEBODY}
    unknown = Signals(SOMEBODY.video, known, {column: "lab-model-7"})
    measured = Signals(SOMEBODY.video, known, {column: "lab-model-7"}, {column: Calibration(0.01, USUAL)})
    assert "lab-model-7" in judge(name, unknown).absent["calibration"]
    assert "calibration" not in judge(name, measured).absent


def test_what_an_embedder_declares_of_calm_decides_what_is_a_change() -> None:
    known = {n: SOMEBODY[n] for n in SOMEBODY}

    def loudest(calibration: Calibration) -> float:
        signals = Signals(SOMEBODY.video, known, {}, {"crops.face": calibration})
        return float(registry.load("scorers", "vector")().curve(signals).parts["d_face"].max())

    assert loudest(Calibration(0.01, USUAL)) > 2 * loudest(Calibration(0.01, Usual(0.2, 0.5, 0.9)))


@pytest.mark.parametrize(
    ("old", "stage"),
    [
        ({"rules.gate": "off", "rules.w_size": 0.5}, {"gate_level": "off", "quality": {"w_size": 0.5}}),
        ({"rules.distance_s": "4"}, {"peaks": {"distance_s": 4.0}}),
        ({"vector.gated": "false", "vector.knn": 3}, {"gate_level": "off", "novelty": {"knn": 3}}),
        ({"saliency.percentile": 80}, {"intervals": {"percentile": 80.0}}),
    ],
)
def test_knobs_as_they_were_called_before_stages_are_understood(
    old: dict[str, object], stage: dict[str, object]
) -> None:
    engine = next(iter(old)).partition(".")[0]
    assert load(old).stage(engine) == with_knobs(registry.load("scorers", engine), stage)


@pytest.mark.parametrize("name", ["rules", "vector"])
def test_the_gate_and_the_people_of_the_settings_reach_the_engines(name: str) -> None:
    settings = load({"gate.exposure_low": 255, "people.mains": 1})
    scorer = settings.stage(name)
    assert (scorer.gate.exposure_low, scorer.roles.mains) == (255.0, 1)
    assert scorer.judge(SOMEBODY).moments == ()
    assert (
        load({"gate.exposure_low": 255, f"{name}.gate.exposure_low": 40}).stage(name).judge(SOMEBODY).moments
    )
