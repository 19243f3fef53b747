"""The narrow view of a wide picture: it holds the face, it does not shake, it jumps only at cuts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from momentscan.errors import UsageError
from momentscan.select.framing import Follow, aspect_of
from momentscan.select.people import People
from momentscan.signals import Signals

TALL = 9 / 16


def walk(
    *people: Callable[[float], float | None],
    cuts: tuple[float, ...] = (),
    noise: float = 0.0,
    wide: tuple[int, int] = (1920, 1080),
) -> Signals:
    """Ten seconds of people whose face is 0.06 wide, its middle at f(time); None where it is not seen.
    Measured with some noise.
    """
    rng = np.random.default_rng(4)
    rows = []
    for t in np.arange(0, 10, 0.2):
        for track, at in enumerate(people):
            x = at(float(t))
            if x is not None:
                x += rng.normal(0, noise)
                rows.append((t, track, (x - 0.03, 0.3, x + 0.03, 0.4)))
    columns = {
        "faces.time_s": np.array([r[0] for r in rows]),
        "faces.track": np.array([r[1] for r in rows], np.int64),
        "faces.bbox": np.array([r[2] for r in rows], np.float32).reshape(-1, 4),
        "faces.score": np.full(len(rows), 0.9, np.float32),
        "tracks.id": np.arange(len(people)),
        "tracks.person": np.arange(len(people)),
        "scenes.start_s": np.array([0.0, *cuts]),
        "scenes.end_s": np.array([*cuts, 10.0]),
    }
    return Signals(worlds.info(10.0, width_px=wide[0], height_px=wide[1]), columns)


def test_a_picture_that_has_the_aspect_already_is_left_alone() -> None:
    assert Follow()(walk(lambda t: 0.5), 0, 10, 16 / 9) is None


def test_somebody_who_sits_still_is_shown_by_a_camera_that_stands_however_noisy_the_boxes() -> None:
    view = Follow()(walk(lambda t: 0.7, noise=0.01), 0, 10, TALL)
    assert np.ptp(view.centre_x) == 0
    assert view.centre_x[0] == pytest.approx(0.7, abs=0.01)
    assert (view.width, view.height) == (pytest.approx(TALL * 9 / 16), 1.0)
    assert view.who == "person 0"


def test_somebody_who_walks_stays_in_the_picture_and_the_camera_glides() -> None:
    def at(t: float) -> float:
        return 0.2 if t < 3 else 0.8 if t > 7 else 0.2 + 0.6 * (t - 3) / 4

    view = Follow()(walk(at, noise=0.01), 0, 10, TALL)
    face = np.array([at(float(t)) for t in view.time_s])
    assert (np.abs(view.centre_x - face) <= view.width / 2 - 0.03).all(), "the whole face is in the crop"
    noisy = face + np.random.default_rng(4).normal(0, 0.01, len(face))
    shake = np.abs(np.diff(view.centre_x, 3)).max()
    assert shake < 0.05 * np.abs(np.diff(noisy, 3)).max()


def test_the_view_jumps_at_a_cut_and_nowhere_else() -> None:
    view = Follow()(walk(lambda t: 0.2 if t < 5 else 0.8, cuts=(5.0,)), 0, 10, TALL)
    before, after = view.centre_x[view.time_s < 5], view.centre_x[view.time_s >= 5]
    assert np.ptp(before) == np.ptp(after) == 0
    assert before[0] == pytest.approx(0.2, abs=0.01)
    assert after[0] == pytest.approx(0.8, abs=0.01)
    assert np.diff(view.time_s).min() <= 1.1e-4


def test_two_main_people_are_both_shown_where_they_fit() -> None:
    close = Follow()(walk(lambda t: 0.45, lambda t: 0.6), 0, 10, 1.0)
    assert close.who == "both main people"
    assert close.centre_x[0] == pytest.approx(0.525, abs=0.01)
    alone = Follow()(walk(lambda t: 0.45, lambda t: 0.6), 0, 10, 1.0, People(mains=1))
    assert alone.who.startswith("person")
    apart = Follow()(walk(lambda t: 0.1, lambda t: 0.9), 0, 10, TALL)
    assert apart.who.startswith("person")


def test_where_nobody_is_seen_the_middle_is_shown() -> None:
    view = Follow()(worlds.signals(duration_s=10.0), 2, 8, TALL)
    assert (view.centre_x == 0.5).all()
    assert "nobody" in view.who


def test_a_tall_picture_made_wide_keeps_the_face_at_a_third() -> None:
    view = Follow()(walk(lambda t: 0.5, wide=(1080, 1920)), 0, 10, 16 / 9)
    assert view.width == 1.0
    top = view.centre_y[0] - view.height / 2
    assert (0.35 - top) / view.height == pytest.approx(0.38, abs=0.02)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-0.2, 1.2), min_size=2, max_size=12),
    st.sampled_from([TALL, 1.0]),
    st.floats(0, 4),
    st.floats(5, 10),
)
def test_the_view_never_leaves_the_picture(
    places: list[float], aspect: float, start_s: float, end_s: float
) -> None:
    at = np.linspace(0, 10, len(places))
    view = Follow()(walk(lambda t: float(np.interp(t, at, places))), start_s, end_s, aspect)
    assert (np.diff(view.time_s) > 0).all()
    assert (view.centre_x - view.width / 2 >= -1e-9).all()
    assert (view.centre_x + view.width / 2 <= 1 + 1e-9).all()
    assert np.isfinite(view.centre_x).all()


def test_an_aspect_that_is_not_offered_is_told() -> None:
    assert aspect_of("9:16") == TALL
    with pytest.raises(UsageError, match=r"16:9, 9:16, 1:1, got '4:3'"):
        aspect_of("4:3")
