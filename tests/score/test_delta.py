"""highlight_vector: a look that changes is found, by vision embeddings alone; what is only a bad picture is
not.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

import fakes
import worlds
from momentscan.knobs import with_knobs
from momentscan.score.clip_measures import clip_centres, in_sigmas
from momentscan.score.vector import Vector
from momentscan.select.people import People
from momentscan.signals import Signals
from momentscan.signals.calibration import Usual
from momentscan.signals.schema import COLUMNS
from momentscan.values import Verdict
from worlds import CYAN, RED, Face, during, joined

Span = tuple[float, float]
LITERAL = dict(
    baseline="ema",
    norm="raw",
    smooth="causal",
    smooth_s=1.4,
    gate_level="off",
    cutaway_s=0,
    rule="seed",
    doubt=0,
)
"""highlight_vector as the seed wrote it."""


def scene(
    duration_s: float = 60.0,
    face: Span | None = None,
    body: Span | None = None,
    motion: Span | None = None,
    loud: Span | None = None,
    hz: float = 5.0,
    grid_hz: float = 10.0,
    seed: int = 0,
    **changes: np.ndarray,
) -> Signals:
    """A calm video of one person; what is named happens during its span. "faces__yaw" stands for faces.yaw;
    None takes a column out.
    """
    calm = worlds.signals(duration_s, None, seed, grid_hz=grid_hz)
    moved = {name: span for name, span in {"face": face, "body": body}.items() if span}
    columns = (
        {n: calm[n] for n in calm}
        | worlds.person(duration_s, int(hz), seed)
        | worlds.crops(duration_s, hz, seed, **moved)
    )
    if motion:
        inside = during(columns["frames.time_s"], motion)
        columns["frames.motion"] = (columns["frames.motion"] + 0.3 * inside).astype(np.float32)
    if loud:
        columns["sound.loud_db"] = columns["sound.loud_db"] + 20 * during(
            columns["sound.time_s"], loud
        ).astype(np.float32)
    return changed(
        Signals(calm.video, columns, {"crops.face": "made-v1", "crops.body": "made-v1"}), **changes
    )


def changed(signals: Signals, **changes: np.ndarray | None) -> Signals:
    columns = {n: signals[n] for n in signals} | {
        name.replace("__", "."): rows for name, rows in changes.items()
    }
    return Signals(
        signals.video, {n: rows for n, rows in columns.items() if rows is not None}, signals.made_by
    )


def judged(signals: Signals, **knobs: object) -> Verdict:
    return with_knobs(Vector, knobs).judge(signals)


def peaks(verdict: Verdict) -> list[float]:
    return sorted(m.window.peak_s for m in verdict.moments)


def same(one: Verdict, other: Verdict) -> bool:
    """To the last bit."""
    series = [(one.smoothed, other.smoothed), (one.curve.value, other.curve.value)]
    return (
        one.moments == other.moments
        and one.candidates == other.candidates
        and all(a.tobytes() == b.tobytes() for a, b in series)
    )


EXPRESSION = (30.0, 31.5)


# ---- what is found


@pytest.mark.parametrize(
    ("what", "part"), [("face", "d_face"), ("body", "d_body"), ("motion", "motion"), ("loud", "audio")]
)
def test_each_part_can_make_a_moment_and_is_named_first(what: str, part: str) -> None:
    (moment,) = judged(scene(**{what: EXPRESSION})).moments  # type: ignore[arg-type]
    assert 29.5 <= moment.window.peak_s <= 32
    words = {
        "d_face": "face of person 0",
        "d_body": "upper body of person 0",
        "motion": "movement",
        "audio": "loudness",
    }
    assert moment.why.startswith(words[part])
    assert max(moment.parts, key=lambda n: moment.parts[n]) == part
    assert moment.features[part] is not None


def test_a_calm_video_has_no_moment_and_is_told_how_calm() -> None:
    verdict = judged(scene())
    assert verdict.moments == ()
    assert verdict.reason is not None
    assert verdict.reason.startswith("no_contrast: nothing stands out by more than chance (face at most ")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("duration_s", [20.0, 60.0, 300.0])
def test_calm_stays_calm_at_any_length(seed: int, duration_s: float) -> None:
    assert judged(scene(duration_s, seed=seed)).moments == ()


@pytest.mark.parametrize("baseline", ["ema", "local", "knn", "ensemble"])
def test_every_baseline_finds_the_expression(baseline: str) -> None:
    assert peaks(judged(scene(face=EXPRESSION), baseline=baseline)) == pytest.approx([30.75], abs=1.0)


@pytest.mark.parametrize("norm", ["excess", "rank", "soft", "raw"])
def test_every_normalisation_finds_the_expression(norm: str) -> None:
    found = judged(scene(face=EXPRESSION), norm=norm).moments
    assert found
    assert found[0].window.peak_s == pytest.approx(30.75, abs=1.0)


def test_the_seeds_literal_reading_runs_in_its_own_units() -> None:
    verdict = judged(scene(face=EXPRESSION, motion=(29.0, 33.0), loud=(29.0, 33.0)), **LITERAL)
    (moment,) = verdict.moments
    weights = {"d_face": 0.6, "d_body": 0.6, "motion": 0.3, "audio": 0.1}
    raw = {name: value for name, value in moment.features.items() if moment.parts[name]}
    assert {name: moment.parts[name] for name in raw} == {
        name: pytest.approx(weights[name] * value) for name, value in raw.items()
    }  # type: ignore[operator]
    assert sum(moment.parts[n] != 0 for n in ("d_face", "d_body")) == 1, "max(d_face, d_body)"


def test_the_seeds_causal_smoothing_comes_late_and_ours_does_not() -> None:
    """readings H3."""
    film = scene(face=(30.0, 32.0))
    late = float(np.argmax(judged(film, smooth="causal", smooth_s=1.4).smoothed)) / 2
    ours = float(np.argmax(judged(film, smooth_s=1.4).smoothed)) / 2
    assert ours + 0.5 == pytest.approx(31, abs=0.5)
    assert late - ours >= 0.5


def test_a_short_shot_between_two_long_ones_is_a_cutaway() -> None:
    cuts = {"scenes__start_s": np.array([0.0, 30.0, 31.2]), "scenes__end_s": np.array([30.0, 31.2, 60.0])}
    (moment,) = judged(scene(**cuts)).moments
    assert moment.why.startswith("a cutaway: a short shot between two longer ones")
    assert (moment.window.start_s, moment.window.end_s) == (30.0, 31.2), "and its window is the shot"
    assert judged(scene(**cuts), cutaway_s=0).moments == ()


def test_shots_that_are_all_short_are_no_cutaways() -> None:
    starts = np.arange(0, 60, 2.0)
    assert judged(scene(scenes__start_s=starts, scenes__end_s=starts + 2.0)).moments == ()


def test_at_most_so_many_windows_the_best_ones_and_apart() -> None:
    crops = worlds.crops(120.0)
    for i, at in enumerate(range(10, 110, 10)):
        rows = during(crops["crops.time_s"], (at, at + 1.4))
        crops["crops.face"][rows] += (0.5 + 0.1 * i) * np.eye(64, dtype=np.float32)[2 + i]
    crops["crops.face"] /= np.linalg.norm(crops["crops.face"], axis=1, keepdims=True)
    signals = scene(120.0, **{n.replace(".", "__"): x for n, x in crops.items()})
    assert peaks(judged(signals)) == pytest.approx(np.arange(10, 110, 10) + 0.75, abs=1.0)
    assert peaks(judged(signals, max_windows=3)) == pytest.approx([80.75, 90.75, 100.75], abs=1.0)


# ---- nobody, or hardly anybody


def test_where_no_face_was_looked_for_that_is_the_reason() -> None:
    verdict = judged(worlds.signals())
    assert str(verdict.reason).startswith("no_faces_looked_for: ")
    assert verdict.absent["delta"] == verdict.reason


@pytest.mark.parametrize("engine", ["rules", "vector"])
def test_a_video_without_any_face_has_no_moment_for_that_reason(engine: str) -> None:
    """Also where it moves and is loud: an expression is looked for, and nobody has one."""
    from momentscan import registry

    nobody = fakes.watched(
        worlds.film(12.0, lambda t: [], edit=lambda t, f: f if not 5 < t < 6 else 255 - f), fakes.ALL
    )
    verdict = registry.load("scorers", engine)().judge(nobody)
    assert verdict.moments == ()
    assert str(verdict.reason).startswith("no_face: ")


@pytest.mark.parametrize("engine", ["rules", "vector"])
def test_a_face_in_one_frame_only_is_noise_and_makes_no_moment(engine: str) -> None:
    from momentscan import registry

    glimpse = fakes.watched(
        worlds.film(12.0, lambda t: [Face(160, 90)] if abs(t - 6) < 0.05 else []), fakes.ALL
    )
    assert glimpse.rows("faces.time_s") == 1
    assert [p.role for p in People()(glimpse)] == ["noise"]
    verdict = registry.load("scorers", engine)().judge(glimpse)
    assert verdict.moments == ()
    assert str(verdict.reason).startswith("no_face")


def test_a_video_shorter_than_a_clip_is_too_short() -> None:
    verdict = judged(scene(0.6))
    assert str(verdict.reason).startswith("too_short: 0.60 s")
    assert len(verdict.curve.value) == 0


def test_a_face_that_is_lost_is_unknown_and_not_zero() -> None:
    """Neither the leaving nor the return is a moment, and what happens in between says nothing of the
    face.
    """
    film = scene(motion=(22.0, 23.0))
    gone = {n.replace(".", "__"): film[n] for n in film if n.startswith(("faces.", "crops."))}
    for table in ("faces", "crops"):
        there = ~during(film[f"{table}.time_s"], (20.0, 25.0))
        gone |= {n: x[there] for n, x in gone.items() if n.startswith(f"{table}__")}
    (moment,) = judged(changed(film, **gone)).moments
    assert 21.5 <= moment.window.peak_s <= 23.5
    assert moment.features["d_face"] is None
    assert moment.features["d_body"] is None
    assert "face" not in moment.why


def test_without_sound_or_movement_their_weight_is_shared() -> None:
    whole, deaf = (
        judged(scene(face=EXPRESSION)),
        judged(scene(face=EXPRESSION, sound__time_s=None, sound__loud_db=None)),
    )
    assert "is missing" in deaf.absent["audio"]
    assert deaf.moments[0].parts["d_face"] == pytest.approx(whole.moments[0].parts["d_face"] / 0.9)


# ---- bad pictures


def bad(**how: float) -> Signals:
    """For 0.4 s at 30 s the face's photograph changes, and so does its vector."""
    film = scene()
    rows = during(film["faces.time_s"], (30.0, 30.4))
    changes = {}
    for name, value in how.items():
        column = film[f"faces.{name}"].copy()
        column[rows] = value
        changes[f"faces__{name}"] = column
    for crop in ("face", "body"):
        vectors = film[f"crops.{crop}"].copy()
        vectors[rows] = np.eye(64, dtype=np.float32)[5]
        changes[f"crops__{crop}"] = vectors
    return changed(film, **changes)


@pytest.mark.parametrize(
    "how",
    [{"exposure_mean": 215.0}, {"exposure_mean": 250.0}, {"exposure_mean": 4.0}, {"sharpness": 20.0}, {"clipped": 0.6}, {"crushed": 0.6}, {"contrast": 0.01}],  # noqa: E501
    ids=["flash", "white", "black", "defocus", "clipped", "crushed", "grey"],
)  # fmt: skip
def test_what_is_only_a_bad_picture_makes_no_window(how: dict[str, float]) -> None:
    assert judged(bad(**how)).moments == ()
    assert judged(bad(**how), gate_level="off").moments, "and it would have, without the gate"


def test_the_same_change_in_a_good_picture_is_a_moment() -> None:
    assert judged(bad()).moments


def test_optical_flow_is_not_believed_in_a_flash() -> None:
    film = scene(motion=(30.0, 30.3))
    light = film["frames.exposure_mean"].copy()
    light[during(film["frames.time_s"], (30.0, 30.2))] = 230
    assert judged(film).moments
    assert judged(changed(film, frames__exposure_mean=light)).moments == ()


def test_a_ramp_of_light_hides_nothing() -> None:
    film = scene(face=EXPRESSION)
    ramp = np.linspace(90, 150, len(film["faces.time_s"])).astype(np.float32)
    assert peaks(judged(changed(film, faces__exposure_mean=ramp))) == peaks(judged(film))


# ---- two people


def two(first: Span, second: Span) -> Signals:
    """Two main people, each of whom changes in look once."""
    film = scene()
    people = joined(worlds.person(track=0, left=0.25), worlds.person(seed=1, track=1, left=0.55))
    looks = [worlds.crops(seed=0, track=0, face=first), worlds.crops(seed=1, track=1, face=second)]
    order = np.argsort(np.concatenate([c["crops.time_s"] for c in looks]), kind="stable")
    crops = {n: np.concatenate([c[n] for c in looks])[order] for n in looks[0]}
    return changed(film, **{n.replace(".", "__"): x for n, x in (people | crops).items()})


def test_each_of_two_people_can_make_a_moment_and_is_named() -> None:
    verdict = judged(two((20.0, 21.5), (40.0, 41.5)))
    assert peaks(verdict) == pytest.approx([20.75, 40.75], abs=1.0)
    who = {round(m.window.peak_s, -1): m.why.split(" σ")[0] for m in verdict.moments}
    assert ("person 0" in who[20.0]) != ("person 0" in who[40.0])


def test_joint_wants_both_at_once() -> None:
    """seed 000 §2: the joint mode looks for moments of two."""
    alone, together = two((20.0, 21.5), (40.0, 41.5)), two((30.0, 31.5), (30.0, 31.5))
    ratio = {}
    for mode in ("max", "joint"):
        ratio[mode] = (
            judged(together, people=mode).moments[0].score / judged(alone, people=mode).moments[0].score
        )
    assert ratio["max"] == pytest.approx(1, abs=0.25)
    assert ratio["joint"] > 1.5


def test_a_weighted_sum_of_crops_gives_a_missing_crop_no_weight() -> None:
    both = judged(scene(face=EXPRESSION, body=EXPRESSION), crops="weighted").moments[0]
    assert both.parts["d_face"] > 0
    assert both.parts["d_body"] > 0
    assert judged(scene(face=EXPRESSION, body=EXPRESSION)).moments[0].parts.keys() == both.parts.keys()
    only = judged(scene(face=EXPRESSION), crops="weighted", w_face=1.0).moments[0]
    assert only.parts["d_body"] == 0


# ---- two embeddings, two uses

OF_EMOTION = ("yaw", "pitch", "roll", "mouth_open", "eye_open", "smile", "occlusion")
FORBIDDEN = tuple(f"faces.{n}" for n in OF_EMOTION) + tuple(
    c.name for c in COLUMNS if c.name.startswith("face_ids.")
)


def lively() -> Signals:
    """Everything that fakes see of two people, one of whom opens the mouth."""
    there = lambda t: [  # noqa: E731
        Face(90, 90, 50, CYAN),
        Face(230 + 3 * np.sin(t), 90, 60, RED, mouth=0.1 + 0.9 * (12 <= t < 13.4)),
    ]
    return fakes.watched(worlds.film(24.0, there), fakes.ALL)


LIVELY = lively()


def test_no_emotion_no_landmark_and_no_face_id_is_among_what_it_reads() -> None:
    assert not set(Vector.reads) & set(FORBIDDEN)
    assert not [
        n for n in Vector.reads if n.partition(".")[2] in OF_EMOTION or n.startswith(("face_ids.", "poses."))
    ]


def test_the_lively_film_is_worth_the_proof() -> None:
    assert 11.5 <= judged(LIVELY).moments[0].window.peak_s <= 14
    assert set(FORBIDDEN) <= set(LIVELY)


@pytest.mark.parametrize("film", [LIVELY, scene(face=EXPRESSION)], ids=["seen with fakes", "made"])
def test_without_them_the_verdict_is_the_same_to_the_last_bit(film: Signals) -> None:
    bare = changed(film, **{n.replace(".", "__"): None for n in FORBIDDEN if n in film})
    assert not set(FORBIDDEN) & set(bare)
    assert same(judged(bare), judged(film))


@examples(max_examples=10)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 1.0, 1e6, float("nan")]))
def test_with_them_poisoned_the_verdict_is_the_same_to_the_last_bit(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    poison = {
        n.replace(".", "__"): (scale * rng.standard_normal(LIVELY[n].shape)).astype(LIVELY[n].dtype)
        for n in FORBIDDEN
        if LIVELY[n].dtype == np.float32
    }
    assert len(poison) == len(OF_EMOTION) + 1
    assert same(judged(changed(LIVELY, **poison)), judged(LIVELY))


def test_who_the_video_is_about_does_not_depend_on_vision_embeddings() -> None:
    def told(signals: Signals) -> list[tuple[object, ...]]:
        return [(p.number, p.role, p.tracks, p.track_score, p.rows.tolist()) for p in People()(signals)]

    blind = changed(
        LIVELY, **{n.replace(".", "__"): None for n in LIVELY if n.startswith(("crops.", "vision."))}
    )
    assert told(blind) == told(LIVELY)
    assert not [n for n in People.reads if n.startswith(("crops.", "vision."))]


# ---- invariances (evaluation.md 6.1)


def agreement(one: Verdict, other: Verdict) -> float:
    """Share of windows of either that the other has within half a second."""
    a, b = np.array(peaks(one)), np.array(peaks(other))
    assert len(a) > 0
    near = [
        float(np.mean([(np.abs(y - p) <= 0.5).any() for p in x])) if len(x) else 0.0
        for x, y in ((a, b), (b, a))
    ]
    return min(near)


def busy(seed: int = 0, hz: float = 5.0, grid_hz: float = 10.0) -> Signals:
    return scene(
        90.0, (15.0, 16.5), (32.0, 33.5), (50.0, 51.5), (70.0, 71.5), hz=hz, grid_hz=grid_hz, seed=seed
    )


@pytest.mark.parametrize("seed", range(4))
def test_gain_offset_and_rate_change_no_window(seed: int) -> None:
    film = busy(seed)
    usual = judged(film)
    assert len(usual.moments) == 4
    louder = changed(film, sound__loud_db=film["sound.loud_db"] + np.float32(20 * np.log10(1.2)))
    shaky = changed(film, frames__motion=film["frames.motion"] + np.float32(0.02))
    wild = changed(film, frames__motion=film["frames.motion"] * np.float32(1.2))
    for name, other in {
        "gain": louder,
        "offset": shaky,
        "motion gain": wild,
        "grid": busy(seed, grid_hz=20.0),
    }.items():
        assert agreement(usual, judged(other)) >= 0.9, name
    for hz in (2.0, 4.0, 10.0):
        assert agreement(usual, judged(busy(seed, hz=hz))) >= 0.9, f"faces at {hz} Hz"


def test_half_the_resolution_changes_no_window_and_no_box() -> None:
    there = lambda t: [Face(160 + 4 * np.sin(t), 90, 80, RED, mouth=0.1 + 0.9 * (12 <= t < 13.4))]  # noqa: E731
    whole = worlds.film(24.0, there)
    half = [b.__class__(**{**vars(b), "frames": np.ascontiguousarray(b.frames[:, ::2, ::2])}) for b in whole]
    one, other = fakes.watched(whole, fakes.ALL), fakes.watched(half, fakes.ALL)
    np.testing.assert_allclose(one["faces.bbox"], other["faces.bbox"], atol=0.012)
    np.testing.assert_array_equal(one["faces.track"], other["faces.track"])
    assert judged(one).moments[0].window == judged(other).moments[0].window


# ---- arithmetic


@given(st.floats(0.2, 200), st.floats(0.2, 4), st.floats(0.1, 4))
def test_clips_lie_in_the_video_and_reach_its_end(duration_s: float, clip_s: float, stride_s: float) -> None:
    centres = clip_centres(duration_s, clip_s, stride_s)
    if duration_s < clip_s:
        assert len(centres) == 0
        return
    assert centres[0] == pytest.approx(clip_s / 2)
    assert (centres + clip_s / 2 <= duration_s + 1e-5).all()
    assert duration_s - (centres[-1] + clip_s / 2) <= 0.1 + 1e-6
    assert (np.diff(centres) > 0).all()
    assert (np.diff(centres) <= stride_s + 1e-6).all()


def test_sigmas_are_robust_deviations_over_the_usual() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0, 100.0, np.nan])
    wide = Usual(1e9, 0.0, 1e9)
    assert in_sigmas(x, wide)[:5] == pytest.approx((x[:5] - 3) / 1.4826)
    assert np.isnan(in_sigmas(x, wide)[5])
    assert np.isnan(in_sigmas(np.full(3, np.nan), None)).all()


def test_what_is_known_of_calm_bounds_the_level_and_the_spread() -> None:
    busy_one = np.array([0.5, 0.9, 0.5, 0.9, 0.7])
    assert in_sigmas(busy_one, Usual(0.2, 0.01, 0.03))[1] == pytest.approx((0.9 - 0.2) / 0.03), (
        "all of it is moved"
    )
    still = np.array([0.1, 0.1, 0.1, 0.1, 0.2])
    assert in_sigmas(still, Usual(0.2, 0.016, 0.03))[4] == pytest.approx(0.1 / 0.016), (
        "a still one does not shout"
    )


def test_an_embedder_that_nobody_measured_is_judged_in_proportion() -> None:
    x = np.array([0.2, 0.2, 0.2, 0.2, 0.6])
    np.testing.assert_allclose(in_sigmas(10 * x, None), in_sigmas(x, None))
    assert np.isfinite(in_sigmas(np.zeros(5), None)).all()


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_a_few_frames_are_no_reason_to_fail(n: int) -> None:
    there = lambda t: [Face(160, 90)]  # noqa: E731
    verdict = judged(fakes.watched(worlds.film(n / 5, there), fakes.ALL))
    assert verdict.moments == ()
    assert verdict.reason
