"""Transcripts that lie beside a video or are named: SRT, WebVTT, ASS, and the JSON of speech recognisers, to
words with times.

Subtitles and recognisers count from where the file starts, as players show it; momentscan counts from the
first frame. Where sound starts before the picture, the difference is taken off.
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from momentscan.errors import UnreadableInput, one_line
from momentscan.knobs import Knob
from momentscan.media.container import Limits, open_container, video_stream
from momentscan.signals.words import CLOSERS, ENDS, LEAST_S, Transcript, Word, spaceless, spread

BESIDE = (".json", ".vtt", ".srt", ".ass")
"""What is looked for beside a video, under its own name: first what may tell when each word is said, then
what tells of cues only.
"""


@dataclass(frozen=True)
class TranscriptOptions:
    """What is refused or left out of a transcript."""

    max_bytes: Annotated[
        float, Knob("B", source="taste: a day of speech with word times as JSON is 15 MB", low=1)
    ] = 64e6
    longest_cue_s: Annotated[
        float,
        Knob(
            "s",
            source="subtitles stay for 7 s at most (Netflix Timed Text Style Guide), segments of Whisper "
            "for 30 s",
            low=1,
        ),
    ] = 60.0


class _Cue(NamedTuple):
    """A subtitle or a segment, in seconds of the transcript's clock. `words`: what the source says of them,
    if anything.
    """

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()


def transcript_of(
    video: Path, given: str = "auto", reading: TranscriptOptions = TranscriptOptions()
) -> Transcript | None:
    """The transcript of a video: the file that is named, with "auto" one beside it that has its name, with
    "none" none.

    Raises UnreadableInput for a named file that is no transcript. One that only lies there is then left
    alone; its problems say so.
    """
    if given == "none":
        return None
    if given != "auto":
        return read_transcript(Path(given), picture_late_s(video), reading)
    found, problems = None, []
    for path in (path for path in map(video.with_suffix, BESIDE) if path.is_file()):
        try:
            found = read_transcript(path, picture_late_s(video), reading)
            break
        except UnreadableInput as error:
            if path.suffix != ".json":  # which may tell of anything
                problems.append(f"the transcript beside the video was left out: {one_line(error)}")
    if not problems:
        return found
    return replace(found or Transcript("", "", ()), problems=(*problems, *(found.problems if found else ())))


def read_transcript(
    path: Path, late_s: float = 0.0, reading: TranscriptOptions = TranscriptOptions()
) -> Transcript:
    """Every word that the file tells of, `late_s` earlier than it says. Raises UnreadableInput in one line."""
    data = _bytes(path, reading)
    text, notes = _decoded(data, path)
    lost: Counter[str] = Counter()
    words: list[Word] = []
    for number, cue in enumerate(_cues(text, path, lost)):
        reason = _unusable(cue, reading)
        if reason:
            lost[reason] += 1
        else:
            words += _moved(_words_of(cue, number), late_s, lost)
    notes += [f"{count} {what}" for what, count in sorted((+lost).items())]
    if not words:
        notes.append("it holds no words")
    return Transcript(
        path.name,
        hashlib.sha256(data).hexdigest(),
        tuple(words),
        tuple(f"{path.name}: {note}" for note in notes),
    )


def picture_late_s(video: Path, limits: Limits = Limits()) -> float:
    """How long after the start of the file, as players show it, the first frame comes. Raises
    UnreadableInput.
    """
    with open_container(video, limits) as container:
        stream = video_stream(container, video, limits)
        if stream.start_time is None or container.start_time is None:
            return 0.0
        late_s = float(stream.start_time * stream.time_base) - float(container.start_time) / 1e6
    return max(0.0, late_s)


# ---- bytes to text


def _bytes(path: Path, reading: TranscriptOptions) -> bytes:
    try:
        if not path.is_file():
            found = (
                "is a folder"
                if path.is_dir()
                else "is not there"
                if not path.exists()
                else "is no regular file"
            )
            raise UnreadableInput(
                f"{path}: {found}; name a transcript: SRT, VTT, ASS, or the JSON of a speech recogniser"
            )
        size = path.stat().st_size
        if size > reading.max_bytes:
            raise UnreadableInput(
                f"{path}: has {size} bytes, the limit for a transcript is {reading.max_bytes:.0f}; is it one?"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableInput(
            f"{path}: cannot be read ({error.strerror}); check the name and the permissions"
        ) from None


_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def _decoded(data: bytes, path: Path) -> tuple[str, list[str]]:
    """Text with \\n for every line end, and what was guessed. UTF-8, UTF-16, else what Korean and Western
    Windows wrote.
    """
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), None) or _without_bom(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableInput(
            f"{path}: is no text in UTF-8, UTF-16, cp949 or Windows-1252; save it again as UTF-8"
        ) from None
    if "\0" in text:
        raise UnreadableInput(
            f"{path}: is no text (it holds zero bytes); name a transcript: SRT, VTT, ASS or JSON"
        )
    notes = [] if encoding.startswith("utf") else [f"is not in UTF-8; it was read as {encoding}"]
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _without_bom(data: bytes) -> str:
    zeros = [data[first:4096:2].count(0) for first in (0, 1)]  # of times and line ends, in UTF-16
    if max(zeros) > 0.2 * min(len(data), 4096) / 2 and max(zeros) > 4 * min(zeros):
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "cp949" if _is_korean(data) else "cp1252"


def _is_korean(data: bytes) -> bool:
    """Whether it is text in cp949, nearly all of it Hangul that is in daily use (KS X 1001); other encodings
    give rare syllables.
    """
    try:
        foreign = [c for c in data.decode("cp949") if ord(c) > 127]
    except UnicodeDecodeError:
        return False
    daily = [
        c for c in foreign if "가" <= c <= "힣" and len(c.encode("euc_kr")) == 2
    ]  # rare ones are spelt out there, in eight bytes
    return len(daily) >= 0.8 * len(foreign)


# ---- text to cues


_NO_TIMES = "cues have times that cannot be read"


def _cues(text: str, path: Path, lost: Counter[str]) -> Iterator[_Cue]:
    """What the text says it is decides, not the name. Raises UnreadableInput where there is not one cue."""
    head = text.lstrip()
    if head.startswith(("{", "[")) and not head.startswith("[Script Info]"):
        return iter(_from_json(text, path))
    kind = (
        "vtt" if head.startswith("WEBVTT") else "ass" if "[Events]" in text and "-->" not in text else "srt"
    )
    found = _from_subtitles(text, kind, lost)
    if not found and not +lost:
        raise UnreadableInput(
            f"{path}: is no transcript (no cue with times was found); expected SRT, VTT, ASS or JSON"
        )
    return iter(found)


_TIME = {"srt": r"\d{1,2}:\d{1,2}:\d{1,2}[.,]\d{1,3}", "vtt": r"(?:\d{2,4}:)?\d{2}:\d{2}\.\d{2,3}"}
_ARROW = {kind: re.compile(rf"\s*{time}\s*-->\s*{time}(?:\s.*)?") for kind, time in _TIME.items()}


def _from_subtitles(text: str, kind: str, lost: Counter[str]) -> list[_Cue]:
    import pysubs2  # used where there are subtitles only

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says of single ASS fields
        try:
            if kind == "ass":
                shown = pysubs2.SSAFile.from_string(text, format_="ass").get_text_events()
                return [_Cue(e.start / 1000, e.end / 1000, e.plaintext) for e in shown if e.text]
            events = pysubs2.SSAFile.from_string(
                _readable(text, kind, lost), format_=kind, keep_html_tags=True
            )
        except (pysubs2.Pysubs2Error, ValueError, KeyError, IndexError, OverflowError):
            return []
    cues = [
        _Cue(e.start / 1000, e.end / 1000, e.text.replace(_HIDING, "").replace(r"\N", "\n")) for e in events
    ]
    return _rolled([_stamped(cue) for cue in cues]) if kind == "vtt" else cues


_HIDING = "\u200b"


def _readable(text: str, kind: str, lost: Counter[str]) -> str:
    """The text without cues whose times cannot be read, with times inside of cues hidden, and of WebVTT the
    cues only.

    pysubs2 takes "-00:00:01,000" and "100:00:01,000" for one second, any line with two times for the first of
    a cue, and reads on into notes and names of cues, which stand between the empty line that ends a cue of
    WebVTT and the next one.
    """
    lines: list[str] = []
    kept = kind == "srt"
    for line in text.split("\n"):
        if "-->" in line:
            kept = bool(_ARROW[kind].fullmatch(line))
            lost[_NO_TIMES] += not kept
            if not kept and lines and lines[-1].strip().isdecimal():
                lines.pop()  # its number
        elif kind == "srt" and not line.strip():
            kept = True
        elif kind == "vtt" and not line:
            kept = False
        if kept:
            lines.append(line if "-->" in line else line.replace(":", ":" + _HIDING))
    return "\n".join(lines) + "\n"


_STAMP = re.compile(r"<((?:\d{1,4}:)?\d{2}:\d{2}\.\d{3})>")


def _stamped(cue: _Cue) -> _Cue:
    """WebVTT may say inside a cue when a word begins: <00:00:01.500>. Then all that stands between two stamps
    has its times.
    """
    parts = _STAMP.split(cue.text)
    if len(parts) < 3:
        return cue
    starts = [cue.start_s, *(_seconds(stamp) for stamp in parts[1::2])]
    if not all(a <= b for a, b in zip(starts, [*starts[1:], cue.end_s], strict=True)):
        return cue
    words: list[Word] = []
    kept, first = parts[0].rpartition("\n")[::2]  # lines above the first stamped one roll up, see _rolled
    for start_s, end_s, text in zip(starts, [*starts[1:], cue.end_s], [first, *parts[2::2]], strict=True):
        texts = [t for t, _ in _tokens(text)]
        spans = spread(start_s, end_s, texts)
        words += [Word(a, b, t, timed=len(texts) == 1) for (a, b), t in zip(spans, texts, strict=True)]
    return _Cue(cue.start_s, cue.end_s, kept, tuple(words))


def _rolled(cues: list[_Cue]) -> list[_Cue]:
    """Captions that roll up (YouTube's) show each line twice more, without stamps, after it was said: only
    what has stamps is kept.
    """
    if not any(cue.words for cue in cues):
        return cues
    said: list[str] = []
    kept = []
    for cue in cues:
        lines = [line for line in cue.text.split("\n") if _plain(line) and _plain(line) not in said]
        kept.append(cue._replace(text="\n".join(lines)))
        said = [_plain(line) for line in cue.text.split("\n")] + [" ".join(w.text for w in cue.words)]
    return [cue for cue in kept if cue.words or cue.text]


def _plain(line: str) -> str:
    return " ".join(t for t, _ in _tokens(line))


def _seconds(stamp: str) -> float:
    seconds = 0.0
    for part in stamp.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


# ---- JSON to cues


def _from_json(text: str, path: Path) -> list[_Cue]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(
            f"{path}: is no JSON that can be read ({one_line(error)}); export the transcript again"
        ) from None
    rows = _rows(data)
    if rows is None:
        raise UnreadableInput(
            f"{path}: is no transcript; expected a list of {{start, end, text}}, or an object with "
            "`segments` or `words`"
        )
    if rows and not any("text" in row for row in rows):
        times = [
            t
            for row in rows
            for t in (_number(row.get("start")), _number(row.get("end")))
            if math.isfinite(t)
        ]
        start_s, end_s = (times[0], times[-1]) if times else (math.nan, math.nan)
        return [_Cue(start_s, end_s, "", tuple(_timed(rows, start_s, end_s)))]
    return [_segment(row) for row in rows]


def _rows(data: Any) -> list[dict[str, Any]] | None:
    """The segments, or the words, in the JSON of Whisper, faster-whisper, WhisperX, whisper.cpp, OpenAI's
    API, or a plain list.
    """
    if not isinstance(data, dict):
        rows = _objects(data)
        return (
            rows
            if rows and all({"start", "offsets"} & set(row) and {"text", "word"} & set(row) for row in rows)
            else None
        )
    segments, words = _objects(data.get("segments", data.get("transcription"))), _objects(data.get("words"))
    if words and not any("words" in row for row in segments or ()):
        return words
    return segments if segments is not None else words


def _objects(rows: Any) -> list[dict[str, Any]] | None:
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def _segment(row: dict[str, Any]) -> _Cue:
    offsets = row.get("offsets")
    if isinstance(offsets, dict):  # whisper.cpp: milliseconds
        start_s, end_s = _number(offsets.get("from")) / 1000, _number(offsets.get("to")) / 1000
    else:
        start_s, end_s = _number(row.get("start")), _number(row.get("end"))
    text, words = row.get("text"), _objects(row.get("words"))
    shared = text if isinstance(text, str) and not words else ""
    return _Cue(start_s, end_s, shared, tuple(_timed(words or (), start_s, end_s)))


def _timed(rows: Sequence[dict[str, Any]], start_s: float, end_s: float) -> Iterator[Word]:
    """Words of a segment; those without times (WhisperX gives numbers none) share what lies between their
    neighbours.
    """
    texts = [" ".join(_clean(str(row.get("word", row.get("text", "")))).split()) for row in rows]
    times = [(_number(row.get("start")), _number(row.get("end"))) for row in rows]
    known = [math.isfinite(a) and math.isfinite(b) for a, b in times]
    at = 0
    while at < len(rows):
        if known[at]:
            yield Word(*times[at], texts[at], prob=_prob(rows[at]))
            at += 1
            continue
        upto = next((i for i in range(at, len(rows)) if known[i]), len(rows))
        left = times[at - 1][1] if at else start_s
        right = times[upto][0] if upto < len(rows) else end_s
        for (a, b), text in zip(spread(left, max(left, right), texts[at:upto]), texts[at:upto], strict=True):
            yield Word(a, b, text, timed=False)
        at = upto


def _number(value: Any) -> float:
    """Seconds as JSON gives them; NaN for anything that is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if -1e9 < value < 1e9 else math.nan


def _prob(row: dict[str, Any]) -> float:
    prob = _number(row.get("probability", row.get("score", row.get("prob"))))
    return prob if 0 <= prob <= 1 else math.nan


# ---- cues to words


def _unusable(cue: _Cue, reading: TranscriptOptions) -> str:
    """Why a cue cannot be placed, or nothing. The times of its words speak for themselves."""
    if cue.words and all(math.isfinite(w.start_s + w.end_s) for w in cue.words):
        return ""
    if not math.isfinite(cue.start_s + cue.end_s):
        return _NO_TIMES
    if cue.end_s <= cue.start_s:
        return "cues end before they start"
    if cue.end_s - cue.start_s > reading.longest_cue_s:
        return f"cues last longer than {reading.longest_cue_s:g} s, which tells nothing of their words"
    return ""


def _words_of(cue: _Cue, number: int) -> list[Word]:
    """Its words: those that came with times, and those whose times are shared out of its own."""
    tokens = _tokens(cue.text)
    spans = spread(cue.start_s, cue.end_s, [text for text, _ in tokens])
    shared = [
        Word(a, b, text, timed=False, opens=opens)
        for (a, b), (text, opens) in zip(spans, tokens, strict=True)
    ]
    return [
        replace(word, cue=number) for word in (*shared, *cue.words) if any(c.isalnum() for c in word.text)
    ]


def _moved(words: list[Word], late_s: float, lost: Counter[str]) -> Iterator[Word]:
    """Onto the clock of the first frame; what was said before it is left out."""
    for word in words:
        start_s, end_s = word.start_s - late_s, word.end_s - late_s
        if end_s <= 0:
            lost["words were said before the first frame"] += 1
            continue
        start_s = max(0.0, start_s)
        yield replace(word, start_s=start_s, end_s=max(end_s, start_s + LEAST_S))


_SPEAKER = re.compile(r"<v[ .][^>\n]{0,200}>")
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,500}>|<\d[\d:.]{0,20}>|\{\\[^}]{0,500}\}|\{[a-zA-Z]:[^}]{0,500}\}")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0f\ufeff\ud800-\udfff♩-♬]"
)
_NOISE = re.compile(r"\[[^\[\]]{0,200}\]")
_ONLY_NOISE = re.compile(r"[(（][^()（）]{0,200}[)）]")
_NEXT_SPEAKER = re.compile(r"\s*(?:[-–‐]|>>+)\s*(?=\S)")
_NAME = re.compile(r"\s*[A-Z][A-Z0-9 .'’#-]{1,30}:\s+(?=\S)")
_ATTACHED = set(ENDS + CLOSERS + ",;:-–—、，：；")
"""What belongs to the word before it, even where a space stands between them."""


def _clean(text: str) -> str:
    """Without mark-up, without characters that are not seen, without what is heard but not said ([laughs]);
    speakers as dashes.
    """
    text = html.unescape(_TAGS.sub("", _SPEAKER.sub("\n- ", text)))
    return _NOISE.sub(" ", _UNSEEN.sub("", text.replace(r"\h", " ")))


def _tokens(text: str) -> list[tuple[str, bool]]:
    """Words with their punctuation, and which of them begin another speaker's line. Chinese and Japanese go
    character by character.
    """
    tokens: list[tuple[str, bool]] = []
    for line in _clean(text).split("\n"):
        opens = False
        for pattern in (_NEXT_SPEAKER, _NAME):
            line, count = re.subn(rf"^(?:{pattern.pattern})", "", line)
            opens |= bool(count)
        if _ONLY_NOISE.fullmatch(line.strip()):
            continue
        for piece in (p for word in line.split() for p in _pieces(word)):
            if any(c.isalnum() for c in piece):
                tokens.append((piece, opens))
                opens = False
            elif tokens and not opens and set(piece) <= _ATTACHED:
                tokens[-1] = (tokens[-1][0] + piece, tokens[-1][1])
    return tokens


def _pieces(word: str) -> list[str]:
    """One word, or its characters, each with the punctuation after it, where its script has no spaces."""
    if not spaceless(word):
        return [word]
    return re.findall(r"[^\w]*(?:[a-zA-Z0-9]+|\w)[^\w]*", word) or [word]
