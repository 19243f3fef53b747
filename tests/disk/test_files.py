"""A file is either whole or not there, whatever the disk does."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.disk.codec import encode
from momentscan.disk.files import swap, write_bytes, write_text, writing
from momentscan.errors import OutputError, one_line


def test_what_was_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b" / "file.bin", b"\0\1\2")
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["file.bin"]
    assert (tmp_path / "a" / "b" / "file.bin").read_bytes() == b"\0\1\2"


def test_an_error_while_writing_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    place = tmp_path / "file.txt"
    write_text(place, "old")
    with pytest.raises(ZeroDivisionError), writing(place) as temporary:
        temporary.write_text("half") / 0
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"file.txt": "old"}


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("refusal", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT])
def test_what_the_disk_refuses_is_one_line_that_names_the_place(
    step: str, refusal: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(os, "fsync", refuse) if step == "fsync" else monkeypatch.setattr(
        Path, "replace", refuse
    )
    with pytest.raises(OutputError) as refused:
        write_bytes(tmp_path / "file.bin", b"data")
    assert str(tmp_path / "file.bin") in one_line(refused.value)
    assert os.strerror(refusal) in one_line(refused.value)
    assert refused.value.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file" / "x.json", Path("/proc/nowhere/x.json")):
        with pytest.raises(OutputError, match="cannot be written"):
            write_bytes(place, encode({}))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB; needs the right to mount."""
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this user may not mount a disk ({mounted.stderr.decode().strip()})")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk_keeps_what_was_there(tiny_disk: Path) -> None:
    write_bytes(tiny_disk / "file.bin", b"old")
    with pytest.raises(OutputError, match="No space left on device"):
        write_bytes(tiny_disk / "file.bin", b"x" * 200_000)
    assert {p.name: p.read_bytes() for p in tiny_disk.iterdir()} == {"file.bin": b"old"}


def test_a_swap_puts_a_finished_folder_in_the_place_of_another(tmp_path: Path) -> None:
    for name, text in (("new", "new"), ("old", "old")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "content").write_text(text)
    swap(tmp_path / "new", tmp_path / "old")
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "content").read_text() == "new"


numbers = (
    st.floats(allow_nan=True, allow_infinity=True)
    | st.integers(-(2**53), 2**53)
    | st.booleans()
    | st.none()
    | st.text()
)
trees = st.recursive(
    numbers, lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(), t, max_size=4), max_leaves=20
)


@given(trees)
def test_json_is_strict_and_numbers_have_six_decimals_at_most(tree: object) -> None:
    def no_constant(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    back = json.loads(encode(tree), parse_constant=no_constant)
    _compare(tree, back)


def _compare(value: object, back: object) -> None:
    if isinstance(value, dict):
        assert isinstance(back, dict)
        assert list(back) == [str(k) for k in value], "keys stay in order"
        for key, item in value.items():
            _compare(item, back[str(key)])
    elif isinstance(value, list):
        assert isinstance(back, list)
        for item, there in zip(value, back, strict=True):
            _compare(item, there)
    elif isinstance(value, float):
        assert back == (round(value, 6) if math.isfinite(value) else None)
    else:
        assert back == value
        assert type(back) is type(value)


def test_numbers_of_numpy_are_plain_numbers() -> None:
    encoded = encode(
        {
            "a": np.float32(0.1),
            "b": np.int64(3),
            "c": np.float64("nan"),
            "d": [np.float32(np.inf)],
            "e": np.uint8(255),
            "f": (1, 2.0),
        },
    )
    assert json.loads(encoded) == {
        "a": 0.1,
        "b": 3,
        "c": None,
        "d": [None],
        "e": 255,
        "f": [1, 2.0],
    }


def test_truth_of_numpy_stays_truth() -> None:
    assert encode({"yes": np.bool_(True)}) == b'{\n "yes": true\n}\n'


def test_text_of_the_world_is_written_as_it_is() -> None:
    assert "größer 視頻" in encode({"t": "größer 視頻"}).decode()
    assert encode({}).endswith(b"\n")
