"""The contract of interface.md: what users type, what they get, and with which exit code."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from momentscan import flows
from momentscan.app import cli
from momentscan.errors import Cancelled

Command = Callable[..., Any]

SCAN = ("scan", "--embedder", "descriptor")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def one_line(text: str) -> str:
    """The only line of a message; there is no traceback in it."""
    lines = text.splitlines()
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video at all " * 300)
    return path


# scan


def test_a_scan_gives_the_files_of_the_contract(scanned: Path) -> None:
    there = {p.relative_to(scanned).as_posix() for p in scanned.rglob("*")}
    assert {
        "signals/manifest.json",
        "highlight_saliency/windows.json",
        "highlight_saliency/frames",
        "report.html",
        "run.json",
    } <= there
    debug = {"score_curve.json", "peak_candidates.json", "filtering_log.json"}
    assert {f"highlight_saliency/debug/{name}" for name in debug} <= there
    assert not [name for name in there if name.endswith(".part") or "/." in name]
    windows = json.loads((scanned / "highlight_saliency" / "windows.json").read_text())
    assert windows
    for window in windows:
        for frame in window["selected_frames"]:
            stem = f"highlight_saliency/frames/window_{window['window_id']:03d}_f{frame['frame_idx']}"
            assert {f"{stem}.jpg", f"{stem}_meta.json"} <= there
    run = json.loads((scanned / "run.json").read_text())
    assert {"version", "settings", "models", "timings_s", "x_realtime", "warnings", "partial"} <= set(run)
    assert all({"sha256", "licence"} <= set(model) for model in run["models"])


def test_a_second_scan_says_so_and_changes_no_byte(momentscan: Command, ride: Path) -> None:
    first = momentscan(*SCAN, ride)
    assert first.code == 0
    assert "done" in first.out
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in Path("output").rglob("*") if p.is_file()}
    second = momentscan(*SCAN, ride)
    assert second.code == 0
    missing = [line.strip() for line in second.err.splitlines()]
    assert len(missing) == 2, "what was missing is said again"
    assert missing[0].startswith("ride: no face detector is on this machine")
    assert missing[1].startswith(
        "ride: not listened for, as no model is on this machine: speech, laughter and applause"
    )
    assert "unchanged" in second.out
    assert before == {
        p: (p.stat().st_mtime_ns, p.read_bytes()) for p in Path("output").rglob("*") if p.is_file()
    }


def test_force_does_it_again_and_every_byte_is_the_same(momentscan: Command, ride: Path) -> None:
    momentscan(*SCAN, ride)
    before = contents(Path("output/ride"))
    again = momentscan(*SCAN, ride, "--force")
    assert again.code == 0
    assert "unchanged" not in again.out
    after = contents(Path("output/ride"))
    assert set(after) == set(before)
    assert {name for name in after if after[name] != before[name]} <= {"signals/manifest.json", "run.json"}


def test_two_videos_of_one_name_have_two_folders_and_each_is_found_again(
    momentscan: Command, ride: Path, still: Path, tmp_path: Path
) -> None:
    for folder, video in (("a", ride), ("b", still)):
        (tmp_path / folder).mkdir()
        shutil.copy(video, tmp_path / folder / "clip.mp4")
    assert momentscan(*SCAN, "a/clip.mp4", "b/clip.mp4").code == 0
    names = sorted(p.name for p in (tmp_path / "output").iterdir())
    assert len(names) == 2
    assert names[0] == "clip"
    assert names[1].startswith("clip-")
    again = momentscan(*SCAN, "b/clip.mp4", "a/clip.mp4")
    assert again.out.count("unchanged") == 2
    assert sorted(p.name for p in (tmp_path / "output").iterdir()) == names


def test_a_video_named_twice_is_scanned_once(momentscan: Command, still: Path) -> None:
    told = momentscan(*SCAN, still, still, "--json")
    assert len(json.loads(told.out)) == 1


def test_a_video_that_was_moved_is_found_again(momentscan: Command, still: Path, tmp_path: Path) -> None:
    shutil.copy(still, tmp_path / "clip.mp4")
    momentscan(*SCAN, "clip.mp4")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "clip.mp4").rename(tmp_path / "elsewhere" / "clip.mp4")
    assert "unchanged" in momentscan(*SCAN, "elsewhere/clip.mp4").out


# exit codes


def test_nothing_typed_shows_the_help(momentscan: Command) -> None:
    told = momentscan()
    assert "scan" in told.out + told.err
    assert told.code in (0, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan",),
        ("scan", "--no-such-option", "x.mp4"),
        ("nonsense",),
        ("scan", "x.mp4", "--jobs", "many"),
        ("scan", "x.mp4", "--jobs", "0"),
        ("scan", "x.mp4", "--engine", "nonsense"),
        ("scan", "x.mp4", "--embedder", "nonsense"),
        ("scan", "x.mp4", "--decode", "slow"),
        ("scan", "x.mp4", "--device", "abacus"),
        ("find", "nowhere", "--engine", "saliency"),
        ("find", "nowhere"),
    ],
)
def test_wrong_usage_is_2(
    arguments: tuple[str, ...], momentscan: Command, still: Path, tmp_path: Path
) -> None:
    shutil.copy(still, tmp_path / "x.mp4")
    told = momentscan(*arguments)
    assert told.code == 2
    assert told.out == ""
    assert told.err
    assert "Traceback" not in told.err
    assert not (tmp_path / "output").exists()


def test_a_file_that_cannot_be_read_is_3_in_one_line_and_leaves_nothing(
    momentscan: Command, broken: Path, tmp_path: Path
) -> None:
    for name in (broken, "gone.mp4", tmp_path):
        told = momentscan(*SCAN, name)
        assert told.code == 3
        assert str(name) in one_line(told.err)
        assert told.out == ""
    assert [p.name for p in tmp_path.iterdir()] == ["broken.mp4"]


def test_a_file_whose_pictures_are_all_damaged_leaves_nothing_either(
    momentscan: Command, tmp_path: Path
) -> None:
    """That is noticed in the middle of the scan, when folders are there already."""
    from media.making import encode, numbered, with_holes

    clean = encode(tmp_path / "clean.mkv", numbered(20))
    with_holes(clean, range(20), tmp_path / "dead.mkv")
    told = momentscan(*SCAN, "dead.mkv")
    assert told.code == 3
    assert "not one frame" in one_line(told.err)
    assert not (tmp_path / "output").exists()


def test_a_missing_model_is_4_in_one_line_that_says_what_to_run(
    momentscan: Command, still: Path, tmp_path: Path
) -> None:
    told = momentscan("scan", still, "--embedder", "openclip")
    assert told.code == 4
    assert "momentscan models pull" in one_line(told.err)
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_bad_file_never_stops_the_others_and_is_5(
    jobs: str, momentscan: Command, broken: Path, still: Path, ride: Path
) -> None:
    told = momentscan(*SCAN, "--no-stills", broken, still, "gone.mp4", ride, "--jobs", jobs, "--json")
    assert told.code == 5
    results = json.loads(told.out)
    assert [r["exit_code"] for r in results] == [3, 0, 3, 0], "in the order typed"
    assert [r["status"] for r in results] == ["failed", "done", "failed", "done"]
    assert {p.name for p in Path("output").iterdir()} == {"ride", "still"}
    assert "Traceback" not in told.err


def test_several_that_all_fail_are_5_or_their_own_code(momentscan: Command, broken: Path) -> None:
    told = momentscan(*SCAN, broken, "gone.mp4")
    assert told.code in (3, 5)
    assert "2 of 2 failed" in told.err


def test_a_defect_is_1_in_one_line(momentscan: Command, still: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_scan(*args: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(flows, "scan", broken_scan)
    told = momentscan(*SCAN, still)
    assert told.code == 1
    assert "defect" in one_line(told.err)
    assert "ZeroDivisionError" in told.err


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Cancelled])
def test_a_cancelled_scan_is_130(
    stop: type[BaseException], momentscan: Command, still: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*args: object) -> None:
        raise stop

    monkeypatch.setattr(flows, "scan", stopped)
    told = momentscan(*SCAN, still)
    assert told.code == 130
    assert "cancelled" in one_line(told.err)


@pytest.mark.parametrize("place", ["/proc/nowhere/out", "file/out"])
def test_a_folder_that_cannot_be_written_is_2_in_one_line(
    place: str, momentscan: Command, still: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    told = momentscan(*SCAN, still, "-o", place)
    assert told.code == 2
    assert place in one_line(told.err)
    assert "-o" in told.err


# --json, streams, progress


@pytest.mark.parametrize("videos", [("still",), ("still", "broken"), ("broken",)])
def test_json_is_one_document_and_nothing_else(
    videos: tuple[str, ...], momentscan: Command, still: Path, broken: Path
) -> None:
    told = momentscan(*SCAN, *[{"still": still, "broken": broken}[v] for v in videos], "--json")
    results = json.loads(told.out)
    assert [r["status"] for r in results] == [{"still": "done", "broken": "failed"}[v] for v in videos]
    for result in results:
        if result["status"] == "failed":
            assert str(broken) in result["error"]
            assert result["exit_code"] == 3


def test_json_tells_the_windows(momentscan: Command, scanned: Path) -> None:
    told = momentscan("find", scanned, "--json")
    [result] = json.loads(told.out)
    assert result["windows"]["saliency"] == json.loads(
        (scanned / "highlight_saliency" / "windows.json").read_text()
    )
    assert told.err == ""


def test_progress_is_silent_where_no_terminal_listens(momentscan: Command, still: Path) -> None:
    told = momentscan(*SCAN, still)
    assert told.code == 0
    assert told.err == "" or all(line.startswith("  still: ") for line in told.err.splitlines()), (
        "warnings, but no bar"
    )
    assert "\x1b" not in told.out + told.err
    assert "\r" not in told.out + told.err


def test_partial_is_said(momentscan: Command, tmp_path: Path) -> None:
    from media.making import encode, numbered

    path = encode(tmp_path / "whole.mkv", numbered(200))
    (tmp_path / "cut.mkv").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    told = momentscan(*SCAN, "cut.mkv", "--json")
    [result] = json.loads(told.out)
    assert (told.code, result["status"]) == (0, "partial")
    assert "promises 8.00 s" in result["problems"][0]
    run = json.loads((tmp_path / "output" / "cut" / "run.json").read_text())
    assert run["partial"] is True
    assert run["problems"]


# find


def test_find_works_after_the_video_is_gone(momentscan: Command, ride: Path, tmp_path: Path) -> None:
    shutil.copy(ride, tmp_path / "mine.mp4")
    momentscan(*SCAN, "mine.mp4")
    before = contents(tmp_path / "output" / "mine")
    (tmp_path / "mine.mp4").unlink()
    for place in ("mine", "output/mine", "output", tmp_path / "output" / "mine"):
        assert momentscan("find", place, "--engine", "saliency").code == 0
    after = contents(tmp_path / "output" / "mine")
    assert {name for name in after if after[name] != before.get(name)} <= {"run.json"}


def test_a_knob_that_is_turned_changes_the_result(momentscan: Command, scanned: Path, tmp_path: Path) -> None:
    shutil.copytree(scanned, tmp_path / "copy")
    plain = json.loads(momentscan("find", "copy", "--engine", "saliency", "--json").out)[0]["windows"][
        "saliency"
    ]
    loose = json.loads(
        momentscan(
            "find", "copy", "--engine", "saliency", "--set", "percentile=10", "--set", "contrast=0", "--json"
        ).out
    )[0]["windows"]["saliency"]
    assert loose != plain
    run = json.loads((tmp_path / "copy" / "run.json").read_text())
    assert run["engines"]["saliency"]["knobs"]["intervals"]["percentile"] == 10.0


@pytest.mark.parametrize(
    ("knob", "said"),
    [
        ("sparkle=1", "'sparkle'"),
        ("percentile=101", "percentile wants at most 100"),
        ("hop_s=0", "hop_s wants at least 0.25"),
        ("percentile=high", "percentile wants a float"),
        ("percentile=nan", "percentile wants a finite number"),
        ("smooth=butter", "smooth wants one of gaussian, median, none"),
        ("percentile", "knob=value"),
        ("=3", "knob=value"),
    ],
)
def test_a_knob_that_cannot_be_turned_so_is_2_in_one_line(
    knob: str, said: str, momentscan: Command, scanned: Path
) -> None:
    before = contents(scanned)
    told = momentscan("find", scanned, "--engine", "saliency", "--set", knob)
    assert told.code == 2
    assert said in one_line(told.err)
    assert contents(scanned) == before


def test_a_log_that_is_gone_is_3(momentscan: Command, scanned: Path, tmp_path: Path) -> None:
    shutil.copytree(scanned, tmp_path / "copy")
    (tmp_path / "copy" / "signals" / "manifest.json").unlink()
    told = momentscan("find", "copy", "--engine", "saliency")
    assert told.code == 3
    assert "scan the video again" in one_line(told.err)


def test_a_log_that_is_damaged_is_3(momentscan: Command, scanned: Path, tmp_path: Path) -> None:
    shutil.copytree(scanned, tmp_path / "copy")
    (tmp_path / "copy" / "signals" / "frames.motion.parquet").write_bytes(b"PAR1")
    told = momentscan("find", "copy", "--engine", "saliency")
    assert told.code == 3
    assert "frames.motion.parquet" in one_line(told.err)


# help, version, doctor, models


def every_command() -> Iterator[tuple[str, ...]]:
    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, (*path, name))

    return walk(typer.main.get_command(cli.app), ())


@pytest.mark.parametrize("command", list(every_command()), ids=" ".join)
def test_every_command_helps(command: tuple[str, ...], momentscan: Command) -> None:
    for flag in ("--help", "-h"):
        told = momentscan(*command, flag)
        assert told.code == 0
        assert "Usage" in told.out
        assert told.err == ""


def test_the_commands_of_the_contract_are_there() -> None:
    assert {"scan", "find", "pack", "compare", "people", "models", "doctor", "demo"} <= {
        c[0] for c in every_command() if c
    }
    assert {("models", name) for name in ("list", "pull", "verify")} <= set(every_command())
    assert {("people", name) for name in ("list", "forget")} <= set(every_command())


def test_the_version_is_told(momentscan: Command) -> None:
    from momentscan import __version__

    assert momentscan("--version").out == f"momentscan {__version__}\n"


def test_doctor_tells_what_works_as_json_too(momentscan: Command) -> None:
    told = momentscan("doctor", "--json")
    findings = json.loads(told.out)
    assert told.code == 0
    assert all({"what", "ok", "found", "remedy"} <= set(f) for f in findings)
    assert all(f["remedy"] for f in findings if not f["ok"]), "what does not work says what to do"


def test_doctor_notices_a_folder_that_cannot_be_written(momentscan: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = momentscan("doctor", "-o", "file/out")
    assert told.code == 4
    assert "MISSING  output folder" in told.out


def test_models_are_listed_without_any_here(momentscan: Command) -> None:
    told = momentscan("models", "list", "--json")
    rows = json.loads(told.out)
    assert rows
    assert all({"licence", "sha256", "size_bytes", "sources"} <= set(row) for row in rows)
    assert momentscan("models", "verify").code == 0
    assert momentscan("models", "pull", "no-such-model").code == 2


# settings


def test_arguments_beat_the_environment_beats_the_file_beats_the_default(
    momentscan: Command, still: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = ("scan", still, "--no-stills")
    monkeypatch.setenv("MOMENTSCAN_EMBEDDER", "descriptor")
    assert momentscan(*common).code == 0
    assert (tmp_path / "output").is_dir()
    (tmp_path / "momentscan.toml").write_text(
        'output = "from_file"\ngrid_hz = 5\n[saliency]\npercentile = 80\n'
    )
    assert momentscan(*common).code == 0
    run = json.loads((tmp_path / "from_file" / "still" / "run.json").read_text())
    assert run["settings"]["sampling"]["grid_hz"] == 5
    assert run["engines"]["saliency"]["knobs"]["intervals"]["percentile"] == 80
    monkeypatch.setenv("MOMENTSCAN_OUTPUT", "from_environment")
    assert momentscan(*common).code == 0
    assert (tmp_path / "from_environment" / "still" / "run.json").is_file()
    assert momentscan(*common, "-o", "from_argument").code == 0
    assert (tmp_path / "from_argument" / "still" / "run.json").is_file()


def test_a_knob_on_the_command_line_joins_those_of_the_file(
    momentscan: Command, scanned: Path, tmp_path: Path
) -> None:
    shutil.copytree(scanned, tmp_path / "copy")
    (tmp_path / "momentscan.toml").write_text("[saliency]\npercentile = 80\nhop_s = 2.0\n")
    assert momentscan("find", "copy", "--engine", "saliency", "--set", "hop_s=1.5").code == 0
    knobs = json.loads((tmp_path / "copy" / "run.json").read_text())["engines"]["saliency"]["knobs"]
    assert (knobs["intervals"]["percentile"], knobs["hop_s"]) == (80.0, 1.5)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("grid_hz = 0", "grid_hz"),
        ("grid_hz = 'often'", "grid_hz"),
        ("= nonsense", "momentscan.toml"),
        ("grid_hertz = 3", "grid_hertz"),
        ("[saliency]\nsparkle = 1", "sparkle"),
        ("saliency = 3", "saliency"),
    ],
)
def test_a_wrong_setting_is_2_in_one_line_that_names_it(
    toml: str, said: str, momentscan: Command, still: Path, tmp_path: Path
) -> None:
    (tmp_path / "momentscan.toml").write_text(toml)
    told = momentscan(*SCAN, still)
    assert told.code == 2
    assert said in one_line(told.err)
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("GRID_HZ", "0"), ("JOBS", "x"), ("MOTION", "guess"), ("SALIENCY", "{"), ("DECODE", "no")],
)
def test_a_wrong_variable_is_2_in_one_line_that_names_it(
    name: str, value: str, momentscan: Command, still: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MOMENTSCAN_{name}", value)
    told = momentscan(*SCAN, still)
    assert told.code == 2
    assert name.lower() in one_line(told.err).lower()


# people


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody, and a passer-by, seen with fakes; to be read, not written."""
    import fakes
    import installing
    import worlds
    from momentscan.settings import load

    place = tmp_path_factory.mktemp("visited")
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models)
        return Path(
            flows.scan(
                worlds.visit(place / "visit.mp4"), load(output=str(place), embedder="fake", stills=False)
            ).folder
        )


@pytest.fixture
def visit(visited: Path, tmp_path: Path) -> Path:
    shutil.copytree(visited, tmp_path / "output" / "visit")
    return tmp_path / "output" / "visit"


def test_people_are_listed(momentscan: Command, visit: Path, scanned: Path) -> None:
    lines = momentscan("people", "list", "visit", scanned).out.splitlines()
    assert [lines[0], lines[-1]] == ["visit: 2 people", "ride: 0 people"]
    assert lines[1].startswith("  0  main, track_score 0.")
    assert "1 track, no pack" in lines[2]
    [told] = json.loads(momentscan("people", "list", visit, "--json").out)
    assert [(p["number"], p["role"], p["pack"]) for p in told["people"]] == [
        (0, "main", str(visit / "identity_builder/person_0")),
        (1, "transient", None),
    ]
    assert told["forgotten"] == []


def test_somebody_is_forgotten_and_what_was_removed_is_told(momentscan: Command, visit: Path) -> None:
    told = momentscan("people", "forget", "visit", 1, "--yes")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("visit: person 1 (transient) is forgotten\n")
    for said in (
        "looks at the face",
        "kept: measures of the whole picture",
        "the video itself still shows them",
        "anew: 0 main (was 0)",
    ):
        assert said in told.out
    assert momentscan("people", "list", "visit").out.startswith("visit: 1 person\n")
    done = json.loads(momentscan("people", "forget", visit, 0, "--yes", "--json").out)
    assert {"faces", "crops", "face_ids", "poses", "tracks", "thumbnails", "stills", "packs", "clips"} <= set(
        done["removed"]
    )
    assert (done["people"], done["video"]["touched"]) == ([], False)
    assert momentscan("people", "list", visit).out == "visit: 0 people\n"
    assert "nobody's face is in its log" in one_line(momentscan("people", "forget", visit, 0, "--yes").err)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("visit", "1"), 2, "--yes"),
        (("visit", "7", "--yes"), 2, "there are 0 (main), 1 (transient)"),
        (("nowhere", "0", "--yes"), 2, "is no scanned video"),
        (("output", "0", "--yes"), 2, "holds 2 scanned videos"),
        (("old", "0", "--yes"), 3, "scan the video again"),
    ],
)
def test_nobody_is_forgotten_by_mistake(
    arguments: tuple[str, ...], code: int, said: str, momentscan: Command, visit: Path
) -> None:
    (visit.parent / "old" / "signals").mkdir(parents=True)
    (visit.parent / "old" / "signals" / "manifest.json").write_text('{"format": 1}')
    before = contents(visit.parent)
    told = momentscan("people", "forget", *arguments)
    assert (told.code, told.out) == (code, "")
    assert said in one_line(told.err)
    assert contents(visit.parent) == before


def test_forgetting_in_a_folder_that_is_worked_on_is_2(momentscan: Command, visit: Path) -> None:
    from momentscan.disk.files import lock
    from momentscan.disk.folder import CLAIM

    with lock(visit / CLAIM):
        told = momentscan("people", "forget", "visit", 1, "--yes")
    assert told.code == 2
    assert "another momentscan is working on it" in one_line(told.err)


@pytest.mark.parametrize(
    ("typed", "code", "left"), [("y\n", 0, 1), ("n\n", 130, 2), ("\n", 130, 2), ("", 130, 2)]
)
def test_at_a_terminal_it_is_asked(
    typed: str, code: int, left: int, momentscan: Command, visit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(typed))
    told = momentscan("people", "forget", "visit", 1, "--json")
    assert told.code == code
    assert len(flows.people(visit).people) == left
    assert told.out == "" or json.loads(told.out)["person"]["number"] == 1


# packs


@pytest.fixture
def with_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    import fakes
    import installing

    installing.install(monkeypatch, fakes.models)


@pytest.mark.usefixtures("with_fakes")
def test_packs_are_made_again_and_told(momentscan: Command, visit: Path) -> None:
    told = momentscan(
        "pack", visit, "--token", "민지", "--set", "max_cos=0.999", "--set", "max_cos_across=0.9999"
    )
    assert told.code == 0
    assert "identity pack of person 0: " in told.out
    assert " anchor" in told.out
    captions = sorted((visit / "identity_builder/person_0/layouts/kohya").rglob("*.txt"))
    assert captions
    assert all(c.read_text().startswith("photo of 민지 person") for c in captions)
    [document] = json.loads(momentscan("pack", visit, "--json").out)
    assert [p["person"] for p in document["packs"]] == [0]


@pytest.mark.usefixtures("with_fakes")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("visit", "--set", "anchors=0"), 2, "knob packs.anchors wants at least 1 images, got '0'"),
        (("visit", "--set", "beauty=1"), 2, "packs has no knob 'beauty'"),
        (("visit", "--set", "max_cos"), 2, "--set wants table.knob=value"),
        (("visit", "--token", "../../etc"), 2, "the token wants 1 to 64 visible characters"),
        (("nowhere",), 2, "nowhere: is no scanned video"),
    ],
)
def test_a_pack_that_cannot_be_made_so_is_refused_in_one_line(
    arguments: tuple[str, ...], code: int, said: str, momentscan: Command, visit: Path
) -> None:
    before = {p: p.stat().st_mtime_ns for p in (visit / "identity_builder").rglob("*")}
    told = momentscan("pack", *arguments)
    assert told.code == code
    assert said in one_line(told.err)
    assert {p: p.stat().st_mtime_ns for p in (visit / "identity_builder").rglob("*")} == before


def test_without_a_detector_packing_faces_is_4(
    momentscan: Command, visit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOMENTSCAN_DETECTOR", "none")
    told = momentscan("pack", visit)
    assert told.code == 4
    assert "no face detector is here to look at the crops again" in one_line(told.err)


@pytest.mark.usefixtures("with_fakes")
def test_packing_in_a_folder_that_is_worked_on_is_2(momentscan: Command, visit: Path) -> None:
    from momentscan.disk.files import lock

    with lock(visit / "video.json"):
        told = momentscan("pack", visit)
    assert told.code == 2
    assert "another momentscan is working on it" in one_line(told.err)


def test_where_no_faces_were_seen_there_is_nothing_to_pack(
    momentscan: Command, scanned: Path, tmp_path: Path
) -> None:
    shutil.copytree(scanned, tmp_path / "output" / "ride")
    told = momentscan("pack", "ride")
    assert told.code == 0
    assert "identity pack" not in told.out
    assert not (tmp_path / "output/ride/identity_builder").exists()
