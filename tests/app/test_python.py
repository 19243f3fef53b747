"""The Python face: what a notebook user types, with real files."""

from __future__ import annotations

import inspect
import shutil
import typing
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import momentscan as ms
from momentscan import registry
from momentscan.app import python as face
from momentscan.app.knobs import tables
from momentscan.errors import UnreadableInput, UsageError
from momentscan.knobs import knobs_of
from momentscan.settings import Options

VERBS = [
    face.scan,
    face.load,
    face.judge,
    face.find,
    face.clip,
    face.export,
    face.pack,
    face.compare,
    face.plot,
]


@pytest.fixture
def folder(scanned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scanned ride that may be written into, in the output of a working folder."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(scanned, tmp_path / "output" / scanned.name))


def parameters(verb: Any) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(verb).parameters)


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v.__name__)
def test_every_option_has_a_name_a_type_and_a_word_in_the_docstring(verb: Any) -> None:
    assert {p.kind for p in parameters(verb).values()} <= {
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    }
    if verb is not face.plot:  # its type is matplotlib's, which is an extra
        hints = get_type_hints(verb)
        assert hints.keys() == {*parameters(verb), "return"}
        assert Any not in hints.values()
    assert "Raises" in verb.__doc__ or "errors as" in verb.__doc__


def test_every_option_and_model_is_a_parameter_of_a_verb_with_the_same_type() -> None:
    asked = {
        name: list(typing.get_args(hint))
        for verb in VERBS
        if verb is not face.plot
        for name, hint in get_type_hints(verb).items()
    }
    for field in knobs_of(Options):
        if field.name == "jobs":  # here it is one video at a time
            continue
        words = field.knob.choices or {"aspect": ("16:9", "9:16", "1:1")}.get(field.name)
        wanted = [typing.Literal[words]] if words else typing.get_args(field.type) or [field.type]
        for kind in (*wanted, type(None)):
            assert (str if kind is Path else kind) in asked[field.name], field.name
    for slot in registry.slot_defaults():
        assert asked[slot] == [str, type(None)], slot


def test_judging_gives_the_whole_verdict_and_finding_its_moments(scanned: Path) -> None:
    signals = ms.load(scanned)
    verdict = ms.judge(signals, "saliency")
    assert ms.find(signals, "saliency") == verdict.moments
    assert verdict.moments[0].window.start_s <= 13.0 <= verdict.moments[0].window.end_s
    assert len(verdict.curve.time_s) == len(verdict.smoothed)
    assert len(verdict.candidates) >= len(verdict.moments)
    assert (
        ms.judge(signals, "vector").reason == "no_face: not one face was seen"
        or ms.judge(signals, "vector").reason
    )


def test_a_knob_by_its_dotted_name_turns_it(scanned: Path) -> None:
    signals = ms.load(scanned)
    assert (
        ms.judge(signals, "saliency", knobs={"saliency.percentile": 50}).threshold
        != ms.judge(signals, "saliency").threshold
    )


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        ({"percentile": 80}, "a knob is named table.knob"),
        ({"rules.contrast": 3.0}, "'rules.contrast' is none of saliency's"),
        ({"saliency.percentil": 80}, "percentil"),
        ({"saliency.percentile": "much"}, "percentile wants a"),
        ({"saliency.percentile": 4000}, "percentile wants at most"),
    ],
)
def test_a_knob_that_is_not_there_is_told_in_one_line(
    scanned: Path, knobs: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=told) as error:
        ms.find(ms.load(scanned), "saliency", knobs=knobs)
    assert "\n" not in str(error.value)


def test_finding_without_an_engine_names_those_there_are(scanned: Path) -> None:
    with pytest.raises(UsageError, match="rules, vector, saliency"):
        ms.find(ms.load(scanned))
    with pytest.raises(UsageError, match="rules, vector, saliency"):
        ms.judge(ms.load(scanned), "loudest")


def test_what_is_of_another_kind_is_told_in_one_line(scanned: Path) -> None:
    with pytest.raises(UsageError, match=r"judge wants Signals, which ms\.load gives; got str"):
        ms.judge(str(scanned), "rules")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"plot wants Verdict, which ms\.judge gives; got tuple"):
        ms.plot(ms.find(ms.load(scanned), "saliency"))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="got Signals that lie in no folder"):
        ms.pack(ms.Signals(ms.load(scanned).video, {}))  # type: ignore[arg-type]


def test_dotted_names_become_tables_of_any_depth() -> None:
    assert tables({"rules.peaks.distance_s": 3, "rules.contrast": 2, "clips.preset": "fast"}) == {
        "rules": {"peaks": {"distance_s": 3}, "contrast": 2},
        "clips": {"preset": "fast"},
    }


def test_a_scan_returns_what_was_seen_and_where_it_lies(ride: Path, tmp_path: Path) -> None:
    steps: list[ms.Step] = []
    signals = ms.scan(
        ride,
        output=tmp_path,
        engine="saliency",
        embedder="descriptor",
        stills=False,
        on_progress=steps.append,
    )
    assert signals.folder == tmp_path / "ride"
    assert signals.video.duration_s == pytest.approx(24.0, abs=0.1)
    assert any(step.stage == "watching" and step.done > 20 for step in steps)
    assert [p.name for p in signals.folder.glob("highlight_*")] == ["highlight_saliency"]


def test_what_is_not_said_is_as_the_settings_say(
    ride: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOMENTSCAN_OUTPUT", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("MOMENTSCAN_GRID_HZ", "2")
    (tmp_path / "momentscan.toml").write_text('engine = "saliency"\n[picks]\ncount = 1\n')
    monkeypatch.chdir(tmp_path)
    signals = ms.scan(ride, embedder="descriptor", stills=False, identity=False, grid_hz=1)
    assert signals.folder == tmp_path / "elsewhere" / "ride"
    assert len(signals["frames.time_s"]) == 24
    assert [p.name for p in signals.folder.glob("highlight_*")] == ["highlight_saliency"]


def test_the_verbs_of_a_folder_take_signals_a_folder_or_an_id(folder: Path) -> None:
    for place in (ms.load(folder), folder, str(folder), folder.name):
        (exported,) = ms.export(place, ["edl", "csv"], engine="saliency")
        assert [Path(file).suffix for file in exported.files] == [".edl", ".csv"]
        assert Path(exported.folder).resolve() == folder.resolve()


def test_clips_are_cut_where_the_knobs_say(folder: Path) -> None:
    outcome = ms.clip(
        ms.load(folder),
        engine="saliency",
        knobs={"clips.preset": "ultrafast", "align.extent": "peak"},
        subtitles=False,
    )
    assert outcome.clips
    lengths_ms = [c.clip.cut_end_ms - c.clip.cut_start_ms for c in outcome.clips if c.clip is not None]
    assert len(lengths_ms) == len(outcome.clips)
    assert all(1000 <= length_ms <= 4000 for length_ms in lengths_ms)
    assert (folder / "clips" / "saliency" / outcome.clips[0].file).stat().st_size > 0


def test_packs_can_be_made_again(folder: Path) -> None:
    assert ms.pack(folder, token="zeta").packs == ()


def test_two_engines_are_compared_on_one_video_or_several(folder: Path) -> None:
    one = ms.compare(ms.load(folder), "saliency", "vector")
    assert list(one.videos) == [folder.name]
    assert one.videos[folder.name].windows_a == one.summary.means["windows_a"] > 0
    assert ms.compare([folder, folder.name], "saliency", "vector").summary.videos == 2
    title, head, ride, every = repr(one).splitlines()
    assert title == "saliency (a) and vector (b) on 1 video"
    assert head.split()[:2] == ["video", "windows_a"]
    assert (ride.split()[0], every.split()[0]) == (folder.name, "all")
    assert one._repr_html_().count("<tr>") == 3
    with pytest.raises(UsageError, match="got none"):
        ms.compare([], "saliency", "vector")


def test_one_video_is_asked_for_where_a_folder_holds_several(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("again"))
    with pytest.raises(UsageError, match=r"holds 2 scanned videos; name one of them, say .*again"):
        ms.pack(folder.parent)


@pytest.mark.parametrize("place", ["/", "nowhere", "."])
def test_what_is_no_scanned_video_is_told_in_one_line(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableInput) as error:
        ms.load(place)
    assert "\n" not in str(error.value)


def test_a_log_can_be_loaded_by_its_own_folder_too(scanned: Path) -> None:
    assert ms.load(scanned / "signals").folder == ms.load(scanned).folder == scanned.resolve()


def test_an_option_that_cannot_be_is_refused_by_name(ride: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="grid_hz"):
        ms.scan(ride, output=tmp_path, grid_hz=0)
    with pytest.raises(UsageError, match="rulez"):
        ms.scan(ride, output=tmp_path, knobs={"rulez.contrast": 3})
    with pytest.raises(TypeError, match="moddels"):
        ms.scan(ride, moddels=tmp_path)  # type: ignore[call-arg]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        (["rules.contrast"], "knobs want a dictionary, .*; got list"),
        ("rules.contrast=3", "knobs want a dictionary, .*; got str"),
        ({5: 3}, r"a knob is named table\.knob, .*; got 5"),
        (
            {"rules.peaks": 3, "rules.peaks.distance_s": 3},
            r"knob 'rules\.peaks\.distance_s' stands in a table",
        ),
    ],
)
def test_knobs_of_another_shape_are_told_in_one_line(knobs: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        tables(knobs)


@pytest.mark.parametrize("place", [5, None, ["ride"]])
def test_what_is_no_folder_is_told_in_one_line(place: object) -> None:
    with pytest.raises(UsageError, match="load wants a folder, got"):
        ms.load(place)  # type: ignore[arg-type]


def test_a_name_that_no_file_can_have_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="null byte"):
        ms.load("a\0b")
    with pytest.raises(UnreadableInput, match="null byte"):
        ms.scan("a\0b", output=tmp_path)
