"""A face falls into the bin it is in, whoever it belongs to and however the camera is tilted."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import faces
from momentscan.select.buckets import (
    EXPRESSIONS,
    LIGHTINGS,
    OCCLUSIONS,
    PITCH_EDGES,
    PITCHES,
    UNKNOWN,
    YAW_EDGES,
    YAWS,
    Buckets,
    FaceBins,
    file_key,
    key,
    label,
    yaw_label,
)
from momentscan.signals import Signals

SEEDS = st.integers(0, 2**32 - 1)
NEUTRAL, SMILE, MOUTH_OPEN, EYES_CLOSED = range(4)


def of(signals: Signals, good: np.ndarray | None = None, **knobs: Any) -> FaceBins:
    rows = np.arange(signals.rows("faces.time_s"))
    return Buckets(**knobs)(signals, rows, np.ones(len(rows), bool) if good is None else good)


def seen(n: int = 30, *, hz: float = faces.HZ, **measures: Any) -> Signals:
    return faces.video(faces.somebody(n, hz=hz, **measures))


def then(usual: float, other: float, looks: int = 5, before: int = 30) -> np.ndarray:
    """A measure that is the usual one at first, and another in the last `looks`."""
    return np.array([usual] * before + [other] * looks)


# ---- yaw ----


@pytest.mark.parametrize(("number", "edge"), list(enumerate(YAW_EDGES)))
def test_a_yaw_on_an_edge_belongs_to_the_bin_above(number: int, edge: float) -> None:
    assert set(of(seen(yaw=edge)).yaw) == {number}
    assert set(of(seen(yaw=np.nextafter(np.float32(edge), np.float32(-90)))).yaw) == {number - 1}


def test_bins_are_the_seven_of_the_seed() -> None:
    assert YAW_EDGES == (-45, -30, -15, -5, 5, 15, 30, 45)
    assert tuple(f"[{a:.0f},{b:.0f}]" for a, b in itertools.pairwise(YAW_EDGES)) == YAWS
    assert PITCHES == ("down", "slight-down", "neutral", "slight-up", "up")


@pytest.mark.parametrize(
    ("yaw", "number", "name"), [(-45.1, -1, "<-45"), (-90, -1, "<-45"), (45, 7, ">=45"), (80, 7, ">=45")]
)
def test_a_profile_lies_outside_of_the_seven(yaw: float, number: int, name: str) -> None:
    assert set(of(seen(yaw=yaw)).yaw) == {number}
    assert yaw_label(number) == name
    assert label(YAWS, number) is None


def test_a_turning_head_is_followed_through_the_bins() -> None:
    """30° a second, measured with an error of 3°."""
    true = -60 + 30 * np.arange(21) / faces.HZ
    wanted = np.digitize(true, YAW_EDGES) - 1
    errors = [
        np.abs(of(seen(21, yaw=true + 3 * np.random.default_rng(s).standard_normal(21))).yaw - wanted)
        for s in range(20)
    ]
    assert np.mean(np.concatenate(errors) <= 1) >= 0.99
    assert np.mean(np.concatenate(errors) == 0) >= 0.6
    assert min(np.mean(e <= 1) for e in errors) >= 0.9


def test_one_wild_measure_moves_no_bin() -> None:
    yaw = np.zeros(30)
    yaw[15] = 40
    assert set(of(seen(yaw=yaw)).yaw) == {3}


def test_a_pose_is_steadied_within_its_track_only() -> None:
    """Of two tracks of one person, side by side in the log, neither pulls the other."""
    both = faces.video(faces.somebody(20, yaw=0), faces.somebody(20, track=1, number=0, yaw=40))
    found = of(both)
    assert (found.yaw == np.where(both["faces.track"] == 0, 3, 6)).all()


# ---- pitch ----


@pytest.mark.parametrize(("number", "edge"), list(enumerate(PITCH_EDGES)))
def test_a_pitch_on_an_edge_belongs_to_the_bin_above(number: int, edge: float) -> None:
    assert set(of(seen(35, pitch=then(0, edge))).pitch[30:]) == {number + 1}
    assert set(of(seen(35, pitch=then(0, np.nextafter(np.float32(edge), np.float32(-90))))).pitch[30:]) == {
        number
    }


@given(SEEDS, st.integers(-160, 160))
def test_a_tilted_camera_changes_no_bin(seed: int, tilt: int) -> None:
    """In quarters of a degree, which float32 adds exactly."""
    pitch = np.random.default_rng(seed).integers(-120, 120, 40) / 4
    level, tilted = of(seen(40, pitch=pitch)), of(seen(40, pitch=pitch + tilt / 4))
    assert (level.pitch == tilted.pitch).all()
    assert (level.inside == tilted.inside).all()
    assert np.allclose(level.pitch_deg, tilted.pitch_deg)


def test_each_track_has_its_own_usual_pitch() -> None:
    """The camera was turned between them."""
    both = faces.video(
        faces.somebody(20, pitch=0), faces.somebody(20, track=1, number=0, start_s=10, pitch=30)
    )
    assert set(of(both).pitch) == {2}


def test_a_short_track_is_held_against_the_others() -> None:
    """Three looks do not say what is usual: a nod stays a nod."""
    both = faces.video(
        faces.somebody(20, pitch=0), faces.somebody(3, track=1, number=0, start_s=10, pitch=30)
    )
    assert set(of(both).pitch[20:]) == {4}


def test_only_good_looks_say_which_pitch_is_usual() -> None:
    found = of(seen(35, pitch=then(30, 0, looks=15, before=20)), good=np.arange(35) >= 20)
    assert set(found.pitch[20:]) == {2}
    assert set(found.pitch[:20]) == {4}


# ---- margins ----


@given(st.floats(-50, 50, width=32), st.floats(-30, 30, width=32))
def test_what_is_near_an_edge_is_inside_of_no_bin(yaw: float, pitch: float) -> None:
    found = of(seen(45, yaw=yaw, pitch=then(0, pitch, looks=10, before=35)))
    near = min(abs(yaw - e) for e in YAW_EDGES) < 2 or min(abs(pitch - e) for e in PITCH_EDGES) < 2
    assert found.inside[-1] == (not near)


def test_the_margin_is_a_knob() -> None:
    assert not of(seen(yaw=6)).inside.any()
    assert of(seen(yaw=6), margin_deg=1.0).inside.all()


# ---- expression ----


@pytest.mark.parametrize(("shut", "smiles", "opens"), list(itertools.product([False, True], repeat=3)))
def test_shut_eyes_go_before_a_smile_and_a_smile_before_an_open_mouth(
    shut: bool, smiles: bool, opens: bool
) -> None:
    found = of(
        seen(
            35,
            eye_open=then(0.3, 0.05 if shut else 0.3),
            smile=then(0, 0.6 if smiles else 0),
            mouth_open=then(0.02, 0.5 if opens else 0.02),
        )
    )
    wanted = EYES_CLOSED if shut else SMILE if smiles else MOUTH_OPEN if opens else NEUTRAL
    assert set(found.expression[30:]) == {wanted}
    assert set(found.expression[:30]) == {NEUTRAL}


@pytest.mark.parametrize(("smile", "wanted"), [(0.29, NEUTRAL), (0.3001, SMILE)])
def test_a_smile_begins_at_three_tenths(smile: float, wanted: int) -> None:
    assert set(of(seen(smile=smile)).expression) == {wanted}


@pytest.mark.parametrize(("looks", "wanted"), [(1, NEUTRAL), (2, EYES_CLOSED), (3, EYES_CLOSED)])
def test_a_blink_does_not_close_the_eyes_but_two_looks_do(looks: int, wanted: int) -> None:
    eyes = np.full(40, 0.3)
    eyes[20 : 20 + looks] = 0.05
    found = of(seen(40, eye_open=eyes)).expression
    assert set(found[20 : 20 + looks]) == {wanted}
    assert set(np.delete(found, slice(20, 20 + looks))) == {NEUTRAL}


@pytest.mark.parametrize("hz", [5, 10, 25])
def test_half_a_second_of_shut_eyes_is_shut_at_every_rate(hz: int) -> None:
    eyes = np.full(4 * hz, 0.3)
    eyes[2 * hz : 2 * hz + hz // 2 + 1] = 0.05
    found = of(seen(4 * hz, hz=hz, eye_open=eyes)).expression
    assert (found[2 * hz : 2 * hz + hz // 2 + 1] == EYES_CLOSED).all()


def test_two_blinks_in_two_tracks_are_no_shut_eyes() -> None:
    first = faces.somebody(10, eye_open=then(0.3, 0.05, looks=1, before=9))
    second = faces.somebody(10, track=1, number=0, start_s=2, eye_open=np.r_[0.05, [0.3] * 9])
    assert set(of(faces.video(first, second)).expression) == {NEUTRAL}


def test_a_second_box_at_the_same_face_does_not_open_its_eyes() -> None:
    """Where the detector doubled a face, its two tracks stand row by row in the log."""
    shut = then(0.3, 0.05, looks=10)
    found = of(
        faces.video(faces.somebody(40, eye_open=shut), faces.somebody(40, track=1, number=0, eye_open=shut))
    )
    assert set(found.expression[60:]) == {EYES_CLOSED}


def test_narrow_eyes_are_not_closed() -> None:
    assert set(of(seen(eye_open=0.17)).expression) == {NEUTRAL}
    assert set(of(seen(35, eye_open=then(0.17, 0.05))).expression[30:]) == {EYES_CLOSED}


@given(SEEDS, st.floats(0.12, 0.45))
def test_no_usual_width_of_eyes_is_closed(seed: int, width: float) -> None:
    eyes = width * (1 + 0.1 * np.random.default_rng(seed).standard_normal(60))
    assert EYES_CLOSED not in of(seen(60, eye_open=eyes)).expression


@pytest.mark.parametrize("rest", [0.0, 0.05, 0.1])
def test_a_mouth_that_rests_slightly_open_is_neutral(rest: float) -> None:
    assert set(of(seen(mouth_open=rest)).expression) == {NEUTRAL}
    assert set(of(seen(35, mouth_open=then(rest, rest + 0.4))).expression[30:]) == {MOUTH_OPEN}


def test_who_laughs_all_the_time_has_an_open_mouth() -> None:
    assert set(of(seen(mouth_open=0.6)).expression) == {MOUTH_OPEN}


# ---- occlusion and light ----


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        (0.0, "none"),
        (0.099, "none"),
        (0.101, "partial"),
        (0.399, "partial"),
        (0.401, "heavy"),
        (1.0, "heavy"),
    ],
)
def test_occlusion_is_none_partial_or_heavy(share: float, wanted: str) -> None:
    assert {label(OCCLUSIONS, b) for b in of(seen(occlusion=share)).occlusion.tolist()} == {wanted}


def test_dark_skin_is_not_darkness() -> None:
    assert {label(LIGHTINGS, b) for b in of(seen(exposure_mean=55)).lighting.tolist()} == {"normal"}
    assert {label(LIGHTINGS, b) for b in of(seen(exposure_mean=55), light="seed").lighting.tolist()} == {
        "dark"
    }


@pytest.mark.parametrize("usual", [55.0, 90.0, 150.0])
def test_a_look_much_darker_than_usual_is_dark_and_a_much_brighter_one_overexposed(usual: float) -> None:
    found = of(seen(40, exposure_mean=np.r_[[usual] * 30, [usual * 0.45] * 5, [usual * 1.8] * 5])).lighting
    assert [label(LIGHTINGS, b) for b in (found[0], found[32], found[37])] == [
        "normal",
        "dark",
        "overexposed",
    ]


@given(SEEDS, st.floats(0.3, 1.7))
def test_light_is_relative_to_the_person(seed: int, factor: float) -> None:
    luma = np.random.default_rng(seed).uniform(30, 140, 40)
    good = np.ones(40, bool)
    one, other = (of(seen(40, exposure_mean=x), good).lighting for x in (luma, luma * factor))
    edges = luma * 118 / np.median(luma)
    clear = (np.abs(edges - 60) > 0.01) & (np.abs(edges - 200) > 0.01)
    assert (one == other)[clear].all()


# ---- what was not measured ----


@pytest.mark.parametrize("missing", ["NaN", "not logged"])
def test_what_was_not_measured_is_in_no_bin(missing: str) -> None:
    none = dict.fromkeys(
        ("yaw", "pitch", "mouth_open", "eye_open", "smile", "occlusion", "exposure_mean"), np.nan
    )
    signals = seen(20, **none)
    if missing == "not logged":
        signals = Signals(
            signals.video, {n: signals[n] for n in signals if n.removeprefix("faces.") not in none}
        )
    found = of(signals)
    for bins in (found.yaw, found.pitch, found.expression, found.occlusion, found.lighting):
        assert set(bins) == {UNKNOWN}
    assert not found.inside.any()
    assert yaw_label(UNKNOWN) is label(PITCHES, UNKNOWN) is label(EXPRESSIONS, UNKNOWN) is None


@pytest.mark.parametrize("measure", ["mouth_open", "eye_open", "smile"])
def test_an_expression_is_unknown_where_a_part_of_it_is(measure: str) -> None:
    found = of(
        seen(30, **{measure: np.where(np.arange(30) == 9, np.nan, 0.02 if measure != "eye_open" else 0.3)})
    ).expression
    assert found[9] == UNKNOWN
    assert set(np.delete(found, 9)) == {NEUTRAL}


def test_of_nobody_nothing_is_sorted() -> None:
    signals = seen()
    found = Buckets()(signals, np.zeros(0, np.int64), np.zeros(0, bool))
    assert all(len(x) == 0 for x in found)


def test_no_good_look_is_no_reason_to_give_up() -> None:
    found = of(seen(35, pitch=then(10, 40), eye_open=then(0.2, 0.04)), good=np.zeros(35, bool))
    assert set(found.pitch[:30]) == {2}
    assert set(found.pitch[30:]) == {4}
    assert set(found.expression[30:]) == {EYES_CLOSED}


# ---- names ----


def test_keys_are_written_as_in_the_seed() -> None:
    assert key(3, 2, SMILE) == "yaw[-5,5]_pitchneutral_smile"
    assert file_key(6, 2, NEUTRAL) == "yaw30_pitch0_neutral"
    assert key(3, 2, UNKNOWN) == "yaw[-5,5]_pitchneutral_unknown"


def test_no_two_bins_share_a_file_name() -> None:
    cells = itertools.product(range(7), range(5), (UNKNOWN, 0, 1, 2, 3))
    assert len({file_key(*c) for c in cells}) == 7 * 5 * 5
