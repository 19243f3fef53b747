"""A scan that listens: voice, words and tags in the log, from a transcript, from fakes, and from the real
networks where they are.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fakes
import installing
import plugins
import worlds
from momentscan import flows
from momentscan.errors import MissingModel, UnreadableInput, UsageError
from momentscan.flows import Outcome
from momentscan.settings import Settings, load

SRT = "1\n00:00:01,000 --> 00:00:03,000\nLook at that.\n\n2\n00:00:50,000 --> 00:00:51,000\nToo late.\n"
LISTENING = ("voice.prob", "tags.laughter", "tags.applause", "tags.cheer", "tags.music", "tags.speech")


def settings(folder: Path, **changes: object) -> Settings:
    quick = {"embedder": "descriptor", "detector": "none", "engine": "saliency", "stills": False}
    return load(**{"output": str(folder / "out"), **quick, **changes})


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds with sound, loud from 3 to 4 s."""
    path = tmp_path_factory.mktemp("loud") / "loud.mp4"
    heard = worlds.tone(6.0, lambda t: np.where((t >= 3) & (t < 4), 0.5, 0.01))
    worlds.write_video(
        path,
        worlds.frames(6.0, lambda t: (20 + 5 * t, 20.0), 10.0),
        10.0,
        heard,
        options={"preset": "ultrafast"},
    )
    return path


@pytest.fixture
def film(video: Path, tmp_path: Path) -> Path:
    """It in a folder of its own."""
    (tmp_path / "film.mp4").hardlink_to(video)
    return tmp_path / "film.mp4"


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    installing.install(monkeypatch, fakes.listening)


def told(outcome: Outcome) -> dict[str, object]:
    found: dict[str, object] = json.loads((Path(outcome.folder) / "run.json").read_text())
    return found


@pytest.mark.usefixtures("listening")
def test_voice_and_tags_are_logged_with_who_made_them(film: Path, tmp_path: Path) -> None:
    outcome = flows.scan(film, settings(tmp_path))
    signals = flows.load(Path(outcome.folder))
    assert all(len(signals[name]) for name in LISTENING)
    assert (signals.made_by["voice.prob"], signals.made_by["tags.cheer"]) == (
        "fake-voice-v1",
        "fake-tagger-v1",
    )
    loud = signals["voice.time_s"][signals["voice.prob"] > 0.5]
    assert loud[0] == pytest.approx(3.0, abs=0.1)
    assert loud[-1] == pytest.approx(4.0, abs=0.1)
    assert [row["for"] for row in told(outcome)["models"]][-2:] == ["voice activity", "audio tags"]  # type: ignore[index, union-attr, call-overload]
    assert not [line for line in outcome.warnings if "listened" in line]


def test_without_models_or_a_transcript_nothing_is_logged_and_a_line_says_why(
    film: Path, tmp_path: Path
) -> None:
    outcome = flows.scan(film, settings(tmp_path))
    signals = flows.load(Path(outcome.folder))
    assert not [name for name in signals if name.startswith(("voice.", "words.", "tags."))]
    assert outcome.warnings == (
        "not listened for, as no model is on this machine: speech, laughter and applause; `momentscan "
        "models pull silero-vad yamnet`",
    )


def test_a_video_without_a_sound_track_has_nothing_to_listen_to(tmp_path: Path) -> None:
    path = worlds.ride(tmp_path / "mute.mp4", 4.0, (2.0, 3.0), sound=False)
    assert flows.scan(path, settings(tmp_path)).warnings == ()


@pytest.mark.usefixtures("listening")
def test_a_video_without_a_sound_track_has_no_rows(tmp_path: Path) -> None:
    path = worlds.ride(tmp_path / "mute.mp4", 4.0, (2.0, 3.0), sound=False)
    signals = flows.load(Path(flows.scan(path, settings(tmp_path)).folder))
    assert {signals.rows(name) for name in LISTENING} == {0}


def test_a_transcript_beside_the_video_becomes_words(film: Path, tmp_path: Path) -> None:
    film.with_suffix(".srt").write_text(SRT)
    outcome = flows.scan(film, settings(tmp_path, voice="none", tagger="none"))
    signals = flows.load(Path(outcome.folder))
    assert signals["words.text"].tolist() == ["Look", "at", "that."]
    assert signals["words.sentence"].tolist() == [0, 0, 0]
    assert signals["words.timed"].tolist() == [False] * 3
    assert signals["words.start_s"][0] == pytest.approx(1.0, abs=0.05)
    assert outcome.problems == ("film.srt: 2 words lie beyond the end of the video",)
    assert outcome.status == "done"


def test_the_log_is_made_again_when_the_transcript_changes_and_only_then(film: Path, tmp_path: Path) -> None:
    chosen = settings(tmp_path, voice="none", tagger="none")
    assert flows.scan(film, chosen).status == "done"
    film.with_suffix(".srt").write_text(SRT)
    assert flows.scan(film, chosen).status == "done"
    assert flows.scan(film, chosen).status == "unchanged"
    film.with_suffix(".srt").write_text(SRT.replace("that", "this"))
    outcome = flows.scan(film, chosen)
    assert flows.load(Path(outcome.folder))["words.text"].tolist()[-1] == "this."
    without = flows.scan(film, settings(tmp_path, voice="none", tagger="none", transcript="none"))
    assert "words.text" not in flows.load(Path(without.folder))


def test_a_transcript_that_is_named_is_read_or_refused_before_anything_is_written(
    film: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nYes.\n")
    named = settings(tmp_path, transcript=str(tmp_path / "elsewhere.vtt"), voice="none", tagger="none")
    assert flows.load(Path(flows.scan(film, named).folder))["words.text"].tolist() == ["Yes."]
    with pytest.raises(UnreadableInput, match="is not there"):
        flows.scan(film, settings(tmp_path / "new", transcript=str(tmp_path / "none.srt")))
    assert not (tmp_path / "new").exists()


def test_an_unreadable_transcript_beside_the_video_is_a_line_not_an_end(film: Path, tmp_path: Path) -> None:
    film.with_suffix(".srt").write_bytes(b"\0\0\0\1" * 50)
    outcome = flows.scan(film, settings(tmp_path, voice="none", tagger="none"))
    assert outcome.status == "done"
    assert outcome.problems[0].startswith("the transcript beside the video was left out: ")


def test_words_are_recognised_where_that_is_asked_for(film: Path, tmp_path: Path) -> None:
    ears = {"momentscan.models": {"asr.some": "fakes:Recogniser"}}
    with plugins.installed(tmp_path / "site", "some-ears", "1.0", ears):
        outcome = flows.scan(film, settings(tmp_path, asr="some", voice="none", tagger="none"))
    signals = flows.load(Path(outcome.folder))
    assert len(signals["words.text"]) >= 2
    assert signals["words.prob"].tolist() == pytest.approx([0.9] * len(signals["words.text"]))
    assert signals.made_by["words.text"] == "fake-recogniser-v1"
    plain = flows.scan(film, settings(tmp_path, voice="none", tagger="none"))
    assert "words.text" not in flows.load(Path(plain.folder))


def test_recognition_without_the_extra_ends_before_anything_is_written(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "faster_whisper", None)
    with pytest.raises(MissingModel, match=r"pip install 'momentscan\[speech\]'"):
        flows.scan(film, settings(tmp_path, asr="small"))
    assert not (tmp_path / "out").exists()


def test_names_that_are_none_are_refused(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no audio tagger 'ears'"):
        flows.scan(film, settings(tmp_path, tagger="ears"))
    with pytest.raises(
        UsageError, match=r"knob words\.sentences\.pause_s wants at least 0 s, got -1 \(from an argument\)"
    ):
        flows.scan(film, settings(tmp_path, sentences={"pause_s": -1}))


@pytest.mark.weights
@pytest.mark.media
def test_real_networks_hear_speech_where_there_is_some(
    tmp_path: Path, models_folder: Path, media_folder: Path
) -> None:
    outcome = flows.scan(media_folder / "expr/lp_d20.mp4", settings(tmp_path, models=str(models_folder)))
    signals = flows.load(Path(outcome.folder))
    assert (signals["voice.prob"] > 0.5).mean() > 0.6
    assert np.median(signals["tags.speech"]) > 0.8
    assert signals["tags.music"].max() < 0.2
    music = flows.load(
        Path(
            flows.scan(
                media_folder / "audio/drummer_portrait.mp4", settings(tmp_path, models=str(models_folder))
            ).folder
        )
    )
    assert (music["voice.prob"] > 0.5).mean() < 0.05
    assert np.median(music["tags.music"]) > 0.7


@pytest.mark.weights
@pytest.mark.media
def test_laughter_scores_higher_where_people_laugh(
    tmp_path: Path, models_folder: Path, media_folder: Path
) -> None:
    name = "multi/girl_laughing_full_73s.mp4"
    laughs = json.loads((media_folder / "labels.json").read_text())[name]["laugh_audio_yamnet>=0.3"]
    signals = flows.load(
        Path(flows.scan(media_folder / name, settings(tmp_path, models=str(models_folder))).folder)
    )
    middle_s, laughter = signals["tags.time_s"] + 0.48, signals["tags.laughter"]
    inside = np.any([(middle_s >= a) & (middle_s < b) for a, b in laughs], axis=0)
    ranks = np.mean(
        [(here > laughter[~inside]) + 0.5 * (here == laughter[~inside]) for here in laughter[inside]]
    )
    assert ranks > 0.85, "area under the curve"
    assert all(laughter[(middle_s >= a) & (middle_s < b)].max() >= 0.15 for a, b in laughs)
