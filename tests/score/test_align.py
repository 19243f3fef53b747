"""Edges of clips: words, sentences, cuts, quiet points, causes; every move is told, and none is longer than
its knob.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from momentscan.score.align import Align
from momentscan.score.edge_surroundings import EPS_S
from momentscan.signals import Signals
from momentscan.signals.speech import words as words_in
from momentscan.values import Aligned, Window

DURATION_S = 60.0


def scene(
    words: list[tuple[float, float, int]] | None = None,
    cuts: list[float] | None = None,
    quiet: list[float] | None = None,
    laughter: tuple[float, float] | None = None,
    voiced: list[tuple[float, float]] | None = None,
    duration_s: float = DURATION_S,
    timed: bool = True,
) -> Signals:
    """Signals of a video with words (start, end, sentence), cuts, points of quiet in even noise, a laugh, and
    voice.
    """
    level_s = np.arange(0, duration_s, 0.0232)
    level_db = np.full(len(level_s), -20.0)
    for at in quiet or []:
        level_db[np.abs(level_s - at) < 0.05] = -50
    starts = np.array([0.0, *(cuts or [])])
    columns: dict[str, Any] = {
        "scenes.start_s": starts,
        "scenes.end_s": np.append(starts[1:], duration_s),
        "level.time_s": level_s,
        "level.db": level_db.astype(np.float32),
    }
    if words is not None:
        columns |= {
            "words.start_s": np.array([w[0] for w in words]),
            "words.end_s": np.array([w[1] for w in words]),
            "words.sentence": np.array([w[2] for w in words], np.int64),
            "words.timed": np.full(len(words), timed),
        }
    if laughter is not None:
        time_s = np.arange(0, duration_s - 0.96, 0.48)
        on = (time_s + 0.96 > laughter[0]) & (time_s < laughter[1])
        columns |= {"tags.time_s": time_s, "tags.laughter": np.where(on, 0.6, 0.01).astype(np.float32)}
    if voiced is not None:
        time_s = np.arange(0, duration_s, 0.032)
        prob = np.zeros(len(time_s), np.float32)
        for a, b in voiced:
            prob[(time_s >= a) & (time_s < b)] = 0.9
        columns |= {"voice.time_s": time_s, "voice.prob": prob}
    return Signals(worlds.info(duration_s), columns)


def window(peak_s: float = 30.0, half_s: float = 1.0) -> Window:
    return Window(peak_s - half_s, peak_s + half_s, peak_s)


def reasons(clip: Aligned, edge: str) -> list[str]:
    return [m.reason for m in clip.moves if m.edge == edge]


def test_where_nothing_is_in_the_way_a_clip_gets_a_second_of_context_on_each_side() -> None:
    clip = Align()(scene(), window())
    assert (clip.start_s, clip.end_s) == (28.0, 32.0)
    assert reasons(clip, "start") == reasons(clip, "end") == ["context"]
    assert clip.flags == ()


def test_context_ends_where_another_shot_begins() -> None:
    clip = Align()(scene(cuts=[28.6, 31.4]), window())
    assert (clip.start_s, clip.end_s) == (28.6, 31.4)
    assert reasons(clip, "start") == ["scene.cut"]


def test_a_cut_that_is_near_draws_the_edge_onto_itself() -> None:
    clip = Align()(scene(cuts=[27.6, 32.4]), window())
    assert (clip.start_s, clip.end_s) == (27.6, 32.4)
    far = Align()(scene(cuts=[27.4, 32.6]), window())
    assert (far.start_s, far.end_s) == (28.0, 32.0)


def test_a_sliver_of_another_shot_is_cut_off() -> None:
    clip = Align()(scene(cuts=[29.2, 30.9]), window())
    assert (clip.start_s, clip.end_s) == (29.2, 30.9)
    assert "length" in clip.flags, "1.7 s is shorter than asked, and that is said"


def test_a_shot_that_takes_half_of_the_window_stays() -> None:
    clip = Align(scene_s=0.5)(scene(cuts=[29.6]), window())
    assert clip.start_s == 28.0


def test_an_edge_leaves_the_word_for_the_edge_of_its_sentence() -> None:
    clip = Align()(
        scene(
            words=[
                (27.2, 27.8, 0),
                (27.9, 28.4, 0),
                (28.5, 29.0, 0),
                (31.0, 31.6, 1),
                (31.8, 32.5, 1),
                (32.6, 33.0, 1),
            ]
        ),
        window(),
    )
    assert clip.start_s == pytest.approx(27.2, abs=0.3)
    assert clip.start_s <= 27.2
    assert clip.end_s >= 33.0
    assert reasons(clip, "start")[:2] == ["context", "speech.sentence"]


def test_where_the_sentence_is_long_only_the_word_is_taken_in() -> None:
    said = [(20 + 0.5 * i, 20.4 + 0.5 * i, 0) for i in range(40)]
    clip = Align()(scene(words=said), window(30.2))
    assert reasons(clip, "start") == ["context", "speech.word"]
    assert (clip.start_s, clip.end_s) == (pytest.approx(28.0), pytest.approx(32.4))
    assert not clip.flags


def test_an_edge_on_a_cut_in_the_midst_of_a_word_drops_the_word_rather_than_show_the_other_shot() -> None:
    clip = Align()(scene(words=[(28.3, 29.3, 0), (30.6, 31.9, 1)], cuts=[28.6, 31.4]), window())
    assert clip.start_s >= 29.3
    assert clip.end_s <= 30.6 or clip.end_s == 31.4
    assert "scene.cut" in reasons(clip, "start")
    assert "speech.word" in reasons(clip, "start") or "speech.sentence" in reasons(clip, "start")


def test_a_word_longer_than_any_move_is_flagged() -> None:
    clip = Align()(scene(words=[(20.0, 29.95, 0)]), window())
    assert "speech.start" in clip.flags


def test_between_words_the_edge_settles_where_it_is_quiet() -> None:
    clip = Align()(scene(words=[(27.0, 27.6, 0), (28.6, 29.0, 1)], quiet=[28.2]), window())
    assert clip.start_s == pytest.approx(28.2, abs=0.06)
    assert reasons(clip, "start")[-1] == "sound.quiet"


def test_quiet_takes_nothing_off_the_moment() -> None:
    clip = Align(extent="peak")(scene(quiet=[29.2, 30.8]), window())
    assert (clip.start_s, clip.end_s) == (29.0, 31.0)
    outside = Align(extent="peak")(scene(quiet=[28.8, 29.2, 31.2]), window())
    assert (outside.start_s, outside.end_s) == (pytest.approx(28.8, abs=0.06), pytest.approx(31.2, abs=0.06))


def test_without_a_transcript_the_edge_leaves_the_voiced_span() -> None:
    clip = Align()(scene(voiced=[(27.5, 29.0), (31.0, 33.0)]), window())
    assert clip.start_s == pytest.approx(27.5, abs=0.04)
    assert clip.end_s == pytest.approx(33.0, abs=0.04)
    assert reasons(clip, "end")[-1] == "speech.speech"


def test_words_that_were_only_spread_over_a_subtitle_are_not_trusted_where_voice_is_known() -> None:
    cue = [(27.0, 28.0, 0), (28.0, 29.0, 1), (29.0, 30.0, 2)]  # spoken from 27.6 to 28.6 in truth
    clip = Align(speech_s=0.8)(scene(words=cue, voiced=[(27.6, 28.6)], timed=False), window(30.1))
    assert clip.start_s == pytest.approx(27.6, abs=0.04)
    sure = Align(speech_s=0.8)(scene(words=cue, voiced=[(27.6, 28.6)]), window(30.1))
    assert sure.start_s == 28.0


def test_a_reaction_comes_after_what_caused_it() -> None:
    told = scene(words=[(25.0, 25.6, 0), (25.7, 26.4, 0), (26.5, 27.2, 0)], laughter=(28.0, 31.0))
    clip = Align()(told, Window(29.0, 31.0, 30.0))
    assert clip.reaction is not None
    assert clip.reaction.kind == "laughter"
    assert clip.start_s <= 25.0
    assert reasons(clip, "start")[0] == "context.cause"
    silent = Align()(scene(laughter=(28.0, 31.0)), Window(29.0, 31.0, 30.0))
    assert silent.start_s == pytest.approx(silent.reaction.onset_s - 2.0)


def test_a_delivery_window_has_a_third_before_the_peak() -> None:
    clip = Align(extent="thirds")(scene(), window())
    assert (clip.start_s, clip.end_s) == (28.0, 34.0)
    early = Align(extent="thirds")(scene(), Window(0.0, 1.5, 0.5))
    assert (early.start_s, early.end_s) == (0.0, 6.0)
    assert "guard.video" in reasons(early, "start")
    around = Align(extent="peak", peak_s=1.5)(scene(), Window(20.0, 40.0, 30.0))
    assert (around.start_s, around.end_s) == (28.5, 31.5)


def test_clips_are_neither_too_short_nor_too_long() -> None:
    short = Align(context_s=0)(scene(), Window(29.9, 30.1, 30.0))
    assert short.end_s - short.start_s == pytest.approx(2.0)
    assert short.start_s == pytest.approx(30 - 2 / 3)
    long = Align(most_s=10)(scene(), Window(5.0, 55.0, 30.0))
    assert long.end_s - long.start_s <= 12.0
    assert "guard.length" in reasons(long, "start")


def test_a_short_window_grows_within_its_shot_and_not_over_the_cut() -> None:
    clip = Align(context_s=0, scene_reach_s=0)(scene(cuts=[29.0, 30.2]), Window(29.4, 30.2, 30.0))
    assert (clip.start_s, clip.end_s) == (29.0, 30.2)
    assert "length" in clip.flags
    roomy = Align(context_s=0)(scene(cuts=[30.2]), Window(29.4, 30.2, 30.0))
    assert (roomy.start_s, roomy.end_s) == (pytest.approx(28.2), 30.2)


@pytest.mark.parametrize("peak_s", [29.0, 29.9, 30.85])
def test_a_short_window_that_grows_keeps_all_that_the_engine_found(peak_s: float) -> None:
    clip = Align(context_s=0)(scene(), Window(29.0, 30.9, peak_s))
    assert clip.start_s <= 29.0
    assert clip.end_s >= 30.9
    assert clip.end_s - clip.start_s == pytest.approx(2.0)


def test_a_word_that_is_left_out_leaves_no_glimpse_of_another_shot() -> None:
    cuts, found = [28.4, 29.1], Window(27.5, 33.0, 31.0)
    clip = Align()(scene(words=[(28.0, 29.0, 0)], cuts=cuts), found)
    assert clip.start_s == 29.1
    assert reasons(clip, "start") == ["scene.cut", "speech.word", "scene.cut"]
    spoken = Align()(scene(words=[(28.0, 29.0, 0), (29.05, 29.3, 1)], cuts=cuts), found)
    assert spoken.start_s == 29.0, "the next shot begins in the midst of a word"
    still = Align()(scene(words=[(28.0, 29.0, 0)], cuts=[28.4, 29.7]), found)
    assert still.start_s == 29.0, "so long a look is no glimpse"


def test_what_made_somebody_laugh_long_ago_is_no_context() -> None:
    joke = [(15.0, 15.9, 0), (16.0, 17.0, 0)]
    long_ago = Align()(scene(words=joke, laughter=(17.5, 33.0)), window())
    assert long_ago.reaction is not None
    assert (long_ago.start_s, reasons(long_ago, "start")) == (28.0, ["context"])
    just_now = Align()(scene(words=[(a + 9, b + 9, n) for a, b, n in joke], laughter=(26.5, 33.0)), window())
    assert just_now.start_s == pytest.approx(24.0, abs=0.3)


def test_a_video_shorter_than_the_clip_is_taken_whole() -> None:
    clip = Align(extent="thirds")(scene(duration_s=3.0), Window(0.5, 2.5, 1.0))
    assert (clip.start_s, clip.end_s) == (0.0, 3.0)


@st.composite
def talk(draw: st.DrawFn) -> tuple[Signals, Window]:
    """Any speech with any cuts, and a window anywhere."""
    at, said, sentence = draw(st.floats(0, 5)), [], 0
    while at < DURATION_S - 2 and len(said) < 120:
        length = draw(st.floats(0.08, 1.2))
        said.append((at, at + length, sentence))
        at += length + draw(st.sampled_from([0.0, 0.0, 0.05, 0.2, 0.8]))
        sentence += draw(st.booleans())
    cuts = sorted(draw(st.lists(st.floats(0.5, DURATION_S - 0.5), max_size=20, unique=True)))
    peak = draw(st.floats(0, DURATION_S))
    before, after = draw(st.floats(0.01, 8)), draw(st.floats(0.01, 8))
    return scene(words=said, cuts=cuts), Window(max(0.0, peak - before), min(DURATION_S, peak + after), peak)


@settings(max_examples=300, deadline=None)
@given(talk())
def test_no_edge_lies_in_a_word_unless_it_is_flagged_and_moves_keep_to_their_knobs(
    told: tuple[Signals, Window],
) -> None:
    signals, found = told
    knobs = Align()
    clip = knobs(signals, found)
    assert 0 <= clip.start_s < clip.end_s <= DURATION_S + EPS_S
    assert clip.start_s <= found.peak_s + EPS_S
    assert clip.end_s >= found.peak_s - EPS_S
    spans, _ = words_in(signals)
    for edge, at in (("start", clip.start_s), ("end", clip.end_s)):
        inside = ((spans[:, 0] + EPS_S < at) & (at < spans[:, 1] - EPS_S)).any()
        assert not inside or f"speech.{edge}" in clip.flags
        moves = [m for m in clip.moves if m.edge == edge]
        for one, other in itertools.pairwise(moves):
            assert one.to_s == pytest.approx(other.from_s, abs=1e-9)
        assert not moves or moves[-1].to_s == pytest.approx(at, abs=1e-9)
        longest = {
            "context": 1.0,
            "context.cause": 8.0,
            "scene.cut": 1.5,
            "speech.sentence": 1.5,
            "speech.word": 1.5,
            "sound.quiet": 0.3,
        }
        assert all(abs(m.to_s - m.from_s) <= longest[m.reason] + 1e-6 for m in moves if m.reason in longest)


@settings(max_examples=200, deadline=None)
@given(talk())
def test_an_edge_that_moves_outwards_takes_no_sliver_of_another_shot_with_it(
    told: tuple[Signals, Window],
) -> None:
    signals, found = told
    clip = Align()(signals, found)
    if any(m.reason.startswith("guard") for m in clip.moves):
        return
    cuts = signals["scenes.start_s"][1:]
    assert (
        not ((cuts > clip.start_s + EPS_S) & (cuts <= found.start_s)).any() or clip.start_s >= found.start_s
    )
    assert not ((cuts < clip.end_s - EPS_S) & (cuts >= found.end_s)).any() or clip.end_s <= found.end_s
