"""Whose folder is whose: same names, same bytes, and two processes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from momentscan import flows
from momentscan.disk.files import create, lock
from momentscan.disk.folder import CLAIM, VideoFolder
from momentscan.errors import OutputError


def folder_for(video: Path, sha256: str, output: Path) -> Path:
    return VideoFolder.claim(output, video, sha256).path


def test_two_videos_of_one_name_get_two_folders_and_find_them_again(tmp_path: Path) -> None:
    first, second = (
        folder_for(Path("a/ride.mp4"), "1" * 64, tmp_path),
        folder_for(Path("b/ride.mov"), "2" * 64, tmp_path),
    )
    assert (first.name, second.name) == ("ride", "ride-22222222")
    assert folder_for(Path("c/ride.mp4"), "2" * 64, tmp_path) == second
    assert folder_for(Path("a/ride.mp4"), "1" * 64, tmp_path) == first


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("my ride (1).mp4", "my_ride_1"),
        ("../../etc.mp4", "etc"),
        ("..mp4", "video"),
        ("놀이기구.mp4", "놀이기구"),
        ("a" * 300 + ".mp4", "a" * 100),
    ],
)
def test_names_are_made_safe(name: str, folder: str, tmp_path: Path) -> None:
    assert folder_for(Path(name), "3" * 64, tmp_path).name == folder


def test_of_many_that_claim_a_name_at_once_one_gets_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(
            pool.map(lambda i: folder_for(Path("ride.mp4"), f"{i:064d}"[::-1], tmp_path), range(10, 18))
        )
    assert len(set(folders)) == 8
    assert sum(f.name == "ride" for f in folders) == 1


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    assert create(tmp_path / "x" / "claim", b"mine")
    assert not create(tmp_path / "x" / "claim", b"yours")
    assert (tmp_path / "x" / "claim").read_bytes() == b"mine"
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["claim"]


def test_a_video_that_another_process_works_on_is_refused_in_one_line(ride: Path, tmp_path: Path) -> None:
    from momentscan.settings import load

    settings = load(output=str(tmp_path), embedder="descriptor", stills=False)
    outcome = flows.scan(ride, settings)
    with (
        lock(Path(outcome.folder) / CLAIM),
        pytest.raises(OutputError, match="another momentscan is working on it"),
    ):
        flows.scan(ride, settings, force=True)
    assert flows.scan(ride, settings).status == "unchanged"
