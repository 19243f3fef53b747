"""Every file of a video's folder is read back as its record, and written again it is the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fakes
import installing
import worlds
from momentscan import flows
from momentscan.disk.codec import decode, decode_line, encode, encode_line
from momentscan.disk.log import manifest_of, write_manifest
from momentscan.disk.packs import all_there, kept_crops, read_shown_packs
from momentscan.disk.windows import read_engine, read_windows
from momentscan.records.log import LogManifest
from momentscan.records.memory import BankRecord
from momentscan.records.packs import ImageMeta, PackManifest, PairMeta, PersonMeta, Refusal
from momentscan.records.run import Run
from momentscan.records.video import Claim
from momentscan.records.windows import FilteringLog, FrameMeta, PeakCandidate, ScoreCurve, WindowRecord
from momentscan.settings import load

FILES: dict[str, Any] = {
    "video.json": Claim,
    "run.json": Run,
    "highlight_*/windows.json": tuple[WindowRecord, ...],
    "highlight_*/frames/*_meta.json": FrameMeta,
    "highlight_*/debug/score_curve.json": ScoreCurve,
    "highlight_*/debug/peak_candidates.json": tuple[PeakCandidate, ...],
    "highlight_*/debug/filtering_log.json": FilteringLog,
    "identity_builder/person_*/meta.json": PersonMeta,
    "identity_builder/person_*/*/*_meta.json": ImageMeta,
    "identity_builder/person_*/manifest.json": PackManifest,
    "identity_builder/person_*/memory_bank.json": BankRecord,
    "identity_builder/pair/*_meta.json": PairMeta,
    "identity_builder/refused.json": tuple[Refusal, ...],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("records")
    loose = {"max_cos": 0.995, "max_cos_across": 0.9999}  # drawn faces are all alike to the fake embedder
    with pytest.MonkeyPatch.context() as patched:
        installing.install(patched, fakes.models())
        video = worlds.riders(place / "riders.mp4")
        yield Path(flows.scan(video, load(output=str(place / "out"), engine="all", packs=loose)).folder)


@pytest.mark.parametrize("pattern", FILES)
def test_a_file_is_its_record(pattern: str, folder: Path) -> None:
    paths = sorted(folder.glob(pattern))
    assert paths
    for path in paths:
        record = decode(FILES[pattern], path.read_bytes(), path, "")
        assert encode(record) == path.read_bytes(), path
        line = encode_line(record)
        assert decode_line(FILES[pattern], line) == record


def test_the_manifest_of_a_log_is_its_record_to_the_last_bit(folder: Path, tmp_path: Path) -> None:
    manifest = manifest_of(folder / "signals")
    assert isinstance(manifest, LogManifest)
    write_manifest(tmp_path, manifest)
    assert (tmp_path / "manifest.json").read_bytes() == (folder / "signals/manifest.json").read_bytes()


def test_what_is_read_of_an_engine_is_what_it_found(folder: Path) -> None:
    for place in folder.glob("highlight_*"):
        windows, result = read_windows(place, ""), read_engine(place)
        assert windows is not None
        assert result is not None
        assert result.windows == [w.window for w in windows]
        assert result.scores == [w.score_rule for w in windows]
        assert len(result.time_s) == len(result.value) > 0


def test_packs_are_shown_as_they_lie_there(folder: Path) -> None:
    shown = read_shown_packs(folder)
    assert {one.meta.person_id for one in shown.people} == all_there(folder)
    for one in shown.people:
        assert len(one.images) == one.meta.total_saved > 0
        for image in one.images:
            assert image.thumb
            assert image.meta is not None
            assert (image.meta.file, image.meta.type) == (image.entry.file, image.entry.type)
    images = sum(len(one.images) for one in shown.people)
    assert len(kept_crops(folder)) == images + len(shown.pairs)


def test_a_meta_that_does_not_fit_is_passed_by(folder: Path) -> None:
    path = sorted(folder.glob("identity_builder/person_*/anchors/*_meta.json"))[0]
    before = path.read_bytes()
    try:
        path.write_bytes(before.replace(b'"type"', b'"kind"', 1))
        images = [image for one in read_shown_packs(folder).people for image in one.images]
        assert sum(image.meta is None for image in images) == 1
    finally:
        path.write_bytes(before)
