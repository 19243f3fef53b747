"""Transcripts of every kind and in every state: words with times, or one line that says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import worlds
from media.making import clicks, encode, numbered
from momentscan.errors import UnreadableInput
from momentscan.media.transcripts import picture_late_s, read_transcript, transcript_of
from momentscan.signals.words import Sentences, Transcript

SRT = """1
00:00:01,000 --> 00:00:02,000
Hello there.

2
00:00:03,000 --> 00:00:05,000
How are
you?
"""


def read(
    tmp_path: Path, content: str | bytes, name: str = "transcript.srt", late_s: float = 0.0
) -> Transcript:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_transcript(path, late_s)


def texts(transcript: Transcript) -> list[str]:
    return [word.text for word in transcript.words]


def spans(transcript: Transcript) -> list[tuple[float, float]]:
    return [(round(w.start_s, 3), round(w.end_s, 3)) for w in transcript.words]


def cues(*lines: str, start_s: int = 1) -> str:
    """An SRT of cues of one second, one every two."""
    return "\n".join(
        f"{i + 1}\n00:00:{start_s + 2 * i:02d},000 --> 00:00:{start_s + 2 * i + 1:02d},000\n{t}\n"
        for i, t in enumerate(lines)
    )


# ---- subtitles


def test_a_cue_is_shared_among_its_words_by_their_length(tmp_path: Path) -> None:
    transcript = read(tmp_path, SRT)
    assert texts(transcript) == ["Hello", "there.", "How", "are", "you?"]
    assert spans(transcript) == [(1.0, 1.455), (1.455, 2.0), (3.0, 3.6), (3.6, 4.2), (4.2, 5.0)]
    assert not any(word.timed for word in transcript.words)
    assert [word.cue for word in transcript.words] == [0, 0, 1, 1, 1]
    assert transcript.problems == ()


def test_webvtt_with_notes_names_and_settings(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        "WEBVTT - a title\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.000 --> 00:02.000 align:start "
        "position:0%\nHello &amp; <b>welcome</b>\n\n"
        "NOTE not said\nat all\n\n01:00:03.500 --> 01:00:04.500\n<v Bob>Bye.</v>\n",
        "transcript.vtt",
    )
    assert texts(transcript) == ["Hello", "welcome", "Bye."]
    assert transcript.words[-1].start_s == 3603.5
    assert transcript.words[-1].opens


def test_an_empty_cue_of_webvtt_does_not_say_the_name_of_the_next(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        "WEBVTT\n\n00:01.000 --> 00:02.000\n\nchapter-2\n00:03.000 --> 00:04.000\nYes.\n\n00:05.000 --> "
        "00:06.000\n",
        "transcript.vtt",
    )
    assert texts(transcript) == ["Yes."]


def test_times_that_are_said_are_words(tmp_path: Path) -> None:
    transcript = read(tmp_path, cues("from 00:00:01,000 to 00:00:02,000", "at 10:30"))
    assert texts(transcript) == ["from", "00:00:01,000", "to", "00:00:02,000", "at", "10:30"]
    assert transcript.words[0].start_s == 1.0


def test_webvtt_that_times_words_gives_them_their_times(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        "WEBVTT\n\n00:01.000 --> 00:03.000\nHello<00:01.400><c> dear</c><00:02.000><c> old friend</c>\n",
        "transcript.vtt",
    )
    assert texts(transcript) == ["Hello", "dear", "old", "friend"]
    assert spans(transcript) == [(1.0, 1.4), (1.4, 2.0), (2.0, 2.333), (2.333, 3.0)]
    assert [word.timed for word in transcript.words] == [True, True, False, False]


def test_captions_that_roll_up_say_each_line_once(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        "WEBVTT\nKind: captions\n\n00:00:01.000 --> 00:00:03.000 align:start\n \nhello<00:00:01.500><c> "
        "old</c><00:00:02.000><c> world</c>\n\n"
        "00:00:03.000 --> 00:00:03.010\nhello old world\n \n\n"
        "00:00:03.010 --> 00:00:05.000\nhello old world\nhow<00:00:03.500><c> are</c><00:00:04.000><c> "
        "you</c>\n\n"
        "00:00:05.000 --> 00:00:05.010\nhow are you\n \n\n"
        "00:00:05.010 --> 00:00:07.000\nhow are you\nfine\n",
        "transcript.vtt",
    )
    assert texts(transcript) == ["hello", "old", "world", "how", "are", "you", "fine"]
    assert all(word.timed for word in transcript.words[:6])


def test_ass_without_comments_drawings_and_overrides(tmp_path: Path) -> None:
    head = (
        "[Script Info]\nTitle: x\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )
    lines = [
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\i1}Hi{\\i0}\\Nyou",
        "Comment: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,unsaid",
        "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}",
    ]
    transcript = read(tmp_path, head + "\n".join(lines) + "\n", "transcript.ass")
    assert texts(transcript) == ["Hi", "you"]
    assert spans(transcript) == [(1.0, 1.4), (1.4, 2.0)]


def test_marks_of_style_are_no_words(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        cues("<i>Look</i> {\\an8}<font color='red'>up</font>", "5 < 6 &lt; 7", "♪ La la ♪", "Wait -- what ?"),
    )
    assert texts(transcript) == ["Look", "up", "5", "6", "7", "La", "la", "Wait--", "what?"]


def test_what_is_heard_but_not_said_is_no_word(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        cues("[music playing] Hi", "(laughs)", "(웃음)", "- [sighs]\n- (softly)", "He (my son) left"),
    )
    assert texts(transcript) == ["Hi", "He", "(my", "son)", "left"]


def test_dashes_arrows_and_names_begin_another_speakers_sentence(tmp_path: Path) -> None:
    transcript = read(tmp_path, cues("- are you\n- am I", ">> yes", "JOHN: no"))
    assert texts(transcript) == ["are", "you", "am", "I", "yes", "no"]
    assert [word.opens for word in transcript.words] == [True, False, True, False, True, True]


def test_korean_is_words_chinese_and_japanese_are_characters(tmp_path: Path) -> None:
    assert texts(read(tmp_path, cues("안녕하세요. 저는 철수예요"))) == ["안녕하세요.", "저는", "철수예요"]
    assert texts(read(tmp_path, cues("你好，世界。"))) == ["你", "好，", "世", "界。"]
    assert texts(read(tmp_path, cues("これはGPUです"))) == ["こ", "れ", "は", "GPU", "で", "す"]


def test_cues_that_overlap_keep_their_words_and_their_sentences(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        "1\n00:00:01,000 --> 00:00:05,000\nHow are you?\n\n2\n00:00:02,000 --> 00:00:03,000\nFine thanks.\n",
    )
    assert Sentences().numbered(transcript.words) == [0, 0, 0, 1, 1]
    assert spans(transcript)[3][0] == 2.0


# ---- bytes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_make_no_difference(tmp_path: Path, encoding: str, line_end: str) -> None:
    transcript = read(
        tmp_path, cues("안녕하세요 여러분.", "Tschüß.").replace("\n", line_end).encode(encoding)
    )
    assert texts(transcript) == ["안녕하세요", "여러분.", "Tschüß."]
    assert transcript.problems == ()


@pytest.mark.parametrize(
    ("encoding", "line"),
    [("cp949", "안녕하세요 여러분 똠방각하"), ("euc_kr", "밥은 먹었니"), ("cp1252", "L’été à Noël – garçon")],
)
def test_what_is_not_in_utf8_is_guessed_and_said_so(tmp_path: Path, encoding: str, line: str) -> None:
    transcript = read(tmp_path, cues(line, line).encode(encoding))
    assert texts(transcript)[0] == line.split()[0]
    wanted = "cp949" if encoding != "cp1252" else "cp1252"
    assert transcript.problems == (f"transcript.srt: is not in UTF-8; it was read as {wanted}",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no cue with times was found"),
        (b"  \r\n \n", "no cue with times was found"),
        (b"just some text\n", "no cue with times was found"),
        (b"WEBVTT\n\n", "no cue with times was found"),
        (b"[Script Info]\n[Events]\n", "no cue with times was found"),
        (b"a\0b\0c\0\0\0\0", "zero bytes"),
        (b"\x00\x01\x02\x03binary", "zero bytes"),
        (b"\x81\x8d\x8f\x90", "no text in UTF-8"),
        (b"\xff\xfea", "no text in UTF-8"),
        (b"{", "no JSON that can be read"),
        (b'{"a": 1}', "expected a list of"),
        (b"[]", "expected a list of"),
        (b"[1, 2]", "expected a list of"),
        (b'[{"start": 1}]', "expected a list of"),
        (b'{"segments": 5}', "expected a list of"),
        (b"[" * 100_000, "no JSON that can be read"),
    ],
)
def test_what_is_no_transcript_is_refused_in_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(UnreadableInput, match=why) as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value)
    assert "transcript.srt" in str(refused.value)


def test_what_cannot_be_opened_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"none\.srt: is not there"):
        read_transcript(tmp_path / "none.srt")
    with pytest.raises(UnreadableInput, match="is a folder"):
        read_transcript(tmp_path)
    (tmp_path / "big.srt").write_bytes(b"x")
    with (tmp_path / "big.srt").open("r+b") as file:
        file.truncate(65_000_000)
    with pytest.raises(UnreadableInput, match="the limit for a transcript"):
        read_transcript(tmp_path / "big.srt")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(alphabet='0123456789:,.->\n WEBVTT[]{}"<>words', max_size=200).map(str.encode),
        st.builds(lambda t: cues(*t).encode("utf-8", "replace"), st.lists(st.text(max_size=40), max_size=4)),
        st.builds(
            lambda t: b"WEBVTT\n\n" + cues(*t).replace(",", ".").encode("utf-8", "replace"),
            st.lists(st.text(max_size=40)),
        ),
    )
)
def test_any_bytes_give_words_in_order_or_one_line(tmp_path: Path, content: bytes) -> None:
    keeps_its_promises(tmp_path, content)


def keeps_its_promises(tmp_path: Path, content: bytes) -> None:
    """Words that can be placed, or one line."""
    refused, transcript = "", Transcript("", "", ())
    try:
        transcript = read(tmp_path, content)
    except UnreadableInput as error:
        refused = str(error)
    assert "\n" not in refused
    for word in transcript.words:
        assert 0 <= word.start_s < word.end_s < 1e9
        assert any(c.isalnum() for c in word.text)
        assert not any(c.isspace() for c in word.text) or word.timed
        word.text.encode()  # no lone surrogate


# ---- times that cannot be


def test_times_that_cannot_be_are_counted_and_left_out(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        "1\n-00:00:01,000 --> 00:00:02,000\nnegative\n\n2\n00:00:0x --> "
        "00:00:02,000\nbad\nmore\n\n3\n00:00:05,000 --> 00:00:04,000\nbackwards\n\n"
        "4\n00:00:05,000 --> 00:00:05,000\nat once\n\n5\n00:00:05,000 --> 00:10:05,000\nall the "
        "time\n\n6\n00:00:06,000 --> 00:00:07,000\nGood.\n",
    )
    assert texts(transcript) == ["Good."]
    assert set(transcript.problems) == {
        "transcript.srt: 2 cues end before they start",
        "transcript.srt: 1 cues last longer than 60 s, which tells nothing of their words",
        "transcript.srt: 2 cues have times that cannot be read",
    }


def test_a_transcript_without_a_word_says_so(tmp_path: Path) -> None:
    transcript = read(tmp_path, cues("[music]"))
    assert (transcript.words, transcript.problems) == ((), ("transcript.srt: it holds no words",))
    assert read(tmp_path, '{"segments": []}').problems == ("transcript.srt: it holds no words",)


def test_a_picture_that_starts_late_moves_words_and_drops_those_before_it(tmp_path: Path) -> None:
    transcript = read(tmp_path, SRT, late_s=1.6)
    assert texts(transcript) == ["there.", "How", "are", "you?"]
    assert spans(transcript)[:2] == [(0.0, 0.4), (1.4, 2.0)]
    assert transcript.problems == ("transcript.srt: 1 words were said before the first frame",)


# ---- JSON


def word(text: str, start_s: float | None, end_s: float | None, **more: Any) -> dict[str, Any]:
    return {"word": text} | ({"start": start_s, "end": end_s} if start_s is not None else {}) | more


SEGMENT = {"start": 0.0, "end": 2.0, "text": " Hi you all."}


@pytest.mark.parametrize(
    "content",
    [
        {
            "segments": [
                SEGMENT
                | {
                    "words": [
                        word(" Hi", 0.1, 0.4, probability=0.9),
                        word(" you", 0.4, 0.8),
                        word(" all.", 0.9, 1.5),
                    ]
                }
            ]
        },
        {
            "text": "Hi you all.",
            "segments": [SEGMENT],
            "words": [word("Hi", 0.1, 0.4), word("you", 0.4, 0.8), word("all.", 0.9, 1.5)],
        },
        {"words": [word("Hi", 0.1, 0.4), word("you", 0.4, 0.8), word("all.", 0.9, 1.5)]},
        [word("Hi", 0.1, 0.4), word("you", 0.4, 0.8), word("all.", 0.9, 1.5)],
    ],
)
def test_json_with_times_of_words(tmp_path: Path, content: object) -> None:
    transcript = read(tmp_path, json.dumps(content), "transcript.json")
    assert texts(transcript) == ["Hi", "you", "all."]
    assert spans(transcript) == [(0.1, 0.4), (0.4, 0.8), (0.9, 1.5)]
    assert all(word.timed for word in transcript.words)
    assert len({word.cue for word in transcript.words}) == 1


@pytest.mark.parametrize(
    "content",
    [
        {"segments": [SEGMENT]},
        [SEGMENT],
        {"transcription": [{"offsets": {"from": 0, "to": 2000}, "text": " Hi you all.", "timestamps": {}}]},
        {"segments": [SEGMENT | {"words": []}]},
    ],
)
def test_json_with_times_of_segments(tmp_path: Path, content: object) -> None:
    transcript = read(tmp_path, json.dumps(content), "transcript.json")
    assert texts(transcript) == ["Hi", "you", "all."]
    assert (transcript.words[0].start_s, transcript.words[-1].end_s) == (0.0, 2.0)
    assert not any(word.timed for word in transcript.words)


def test_words_without_times_share_what_lies_between_their_neighbours(tmp_path: Path) -> None:
    words = [
        word("In", 0.2, 0.5),
        word("19", None, None),
        word("84", None, None),
        word("we", 1.5, 1.7),
        word("left.", None, None),
    ]
    transcript = read(tmp_path, json.dumps({"segments": [SEGMENT | {"words": words}]}), "transcript.json")
    assert spans(transcript) == [(0.2, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 1.7), (1.7, 2.0)]
    assert [word.timed for word in transcript.words] == [True, False, False, True, False]


def test_numbers_that_are_none_lose_their_cue_and_say_so(tmp_path: Path) -> None:
    rows = [
        '{"start": NaN, "end": 2, "text": "a"}',
        '{"start": 1, "end": Infinity, "text": "b"}',
        '{"start": true, "end": 2, "text": "c"}',
        '{"start": "1", "end": "2", "text": "d"}',
        '{"start": 1, "end": 1' + "0" * 400 + ', "text": "e"}',
        '{"start": -2, "end": -1, "text": "f"}',
        '{"start": 3, "end": 4, "text": 5}',
        '{"start": 3, "end": 4, "text": "good \\ud800"}',
    ]
    transcript = read(tmp_path, f"[{', '.join(rows)}]", "transcript.json")
    assert texts(transcript) == ["good"]
    assert transcript.problems == (
        "transcript.json: 5 cues have times that cannot be read",
        "transcript.json: 1 words were said before the first frame",
    )


def test_a_word_lasts_at_least_a_little(tmp_path: Path) -> None:
    transcript = read(tmp_path, json.dumps([word("a", 1.0, 1.0), word("b", 2.0, 1.0)]), "transcript.json")
    assert spans(transcript) == [(1.0, 1.01), (2.0, 2.01)]


def test_a_words_text_has_no_line_ends(tmp_path: Path) -> None:
    assert texts(read(tmp_path, json.dumps([word(" New\n York ", 1.0, 2.0)]), "transcript.json")) == [
        "New York"
    ]


def test_probabilities_are_kept(tmp_path: Path) -> None:
    transcript = read(
        tmp_path,
        json.dumps([word("a", 1, 2, probability=0.5), word("b", 2, 3, score=0.25), word("c", 3, 4, score=7)]),
        "transcript.json",
    )
    assert [w.prob for w in transcript.words[:2]] == [0.5, 0.25]
    assert transcript.words[2].prob != transcript.words[2].prob


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=10)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    ["segments", "words", "transcription", "start", "end", "text", "word", "offsets"]
                ),
                inner,
            ),
        ),
        max_leaves=20,
    )
)
def test_any_json_gives_words_or_one_line(tmp_path: Path, content: object) -> None:
    keeps_its_promises(tmp_path, json.dumps(content).encode())


# ---- which file


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worlds.still(tmp_path_factory.mktemp("transcript") / "a film.v2.mp4", 1.0)


@pytest.fixture
def lone_video(video: Path, tmp_path: Path) -> Path:
    """The video in a folder of its own."""
    (tmp_path / video.name).hardlink_to(video)
    return tmp_path / video.name


def test_without_a_file_beside_it_there_is_no_transcript(lone_video: Path) -> None:
    lone_video.with_name("other.srt").write_text(SRT)
    assert transcript_of(lone_video) is None


@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".ass", ".json"])
def test_a_file_beside_it_of_its_name_is_its_transcript(lone_video: Path, suffix: str) -> None:
    lone_video.with_name(f"a film.v2{suffix}").write_text(SRT)  # what it holds decides, not its name
    transcript = transcript_of(lone_video)
    assert transcript is not None
    assert texts(transcript)[:2] == ["Hello", "there."]
    assert transcript.name == f"a film.v2{suffix}"
    assert transcript_of(lone_video, "none") is None


def test_json_beside_it_that_tells_of_something_else_is_not_looked_at(lone_video: Path) -> None:
    lone_video.with_suffix(".json").write_text('{"labels": [1, 2]}')
    assert transcript_of(lone_video) is None
    lone_video.with_suffix(".srt").write_text(SRT)
    transcript = transcript_of(lone_video)
    assert transcript is not None
    assert transcript.name == "a film.v2.srt"


def test_word_times_come_before_cues(lone_video: Path) -> None:
    lone_video.with_suffix(".srt").write_text(SRT)
    lone_video.with_suffix(".json").write_text(json.dumps([word("Hello", 1.0, 1.2)]))
    transcript = transcript_of(lone_video)
    assert transcript is not None
    assert (texts(transcript), spans(transcript), transcript.words[0].timed) == (
        ["Hello"],
        [(1.0, 1.2)],
        True,
    )


def test_a_bad_file_beside_it_is_left_out_and_said_so(lone_video: Path) -> None:
    lone_video.with_suffix(".srt").write_bytes(b"")
    transcript = transcript_of(lone_video)
    assert transcript is not None
    assert transcript.words == ()
    assert transcript.problems[0].startswith("the transcript beside the video was left out: ")


def test_a_bad_file_does_not_hide_a_good_one(lone_video: Path) -> None:
    lone_video.with_suffix(".vtt").write_text("garbage")
    lone_video.with_suffix(".srt").write_text(SRT)
    transcript = transcript_of(lone_video)
    assert transcript is not None
    assert transcript.name == lone_video.with_suffix(".srt").name
    assert transcript.words
    assert ".vtt: is no transcript" in transcript.problems[0]


def test_a_bad_file_that_was_named_is_refused(lone_video: Path) -> None:
    lone_video.with_suffix(".srt").write_bytes(b"")
    with pytest.raises(UnreadableInput, match="no cue with times"):
        transcript_of(lone_video, str(lone_video.with_suffix(".srt")))


def test_the_same_bytes_have_the_same_name(tmp_path: Path) -> None:
    assert (
        read(tmp_path, SRT).sha256
        == read(tmp_path, SRT, "other.srt").sha256
        != read(tmp_path, SRT + "\n").sha256
    )


# ---- whose clock


def test_a_picture_that_starts_with_the_file_is_not_late(lone_video: Path) -> None:
    assert picture_late_s(lone_video) == 0.0


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_subtitles_count_from_where_the_file_starts(tmp_path: Path, container: str) -> None:
    path = tmp_path / f"late.{container}"
    codec = "pcm_s16le" if container == "mkv" else "aac"
    encode(path, numbered(50), start_s=1.0, sound=clicks(3.0, [0.5]), sound_codec=codec)
    assert picture_late_s(path) == pytest.approx(1.0, abs=0.08)
    path.with_suffix(".srt").write_text(SRT)
    transcript = transcript_of(path)
    assert transcript is not None
    assert transcript.words[0].start_s == pytest.approx(0.0, abs=0.08)
    assert transcript.words[2].start_s == pytest.approx(2.0, abs=0.08)


@pytest.mark.media
def test_a_clock_that_starts_anywhere_makes_no_picture_late(media_folder: Path) -> None:
    for name in ("formats/delayed_start.mp4", "multi/scte20_panel.ts", "scenes/theatre_dissolves_dts.mkv"):
        assert picture_late_s(media_folder / name) == 0.0
