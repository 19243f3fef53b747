"""A pack shows one person, surely, in every way the video allows: few pictures, none twice, and honest about
what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import faces
from faces import HZ, TAU, about, axis, held, pictures, somebody, video
from momentscan.select.pack_types import FOLDERS, SHARES, Chosen, IdentityPack
from momentscan.select.packs import Packs
from momentscan.select.people import People
from momentscan.signals import Signals
from momentscan.signals.forgotten import forgotten_spans
from momentscan.signals.spans import within
from momentscan.values import Window

WORLDS = 10
SEEDS = st.integers(0, WORLDS - 1)
EACH = settings(max_examples=WORLDS)
"""Every world once or more: packs of a world are made once and kept."""


def packs_of(
    signals: Signals,
    windows: Collection[Window] = (),
    tau: float | None = TAU,
    refused: Collection[int] = (),
    **knobs: Any,
) -> tuple[IdentityPack, ...]:
    return Packs(**knobs)(signals, tuple(windows), tau, refused=refused)


def only(signals: Signals, *args: Any, **more: Any) -> IdentityPack:
    (pack,) = packs_of(signals, *args, **more)
    return pack


def names(pack: IdentityPack, kind: str | None = None) -> list[str]:
    return [i.name for i in pack.images if kind in (None, i.kind)]


def at(pack: IdentityPack, image: Chosen) -> int:
    """Which of the pack's looks an image is."""
    return int(np.flatnonzero(pack.samples.rows == image.row)[0])


def window(start_s: float, end_s: float) -> Window:
    return Window(start_s, end_s, (start_s + end_s) / 2)


# ---- worlds that wander


def wandering(seed: int) -> tuple[Signals, tuple[Window, ...]]:
    """Two people who look about, each pose for a second or so, seen through noise: blur, darkness, hands
    before the face, and looks of others in their tracks. In some videos a track breaks, somebody was
    forgotten, or nobody looks ahead.
    """
    rng = np.random.default_rng(seed)
    first = _wanders(rng, 0, 320, (0.3, 0.5), 0.0, aside=25 if seed % 5 == 4 else 0)
    other = _wanders(rng, 1, 220, (0.7, 0.5), 8.0, aside=0)
    if seed % 4 == 1:
        late = first["faces.time_s"] >= 40
        first["faces.track"][late] = 2
        for table in ("crops", "face_ids"):
            first[f"{table}.track"][first[f"{table}.time_s"] >= 40] = 2
        first |= {"tracks.id": np.array([0, 2]), "tracks.person": np.array([0, 0])}
    spans = (
        {"forgotten__start_s": np.array([20.0]), "forgotten__end_s": np.array([24.0])}
        if seed % 3 == 2
        else {}
    )
    moments = sorted(rng.uniform(0, 55, 2).tolist()) if seed % 2 else []
    return video(first, other, **spans), tuple(window(s, s + 4) for s in moments)


def _wanders(
    rng: np.random.Generator, track: int, n: int, middle: tuple[float, float], start_s: float, aside: float
) -> faces.Columns:
    looks = rng.integers(3, 8, n)
    part = np.repeat(np.arange(n), looks)[:n]

    def each(values: np.ndarray) -> np.ndarray:
        return np.asarray(values[part])

    def seldom(share: float, usual: float, other: float) -> np.ndarray:
        return each(np.where(rng.random(n) < share, other, usual))

    yaw = rng.normal(aside, 25, n) if not aside else aside + np.abs(rng.normal(0, 15, n))
    stranger = axis(1 - track)
    ids = about(axis(track), n, rng.uniform(0.45, 0.95, n), seed=track + 7)
    odd = rng.random(n)
    ids[odd < 0.04] = about(stranger, n, 0.8, seed=track)[odd < 0.04]
    ids[odd > 0.96] = about(axis(9), n, 0.8, seed=track)[odd > 0.96]
    columns = somebody(
        n,
        track=track,
        start_s=start_s,
        middle=middle,
        height=0.4 + 0.05 * rng.random(n),
        ids=ids,
        face=pictures(each(rng.integers(0, 24, n)), 0.3, seed=track + 1),
        body=pictures(each(rng.integers(0, 12, n)), 0.2, seed=track + 3),
        yaw=np.where(rng.random(n) < 0.03, np.nan, each(yaw) + 1.5 * rng.standard_normal(n)),
        pitch=each(rng.normal(0, 13, n)) + 1.5 * rng.standard_normal(n),
        roll=seldom(0.05, 0, 45),
        mouth_open=seldom(0.15, 0.02, 0.5),
        smile=seldom(0.2, 0.05, 0.7),
        eye_open=seldom(0.1, 0.3, 0.05),
        occlusion=each(rng.choice([0, 0, 0, 0, 0.2, 0.45, 0.7], n)),
        exposure_mean=seldom(0.1, 120, 45) + 3 * rng.standard_normal(n),
        sharpness=200 * np.exp(rng.standard_normal(n)) * np.where(rng.random(n) < 0.05, 0.003, 1),
        score=rng.uniform(0.45, 0.99, n),
        misfit=rng.random(n) < 0.02,
    )
    return faces.some(faces.some(columns, rng.random(n) < 0.9, "crops"), rng.random(n) < 0.9, "face_ids")


@cache
def wandered(seed: int) -> tuple[Signals, tuple[Window, ...], tuple[IdentityPack, ...]]:
    signals, windows = wandering(seed)
    return signals, windows, packs_of(signals, windows)


def all_packs(seed: int) -> Iterator[IdentityPack]:
    packs = wandered(seed)[2]
    assert len(packs) == 2
    assert all(len(p.images) >= 5 for p in packs)
    yield from packs


# ---- whatever the video


@EACH
@given(SEEDS)
def test_a_bucket_has_two_images_at_most(seed: int) -> None:
    for pack in all_packs(seed):
        assert max(Counter(i.bucket for i in pack.of("coverage")).values()) <= 2


@EACH
@given(SEEDS)
def test_no_look_is_taken_twice(seed: int) -> None:
    for pack in all_packs(seed):
        assert len({i.row for i in pack.images}) == len({i.path for i in pack.images}) == len(pack.images)


@EACH
@given(SEEDS)
def test_no_two_images_of_a_set_are_copies_except_a_buckets_second(seed: int) -> None:
    for pack in all_packs(seed):
        for kind in FOLDERS:
            images = pack.of(kind)
            vectors = pack.samples.face[[at(pack, i) for i in images]]
            cosines = vectors @ vectors.T
            for a, one in enumerate(images):
                for b, other in enumerate(images[:a]):
                    mates = kind == "coverage" and one.bucket == other.bucket
                    assert mates or cosines[a, b] <= 0.9 + 1e-6


@EACH
@given(SEEDS)
def test_no_image_is_all_but_the_same_as_one_of_another_set(seed: int) -> None:
    for pack in all_packs(seed):
        vectors = pack.samples.face[[at(pack, i) for i in pack.images]]
        kinds = np.array([i.kind for i in pack.images])
        assert (vectors @ vectors.T)[kinds[:, None] != kinds[None]].max(initial=-1) <= 0.97 + 1e-6


@EACH
@given(SEEDS)
def test_every_image_is_surely_of_this_person(seed: int) -> None:
    for pack in all_packs(seed):
        for image in pack.images:
            assert image.stable is not None
            assert image.stable >= TAU
            own, other = pack.samples.stable[at(pack, image)], pack.samples.other[at(pack, image)]
            assert own > other


@EACH
@given(SEEDS)
def test_a_stranger_in_the_track_is_never_shown(seed: int) -> None:
    for pack in all_packs(seed):
        person = axis(0 if 0 in pack.person.tracks else 1)
        for image in pack.images:
            assert pack.identity.vectors[at(pack, image)] @ person > 0.4


@EACH
@given(SEEDS)
def test_anchors_are_strict_frontal_and_a_second_apart(seed: int) -> None:
    for pack in all_packs(seed):
        anchors = pack.of("anchor")
        turned = any("turned aside" in w for w in pack.warnings)
        assert len(anchors) <= 5
        assert all(i.gate == "strict" and pack.samples.strict[at(pack, i)] for i in anchors)
        assert all(abs(i.yaw_deg) <= (30 if turned else 15) for i in anchors)
        assert all(
            i.expression_bin != "eyes_closed" and i.lighting_bin != "dark" and i.occlusion_bin != "heavy"
            for i in anchors
        )
        times = sorted(i.time_s for i in anchors)
        assert np.diff(times).min(initial=1.0) >= 1.0 - 1e-9


@EACH
@given(SEEDS)
def test_coverage_lies_well_within_its_buckets(seed: int) -> None:
    for pack in all_packs(seed):
        for image in pack.of("coverage"):
            i = at(pack, image)
            assert pack.samples.bins.inside[i]
            assert pack.samples.loose[i]
            assert abs(image.yaw_deg) < 45


@EACH
@given(SEEDS)
def test_challenge_is_hard_sure_and_visible(seed: int) -> None:
    for pack in all_packs(seed):
        challenge = pack.of("challenge")
        assert len(challenge) <= 8
        assert all(i.cues and pack.samples.visible[at(pack, i)] for i in challenge)
        assert np.diff(sorted(i.time_s for i in challenge)).min(initial=1.0) >= 1.0 - 1e-9


@EACH
@given(SEEDS)
def test_no_image_has_a_head_laid_over_or_shows_what_was_forgotten(seed: int) -> None:
    for pack in all_packs(seed):
        signals = wandered(seed)[0]
        rows = [i.row for i in pack.images]
        assert np.abs(signals["faces.roll"][rows]).max() <= 30
        assert not within(forgotten_spans(signals), signals["faces.time_s"][rows], closed=True).any()


@EACH
@given(SEEDS)
def test_what_is_covered_can_be_achieved(seed: int) -> None:
    for pack in all_packs(seed):
        for filled, achievable in zip(pack.filled, pack.achievable, strict=True):
            assert filled <= achievable


@EACH
@given(SEEDS)
def test_shares_add_up_over_the_sets_that_are_there(seed: int) -> None:
    for pack in all_packs(seed):
        assert sum(pack.shares.values()) == pytest.approx(1)
        assert {kind for kind, share in pack.shares.items() if share} == {i.kind for i in pack.images}


def told(packs: Collection[IdentityPack], signals: Signals) -> list[tuple[Any, ...]]:
    """What was chosen, without the numbers of rows."""
    return [
        (
            p.person.tracks,
            p.stop,
            i.path,
            i.time_s,
            int(signals["faces.track"][i.row]),
            i.quality,
            i.novelty,
            i.stable,
        )
        for p in packs
        for i in p.images
    ]


@EACH
@given(SEEDS)
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    signals, windows, packs = wandered(seed)
    stored = faces.shuffled(signals, seed)
    assert told(packs_of(stored, windows), stored) == told(packs, signals)


@pytest.mark.parametrize("seed", range(6))
def test_nor_does_it_where_a_face_was_boxed_twice(seed: int) -> None:
    """Two tracks of one person at the same time, for a while."""
    rng = np.random.default_rng(seed)
    first = _wanders(rng, 0, 200, (0.5, 0.5), 0.0, aside=0)
    double = _wanders(rng, 1, 60, (0.5, 0.5), 10.0, aside=0) | {"tracks.person": np.array([0])}
    double["face_ids.embedding"] = about(axis(0), len(double["face_ids.time_s"]), 0.8, seed).astype(
        np.float32
    )
    signals = video(first, double)
    stored = faces.shuffled(signals, seed)
    assert told(packs_of(stored), stored) == told(packs_of(signals), signals)


@settings(max_examples=6)
@given(SEEDS, st.integers(0, 2))
def test_what_was_refused_is_not_taken_and_another_takes_its_place(seed: int, choice: int) -> None:
    signals, windows, packs = wandered(seed)
    refused = {i.row for p in packs for n, i in enumerate(p.images) if (n + choice) % 3 == 0}
    again = packs_of(signals, windows, refused=refused)
    for before, after in zip(packs, again, strict=True):
        assert not refused & {i.row for i in after.images}
        assert len(after.images) >= 0.6 * len(before.images)
        assert after.left_out["could not be cut"] == sum(r in refused for r in before.person.rows.tolist())


def test_a_pack_is_the_same_every_time() -> None:
    signals, windows, packs = wandered(3)
    assert told(packs_of(signals, windows), signals) == told(packs, signals)


# ---- a tour: somebody who shows everything, then rests

YAWS = (-38, -22, -10, 0, 10, 22, 38)
POSES = (
    [(yaw, 0, "") for yaw in YAWS]
    + [(0, pitch, "") for pitch in (-26, -14, 14, 26)]
    + [(0, 0, "smile"), (0, 0, "mouth_open")]
)
TOUR_S = float(len(POSES))
"""A second each."""
REST = (0, 0, "")


def show(
    poses: Collection[tuple[float, float, str]],
    codes: Collection[int] | None = None,
    looks: int = HZ,
    noise: float = 0.0,
    ids: np.ndarray | None = None,
    **measures: Any,
) -> Signals:
    """Somebody in one pose after the other; each a picture of its own unless `codes` say which are alike."""
    acts = {name: held([0.7 * (p[2] == name) for p in poses], looks) for name in ("smile", "mouth_open")}
    pose = {"yaw": held([p[0] for p in poses], looks), "pitch": held([p[1] for p in poses], looks)}
    n = len(poses) * looks
    face = pictures(held(list(range(len(poses)) if codes is None else codes), looks), noise)
    given_ids = about(axis(0), n, 0.9) if ids is None else ids
    return video(somebody(n, face=face, ids=given_ids, **{**pose, **acts, **measures}))


def tour(rest_s: int = 16, poses: Collection[tuple[float, float, str]] = POSES, **measures: Any) -> Signals:
    """Every pose for a second, then the last of a picture that was seen: straight ahead."""
    straight = list(poses).index(REST)
    return show([*poses, *[REST] * rest_s], [*range(len(poses)), *[straight] * rest_s], **measures)


def test_who_has_shown_everything_is_covered() -> None:
    pack = only(tour())
    assert pack.stop.reason == "coverage_satisfied"
    assert pack.stop.at_s is not None
    assert pack.stop.at_s >= TOUR_S - 1
    assert len(pack.filled.yaw) == 7
    assert len(pack.filled.pitch) == 5
    assert pack.filled.expression == {0, 1, 2}
    assert pack.verified
    assert 3 <= len(pack.of("anchor")) <= 5
    assert not pack.warnings


def test_names_are_as_in_the_seed() -> None:
    pack = only(tour())
    assert {"anchor_001", "anchor_002", "anchor_003"} <= set(names(pack, "anchor"))
    assert {"cov_yaw30_pitch0_neutral", "cov_yaw-30_pitch0_neutral", "cov_yaw15_pitch0_neutral"} <= set(
        names(pack, "coverage")
    )
    night = only(show([*POSES, REST, REST], exposure_mean=np.r_[np.full(65, 120.0), np.full(10, 45.0)]))
    assert "chal_dark_001" in names(night, "challenge")
    assert {"anchors/anchor_001.jpg", "challenge/chal_dark_001.jpg"} <= {i.path for i in night.images}


def test_a_second_image_of_a_bucket_is_numbered() -> None:
    """Both ways of looking aside are new pictures."""
    pack = only(show([(22, 0, ""), (0, 0, ""), (22, 0, ""), (0, 0, "")]))
    assert {"cov_yaw15_pitch0_neutral", "cov_yaw15_pitch0_neutral_2"} <= set(names(pack, "coverage"))


def test_a_second_that_shows_nothing_new_is_not_taken() -> None:
    pack = only(show([(22, 0, ""), (0, 0, ""), (22, 0, ""), (0, 0, "")], [0, 1, 0, 1]))
    assert "cov_yaw15_pitch0_neutral_2" not in names(pack)


def test_where_all_was_seen_but_not_covered_the_end_is_a_plateau() -> None:
    pack = only(tour(poses=POSES[:7]))
    assert pack.stop == ("novelty_plateau", None)
    assert {"expression smile", "pitch up"} <= set(pack.missing)


def test_where_new_pictures_come_until_the_end_the_video_ends_it() -> None:
    pack = only(show([*POSES[:7]] * 4))
    assert pack.stop == ("video_end", None)


@pytest.mark.parametrize("looks", [3, 4, 5])
def test_covered_is_not_satisfied_while_new_pictures_come(looks: int) -> None:
    """One every .6, .8 or 1 s, until the end: of the looks that are counted, .6 s apart, more than half have
    brought one.
    """
    pack = only(show([*POSES, *POSES, *POSES], looks=looks))
    assert pack.stop == ("video_end", None)


def test_eyes_that_are_shut_count_as_an_expression() -> None:
    eyes = np.full(27 * HZ, 0.3)
    eyes[4 * HZ - 3 : 4 * HZ] = 0.05  # within the look straight ahead
    pack = only(tour(rest_s=27 - 13, eye_open=eyes))
    assert 3 in pack.achievable.expression
    assert all(i.expression_bin != "eyes_closed" for i in pack.of("anchor"))


# ---- when to stop


def rambling(seed: int) -> Signals:
    """Poses in any order, some shown again, whose usual pitch, eyes, mouth and distances are the same from
    the first seconds on.
    """
    rng = np.random.default_rng(seed)
    others = [p for p in POSES if p != REST]
    order = [REST] + [p for i in rng.permutation(len(others)).tolist() for p in (others[i], REST)]
    more = [[*POSES, REST][i] for i in rng.integers(0, len(POSES), 25)]
    shown = order + more
    codes = [POSES.index(p) for p in shown]
    score = held(rng.uniform(0.75, 0.99, len(shown)).tolist(), HZ)
    return show(shown, codes, score=score)


@settings(max_examples=10)
@given(st.integers(0, 999), st.data())
def test_what_was_satisfied_stays_so_at_the_same_instant(seed: int, data: st.DataObject) -> None:
    signals = rambling(seed)
    stop = only(signals).stop
    assert stop.reason == "coverage_satisfied"
    cut_s = data.draw(st.integers(15, 50))
    early = only(faces.until(signals, cut_s)).stop
    if stop.at_s is not None and stop.at_s < cut_s:
        assert early == stop
    else:
        assert early.reason != "coverage_satisfied"


@pytest.mark.parametrize("rest_s", [40, 120])
def test_a_long_calm_end_does_not_unsay_that_all_was_covered(rest_s: int) -> None:
    """Who shows everything, then looks ahead for two minutes, with the noise that every camera has."""
    brief, long = only(tour(16, noise=0.15)), only(tour(rest_s, noise=0.15))
    assert brief.stop.reason == "coverage_satisfied"
    assert long.stop == brief.stop


def test_after_the_stop_a_better_look_still_replaces() -> None:
    """The best picture of the ride comes at its end."""
    poses = [*POSES, *[REST] * 16, REST, (22, 0, "")]
    sharp = np.full(len(poses) * HZ, 60.0)
    sharp[29 * HZ :] = 900
    codes = [*range(13), *[3] * 16, 20, 21]
    pack = only(show(poses, codes, sharpness=sharp))
    assert pack.stop.reason == "coverage_satisfied"
    assert pack.stop.at_s is not None
    assert pack.stop.at_s < 29
    assert 29 <= pack.of("anchor")[0].time_s < 30
    (aside,) = [i for i in pack.of("coverage") if i.name == "cov_yaw15_pitch0_neutral"]
    assert aside.time_s >= 30


def test_after_the_stop_no_new_bucket_is_opened() -> None:
    poses = [*POSES, *[REST] * 16, (-22, -14, "smile"), (22, 14, "mouth_open")]
    pack = only(show(poses, [*range(13), *[3] * 16, 20, 21]))
    assert pack.stop.reason == "coverage_satisfied"
    assert all(i.time_s < 29 for i in pack.of("coverage"))
    before = only(show(poses[-2:] + poses[:-2], [20, 21, *range(13), *[3] * 16]))
    assert {i.bucket for i in before.of("coverage")} - {i.bucket for i in pack.of("coverage")} == {
        "yaw[-30,-15]_pitchslight-down_smile",
        "yaw[15,30]_pitchslight-up_mouth_open",
    }


# ---- which of a bucket


def test_a_strict_look_goes_before_a_loose_one_that_is_sharper() -> None:
    poses = [(0, 0, ""), (22, 0, ""), (0, 0, ""), (22, 0, "")]
    pack = only(
        show(poses, score=held([0.9, 0.72, 0.9, 0.65], HZ), sharpness=held([200, 60, 200, 900], HZ)),
        per_bucket=1,
    )
    (aside,) = [i for i in pack.of("coverage") if i.name == "cov_yaw15_pitch0_neutral"]
    assert (aside.gate, int(aside.time_s)) == ("strict", 1)


def test_a_second_image_is_no_copy_of_another_buckets() -> None:
    """The body has moved, so the look is novel; but the face is the one that another bucket shows."""
    bodies = pictures(held([50, 51, 52, 53], HZ))
    columns = show([(0, 0, ""), (22, 0, ""), (38, 0, ""), (22, 0, "")], [0, 1, 2, 2])
    pack = only(video(**{n.replace(".", "__"): bodies if n == "crops.body" else columns[n] for n in columns}))
    assert "cov_yaw30_pitch0_neutral" in names(pack, "coverage")
    assert [int(i.time_s) for i in pack.of("coverage") if i.yaw_bin == "[15,30]"] == [1]


# ---- highlight windows


def test_looks_in_windows_are_walked_first_so_their_buckets_are_open() -> None:
    """Those poses come after all was covered, but in a highlight."""
    signals = show(
        [*POSES, *[REST] * 16, (-22, -14, "smile"), (22, 14, "mouth_open")], [*range(13), *[3] * 16, 20, 21]
    )
    pack = only(signals, [window(29, 31)])
    assert pack.stop.reason == "coverage_satisfied"
    assert {int(i.time_s) for i in pack.of("coverage") if i.moment} == {29, 30}


@pytest.mark.parametrize("moment", [1, 3])
def test_of_two_equal_looks_the_one_in_a_highlight_window_is_taken(moment: int) -> None:
    """Twice aside and ahead; each picture is new, but a bucket has room for one."""
    signals = show([(0, 0, ""), (22, 0, ""), (0, 0, ""), (22, 0, "")])
    pack = only(signals, [window(moment, moment + 1)], per_bucket=1)
    (aside,) = [i for i in pack.of("coverage") if i.name == "cov_yaw15_pitch0_neutral"]
    assert moment <= aside.time_s < moment + 1
    assert aside.moment


@pytest.mark.parametrize("moment", [0, 2, 4, 6])
def test_so_is_the_anchor(moment: int) -> None:
    signals = show([(0, 0, ""), (30, 0, "")] * 4)
    assert moment <= only(signals, [window(moment, moment + 1)]).of("anchor")[0].time_s < moment + 1


def test_a_window_does_not_make_a_blurred_look_good() -> None:
    sharp = np.r_[held([900, 900, 900], HZ), held([20], HZ)]
    pack = only(
        show([(0, 0, ""), (22, 0, ""), (0, 0, ""), (22, 0, "")], sharpness=sharp),
        [window(3, 4)],
        per_bucket=1,
    )
    (aside,) = [i for i in pack.of("coverage") if i.name == "cov_yaw15_pitch0_neutral"]
    assert aside.time_s < 2


# ---- shares


def test_empty_sets_have_no_share() -> None:
    pack = only(show([REST, (22, 0, ""), REST, (-22, 0, "")]))
    assert not pack.of("challenge")
    anchor, coverage, _ = SHARES[pack.conditions[0]]
    assert pack.shares == pytest.approx(
        {"anchor": anchor / (anchor + coverage), "coverage": coverage / (anchor + coverage), "challenge": 0}
    )


def test_shares_follow_the_video() -> None:
    profile = [(60, 0, ""), (-60, 0, "")]
    assert only(tour(poses=[*POSES, *profile])).shares == pytest.approx(
        {"anchor": 0.2, "coverage": 0.7, "challenge": 0.1}
    )
    calm_then_other = [*POSES, *[REST] * 31], [*range(13), *[3] * 16, *range(20, 35)]
    dark = np.r_[np.full(145, 120.0), np.full(75, 45.0)]
    night = only(show(*calm_then_other, exposure_mean=dark))
    assert night.conditions[0] == "dark"
    assert night.shares == pytest.approx({"anchor": 0.2, "coverage": 0.65, "challenge": 0.15})
    hidden = np.r_[np.full(145, 0.0), np.full(75, 0.45)]
    drifting = only(show(*calm_then_other, occlusion=hidden))
    assert drifting.conditions[0] == "id_drift"
    assert drifting.shares == pytest.approx({"anchor": 0.3, "coverage": 0.6, "challenge": 0.1})
    dull = only(show([REST, (60, 0, "")] * 3))
    assert dull.conditions == ("low_variety",)
    assert dull.of("challenge")
    assert dull.shares == pytest.approx({"anchor": 0.15 / 0.25, "coverage": 0, "challenge": 0.1 / 0.25})


# ---- videos that are no help


def anything(seed: int) -> Signals:
    """A few looks at a few people, of which much was not measured, not identified, not embedded, or makes no
    sense.
    """
    rng = np.random.default_rng(seed)
    people = []
    for track in range(int(rng.integers(1, 4))):
        n = int(rng.integers(1, 40))
        odd: list[Any] = [
            np.nan,
            0.0,
            np.where(rng.random(n) < 0.5, np.nan, rng.uniform(-60, 60, n)),
            rng.uniform(0, 1, n),
        ]
        measures = {
            name: odd[k]
            for name, k in zip(faces.USUAL, rng.integers(0, 6, len(faces.USUAL)).tolist(), strict=True)
            if k < 4
        }
        columns = somebody(
            n,
            track=track,
            number=int(rng.integers(0, track + 1)),
            start_s=float(rng.integers(0, 5)),
            middle=(rng.uniform(0, 1, n), 0.5),
            height=rng.choice([0, 0.1, 0.5, 0.9]),
            misfit=rng.random(n) < 0.3,
            ids=about(axis(int(rng.integers(0, 2))), n, rng.uniform(0, 1, n), seed),
            face=pictures(rng.integers(0, 4, n), 0.2 * rng.integers(0, 2), seed),
            **measures,
        )
        for table in ("crops", "face_ids"):
            columns = faces.some(columns, rng.random(n) < rng.choice([0, 0.1, 0.5, 1]), table)
        people.append(columns)
    return video(*people)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 0.0, TAU, 1.0]), st.booleans())
def test_whatever_was_logged_packs_are_made_without_complaint(
    seed: int, tau: float | None, few: bool
) -> None:
    knobs: dict[str, Any] = (
        dict(anchors=1, anchors_least=0, challenge=0, per_bucket=1, recent=1) if few else dict(roles="all")
    )
    for pack in packs_of(anything(seed), [window(1, 3)], tau, **knobs):
        assert len({i.path for i in pack.images}) == len(pack.images)
        assert sum(pack.shares.values()) == pytest.approx(1 if pack.images else 0)
        assert sum(pack.left_out.values()) <= len(pack.samples.rows)


def test_of_nobody_there_is_no_pack() -> None:
    assert packs_of(video(somebody(0))) == ()
    assert packs_of(video()) == ()


def test_a_profile_is_never_coverage_but_a_challenge() -> None:
    pack = only(tour(poses=[*POSES, (45, 0, ""), (-60, 0, "")]))
    extreme = [i for i in pack.images if abs(i.yaw_deg) >= 45]
    assert {i.kind for i in extreme} == {"challenge"}
    assert {i.yaw_bin for i in extreme} == {">=45", "<-45"}
    assert all("yaw" in i.cues for i in extreme)


def test_who_never_looks_ahead_has_anchors_that_are_turned_and_say_so() -> None:
    pack = only(show([(22, 0, ""), (38, 0, "")] * 3))
    assert pack.of("anchor")
    assert all(15 < i.yaw_deg <= 30 and "nobody looked ahead" in i.why for i in pack.of("anchor"))
    assert "no frontal look: the anchors are turned aside" in pack.warnings


def test_who_is_only_seen_from_the_side_has_no_anchor() -> None:
    pack = only(show([(38, 0, ""), (60, 0, "")] * 3))
    assert not pack.of("anchor")
    assert pack.of("coverage")
    assert any("anchors" in m for m in pack.missing)
    assert not any("anchors are turned" in w for w in pack.warnings)


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.4, 5.9])
def test_of_a_blurred_video_nothing_is_taken_and_it_says_why(blur: float) -> None:
    pack = only(show(POSES, sharpness=blur))
    assert not pack.images
    assert pack.left_out == {"blurred, small or unsure": len(POSES) * HZ}
    assert pack.stop.reason == "video_end"
    assert set(pack.shares.values()) == {0}


def test_of_unsure_looks_there_is_coverage_and_the_prototype_says_so() -> None:
    pack = only(show(POSES, score=0.6))
    assert not pack.of("anchor")
    assert {i.gate for i in pack.of("coverage")} == {"loose"}
    assert pack.identity.level == "loose"
    assert any("no look passed the strict gate" in w for w in pack.warnings)


@pytest.mark.parametrize(
    ("sharpness", "kinds"), [(5.9, set()), (6.1, {"challenge"}), (11.9, {"challenge"}), (12.1, set(FOLDERS))]
)
def test_a_soft_look_is_a_challenge_at_most(sharpness: float, kinds: set[str]) -> None:
    """A face out of focus passes the gate, but is no reference."""
    pack = only(show([*POSES, (60, 0, ""), (-60, 0, "")], sharpness=sharpness))
    assert {i.kind for i in pack.images} == kinds


def test_twins_are_kept_apart_by_their_tracks_and_it_says_so() -> None:
    other = 0.6 * axis(0) + 0.8 * axis(1)
    ahead = dict(yaw=held([0, 22, 0, -22] * 2, HZ))
    one = somebody(
        40, middle=(0.3, 0.5), ids=about(axis(0), 40, 0.95), face=pictures(held(range(8), HZ)), **ahead
    )
    two = somebody(
        40,
        track=1,
        middle=(0.7, 0.5),
        ids=about(other, 40, 0.95, 1),
        face=pictures(held(range(8, 16), HZ)),
        **ahead,
    )
    signals = video(one, two)
    first, second = packs_of(signals)
    for pack, twin in ((first, second), (second, first)):
        assert not pack.verified
        assert pack.identity.alike == (twin.person.number,)
        assert any("twins" in w and f"person {twin.person.number} " in w for w in pack.warnings)
        assert pack.images
        assert {int(signals["faces.track"][i.row]) for i in pack.images} == set(pack.person.tracks)
    assert not set(first.person.tracks) & set(second.person.tracks)


def test_a_look_that_is_closer_to_somebody_else_is_not_chosen() -> None:
    """A brother sits beside, and for two seconds the tracks were mixed up: he too is like the prototype, but
    more like himself.
    """
    brother = 0.6 * axis(0) + 0.8 * axis(1)
    mixed_up = (np.arange(50) >= 20) & (np.arange(50) < 30)
    ids = np.where(mixed_up[:, None], about(brother, 50, 0.95, 1), about(axis(0), 50, 0.95))
    looks = dict(yaw=held([0, 22, -22, 0, 38, -38, 10, -10, 0, 22], HZ), face=pictures(held(range(10), HZ)))
    one = somebody(50, middle=(0.3, 0.5), height=0.6, ids=ids, **looks)
    two = somebody(
        50,
        track=1,
        middle=(0.7, 0.5),
        ids=about(brother, 50, 0.95, 2),
        face=pictures(held(range(10, 20), HZ)),
    )
    pack = next(p for p in packs_of(video(one, two)) if p.person.tracks == (0,))
    assert (pack.samples.stable[mixed_up] >= TAU).all()
    assert pack.images
    assert not any(4 <= i.time_s < 6 for i in pack.images)
    assert pack.left_out == {"closer to somebody else": 10}


def broken(pieces: int = 11, each: int = 2 * HZ) -> list[faces.Columns]:
    """One person whose track breaks ten times."""
    return [
        somebody(
            each,
            track=k,
            number=0,
            start_s=k * (each / HZ + 1),
            ids=about(axis(0), each, 0.9, k),
            face=pictures(held([2 * k, 2 * k + 1], each // 2)),
            yaw=held([0, 22 - 4 * k], each // 2),
        )
        for k in range(pieces)
    ]


def test_a_track_that_breaks_ten_times_makes_one_pack() -> None:
    pack = only(video(*broken()))
    assert pack.verified
    assert pack.person.tracks == tuple(range(11))
    assert len({k for i in pack.images for k in range(11) if 3 * k <= i.time_s < 3 * k + 2}) >= 5


def test_without_face_id_each_track_that_lasts_is_somebody() -> None:
    """Nobody knows who came back."""
    signals = video(*broken())
    packs = packs_of(signals, tau=None)
    assert sorted(p.person.tracks for p in packs) == [(k,) for k in range(11)]
    for pack in packs:
        assert not pack.verified
        assert pack.tau is None
        assert pack.bank is None
        assert pack.images
        assert {i.stable for i in pack.images} == {None}
        assert any("no Face-ID model looked" in w for w in pack.warnings)


def test_where_nobody_was_identified_the_longest_track_is_used_alone() -> None:
    """The model looked, but the faces were too small to be identified."""
    pieces = [{n: x for n, x in p.items() if not n.startswith("face_ids.")} for p in broken(pieces=3)]
    longest = somebody(20, track=9, number=0, start_s=20, face=pictures(held([30, 31], 10)))
    signals = video(*pieces, longest)
    pack = only(signals)
    assert not pack.verified
    assert {int(signals["faces.track"][i.row]) for i in pack.images} == {9}
    assert pack.left_out["in another track, and nobody was identified"] == 30


@pytest.mark.parametrize("eyes", [0.3, 0.17, np.nan])
def test_behind_sunglasses_nobody_has_shut_eyes(eyes: float) -> None:
    pack = only(tour(eye_open=eyes, occlusion=0.35))
    assert pack.images
    assert pack.verified
    assert all(i.expression_bin != "eyes_closed" and i.occlusion_bin == "partial" for i in pack.images)
    assert 3 not in pack.achievable.expression


def test_sunglasses_are_no_reason_to_have_no_prototype() -> None:
    """They hide .35 of the face: the strict gate refuses every look."""
    pack = only(tour(eye_open=np.nan, occlusion=0.35))
    assert pack.identity.level == "loose"
    assert not pack.of("anchor")


def test_nothing_is_chosen_from_a_span_that_was_forgotten() -> None:
    """Its ends belong to it."""
    columns = tour()
    whole = {n.replace(".", "__"): columns[n] for n in columns}
    spans = dict(forgotten__start_s=np.array([3.0]), forgotten__end_s=np.array([6.0]))
    pack = only(video(**whole, **spans))
    assert pack.images
    assert not any(3 <= i.time_s <= 6 for i in pack.images)
    assert pack.left_out["somebody who was forgotten may be in the picture"] == 16
    assert not any(i.yaw_bin == "[5,15]" for i in pack.images)


def test_a_face_cut_off_by_the_edge_is_not_chosen() -> None:
    pack = only(show(POSES, middle=(np.r_[np.full(35, 0.5), np.full(30, 0.08)], 0.5)))
    assert all(i.time_s < 7 for i in pack.images)
    assert pack.left_out == {"cut off by the edge of the picture": 30}


def test_each_look_is_left_out_for_one_reason() -> None:
    for seed in range(WORLDS):
        for pack in all_packs(seed):
            assert sum(pack.left_out.values()) <= len(pack.samples.rows)


def test_another_person_in_the_track_is_told() -> None:
    ids = np.concatenate([about(axis(0), 95, 0.9), about(axis(1), 50, 0.9)])
    pack = only(tour(ids=ids))
    assert any("another person may be in them" in w for w in pack.warnings)
    assert max(i.time_s for i in pack.images) < 19
    assert pack.left_out == {"not like the prototype": 50}


def test_what_no_vision_model_saw_is_not_chosen() -> None:
    blind = {n: x for n, x in somebody(40, ids=about(axis(0), 40)).items() if not n.startswith("crops.")}
    pack = only(video(blind))
    assert not pack.images
    assert pack.left_out == {"not compared with others (no vision vector)": 40}


def test_passengers_have_packs_where_everybody_is_asked_for() -> None:
    signals = video(
        *(
            somebody(
                60,
                track=k,
                middle=(0.2 + 0.3 * k, 0.5),
                ids=about(axis(k), 60, 0.9, k),
                face=pictures(np.arange(60) // 10 + 6 * k),
            )
            for k in range(3)
        )
    )
    assert [p.person.role for p in packs_of(signals)] == ["main", "main"]
    assert [p.person.role for p in packs_of(signals, roles="all")] == ["main", "main", "passenger"]
    assert [p.person.role for p in Packs()(signals, tau=TAU, people=People(mains=1))] == ["main"]


# ---- what was found by a fresh pair of eyes


def test_a_face_boxed_twice_for_a_moment_is_no_twin() -> None:
    """Three looks of a second box on the same face, as detectors give now and then."""
    own = somebody(150, ids=about(axis(0), 150, 0.9), face=pictures(held(list(range(15)), 10)))
    double = somebody(3, track=1, start_s=10.0, ids=about(axis(0), 3, 0.95, seed=2))
    [alone] = packs_of(video(own))
    [pack, *_] = packs_of(video(own, double))
    assert pack.verified
    assert len(pack.images) == len(alone.images)


def test_a_face_boxed_twice_for_long_is_no_twin_either() -> None:
    own = somebody(150, ids=about(axis(0), 150, 0.9), face=pictures(held(list(range(15)), 10)))
    double = somebody(40, track=1, start_s=10.0, ids=about(axis(0), 40, 0.95, seed=2))
    packs = packs_of(video(own, double))
    assert all(p.verified for p in packs if p.images)


def test_shut_eyes_straight_ahead_do_not_keep_turned_looks_from_being_anchors() -> None:
    eyes = np.full(150, 0.3)
    eyes[:10] = 0.05
    yaw = np.where(np.arange(150) < 10, 0.0, 22.0)
    [pack] = packs_of(
        video(
            somebody(
                150,
                yaw=yaw,
                eye_open=eyes,
                ids=about(axis(0), 150, 0.9),
                face=pictures(held(list(range(15)), 10)),
            )
        )
    )
    assert len(pack.of("anchor")) >= 3
    assert any("no frontal look" in w for w in pack.warnings)


def test_a_frozen_picture_is_never_novel() -> None:
    still = np.repeat(pictures(held([0], 1)), 100, axis=0)
    [pack] = packs_of(video(somebody(100, ids=about(axis(0), 100, 0.9), face=still)))
    assert len(pack.of("coverage")) <= 1
