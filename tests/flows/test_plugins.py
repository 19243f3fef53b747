"""A plug-in package adds a model, a perceiver and a scorer, and nothing of ours changes
(examples/momentscan-brightness).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import plugins
import worlds
from momentscan import flows, registry
from momentscan.app.doctor import examine
from momentscan.disk import manifest_of
from momentscan.errors import UsageError
from momentscan.flows import Outcome
from momentscan.media.render import write_video
from momentscan.settings import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "momentscan-brightness"


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[None]:
    with plugins.installed_from(EXAMPLE, tmp_path / "site"):
        yield


@pytest.fixture(scope="module")
def flash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dark = list(worlds.frames(8.0, lambda t: (20 + t, 20.0), 10.0))
    frames = [
        np.clip(f.astype(int) + 90, 0, 255).astype(np.uint8) if 50 <= i < 55 else f // 2
        for i, f in enumerate(dark)
    ]
    video = tmp_path_factory.mktemp("flash") / "flash.mp4"
    write_video(video, frames, 10.0, options={"preset": "ultrafast"})
    return video


def scan(video: Path, folder: Path, **settings: object) -> Outcome:
    asked = {"engine": "saliency", "embedder": "descriptor", "detector": "none"} | settings
    return flows.scan(video, load(output=str(folder / "out"), **asked))


def key(outcome: Outcome) -> str:
    manifest = manifest_of(Path(outcome.folder) / "signals")
    assert manifest is not None
    return manifest.key


def test_its_column_is_logged_and_its_engine_finds(plugged: None, flash: Path, tmp_path: Path) -> None:
    outcome = scan(flash, tmp_path, engine="all")
    assert set(outcome.engines) == {"rules", "vector", "saliency", "brightness"}
    windows = json.loads((Path(outcome.folder) / "highlight_brightness" / "windows.json").read_text())
    assert [5000 <= w["peak_ms"] <= 5500 for w in windows] == [True]
    signals = flows.load(Path(outcome.folder))
    assert len(signals["frames.colourfulness"]) == len(signals["frames.time_s"])
    assert "What brightness saw" in (Path(outcome.folder) / "report.html").read_text()


def test_its_model_is_told_of_and_can_be_left_out(plugged: None, flash: Path, tmp_path: Path) -> None:
    with_it, without = scan(flash, tmp_path / "a"), scan(flash, tmp_path / "b", colourist="none")
    models = json.loads((Path(with_it.folder) / "run.json").read_text())["models"]
    assert [(m["for"], m["version"]) for m in models if m["name"] == "hasler"] == [
        ("colours of frames", "hasler-2003")
    ]
    assert flows.load(Path(with_it.folder)).made_by["frames.colourfulness"] == "hasler-2003"
    assert "frames.colourfulness" not in flows.load(Path(without.folder))
    with pytest.raises(
        UsageError, match="there is no judge of colour 'seurat'; there are auto, none, hasler"
    ):
        scan(flash, tmp_path / "c", colourist="seurat")


def test_knobs_of_its_engine_and_of_its_perceiver_are_turned_like_ours(
    plugged: None, flash: Path, tmp_path: Path
) -> None:
    usual = scan(flash, tmp_path, engine="brightness")
    turned = scan(flash, tmp_path, engine="brightness", brightness={"z": 1e6}, colour={"step_px": 16})
    assert str(turned.engines["brightness"].reason).startswith("no_contrast")
    assert turned.status == "done", "another knob of a perceiver is another log"
    assert usual.folder == turned.folder
    with pytest.raises(UsageError, match="step_px wants at most 16 px, got 17"):
        scan(flash, tmp_path, colour={"step_px": 17})
    with pytest.raises(UsageError, match="there is no setting 'sparkle"):
        load(sparkle={"z": 1})


def test_the_log_is_read_where_the_plug_in_is_not(plugged: None, flash: Path, tmp_path: Path) -> None:
    outcome = scan(flash, tmp_path)
    code = f"import momentscan as ms; print(len(ms.load({outcome.folder!r})['frames.colourfulness']))"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    ).stdout
    assert int(printed) == 80


def test_the_example_is_short() -> None:
    files = [*EXAMPLE.rglob("*.py")]
    assert sum(len(file.read_text().splitlines()) for file in files) < 80


# ---- whose code made a column


COUNTER = """
import numpy as np
from momentscan.signals import Column

class Counter:
    name, version, short_side_px, made_by = "counter", "1", 16, {}
    needs, writes = (), ("frames.counted",)
    columns = (Column("frames.counted", "float32", "", "counter", "how many", "more"),)

    def process(self, batch, seen):
        return {"frames.counted": np.arange(len(batch.frames), dtype=np.float32)}

    def finish(self):
        return {}
"""
POINT = {"momentscan.perceivers": {"counter": "counter_of_frames:Counter"}}


def counting(site: Path, flash: Path, folder: Path, version: str, source: str = COUNTER) -> Outcome:
    """Scanned with a package of that version that counts frames."""
    with plugins.installed(site, "counting", version, POINT, {"counter_of_frames.py": source}):
        outcome = scan(flash, folder)
    shutil.rmtree(site)
    return outcome


def test_another_version_of_a_package_or_of_its_perceiver_is_another_log(flash: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    first = counting(site, flash, tmp_path, "1.0")
    keys = [key(first)]
    assert counting(site, flash, tmp_path, "1.0").status == "unchanged"
    keys.append(key(counting(site, flash, tmp_path, "1.1")))
    other = COUNTER.replace('"counter", "1"', '"counter", "2"')
    keys.append(key(counting(site, flash, tmp_path, "1.1", other)))
    keys.append(key(scan(flash, tmp_path)))
    assert len(set(keys)) == 4


def test_two_packages_of_one_name_end_a_scan_before_anything_is_written(flash: Path, tmp_path: Path) -> None:
    kept = scan(flash, tmp_path)
    before = sorted(p.name for p in (Path(kept.folder) / "signals").iterdir())
    sources = {"counter_of_frames.py": COUNTER}
    with (
        plugins.installed(tmp_path / "one", "counting", "1.0", POINT, sources),
        plugins.installed(tmp_path / "two", "other-counting", "3.0", POINT),
        pytest.raises(
            UsageError, match=r"'counter' is brought by two packages, counting 1\.0 and other-counting"
        ),
    ):
        scan(flash, tmp_path)
    assert sorted(p.name for p in (Path(kept.folder) / "signals").iterdir()) == before
    assert scan(flash, tmp_path).status == "unchanged"


def test_a_package_cannot_take_the_name_of_one_of_ours(tmp_path: Path) -> None:
    points = {"momentscan.scorers": {"rules": "json:dumps"}}
    with (
        plugins.installed(tmp_path, "usurper", "1.0", points),
        pytest.raises(
            UsageError, match=r"brought by two packages, momentscan and usurper 1\.0; uninstall one"
        ),
    ):
        registry.load("scorers", "rules")


BROKEN = {"broken.py": "import no_such_module"}


def test_a_perceiver_that_fails_on_import_is_named_with_its_package(flash: Path, tmp_path: Path) -> None:
    points = {"momentscan.perceivers": {"counter": "broken:Counter"}}
    expected = (
        r"perceiver 'counter' of the package counting 1\.0 cannot be imported "
        r"\(ModuleNotFoundError: No module named 'no_such_module'\); mend or uninstall it"
    )
    with (
        plugins.installed(tmp_path / "site", "counting", "1.0", points, BROKEN),
        pytest.raises(UsageError, match=expected),
    ):
        scan(flash, tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(7)", "SystemExit: 7"),
        ("class Own(Exception): ...\nraise Own('one\\ntwo')", "Own: one two"),
        ("def (:", "SyntaxError: invalid syntax"),
    ],
)
def test_whatever_a_package_raises_on_import_is_one_line(code: str, said: str, tmp_path: Path) -> None:
    points = {"momentscan.scorers": {"lucky": "broken:Lucky"}}
    with (
        plugins.installed(tmp_path / "site", "lucky", "1.0", points, {"broken.py": code}),
        pytest.raises(UsageError, match=f"of the package lucky 1.0 cannot be imported .{said}") as told,
    ):
        registry.load("scorers", "lucky")
    assert "\n" not in str(told.value)


def test_an_engine_without_knobs_to_read_is_named_with_its_package(tmp_path: Path) -> None:
    points = {"momentscan.scorers": {"lucky": "bare:Lucky"}}
    with (
        plugins.installed(tmp_path / "site", "lucky", "1.0", points, {"bare.py": "class Lucky: ..."}),
        pytest.raises(UsageError, match=r"engine 'lucky' of the package lucky 1\.0 is no dataclass"),
    ):
        load().stage("lucky")


def test_an_engine_that_fails_on_import_stops_only_those_who_ask_for_it(flash: Path, tmp_path: Path) -> None:
    points = {"momentscan.scorers": {"lucky": "broken:Lucky"}}
    with plugins.installed(tmp_path / "site", "lucky", "1.0", points, BROKEN):
        (told,) = (f for f in examine(load(output=str(tmp_path))) if f.what == "plug-in")
        assert (told.ok, told.needed) == (False, False)
        assert told.found.startswith("engine 'lucky' of the package lucky 1.0 cannot be imported")
        assert scan(flash, tmp_path).status == "done"
        with pytest.raises(UsageError, match=r"engine 'lucky' of the package lucky 1\.0 cannot be imported"):
            scan(flash, tmp_path, engine="lucky")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (COUNTER.replace('"counter", "1"', '"abacus", "1"'), "calls itself 'abacus'"),
        (COUNTER.replace("name, version,", "name, edition,"), "declares no version"),
        (COUNTER.replace("made_by = ", "made = "), "has no made_by"),
        (
            COUNTER.replace("needs, writes = ()", 'needs, writes = ("frames.charm",)'),
            "needs the column frames.charm",
        ),
    ],
    ids=["name", "version", "made_by", "needs"],
)
def test_a_perceiver_that_says_too_little_is_refused(
    flash: Path, tmp_path: Path, wrong: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        counting(tmp_path / "site", flash, tmp_path, "1.0", wrong)
