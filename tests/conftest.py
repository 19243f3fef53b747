"""Folders of real videos and weights: tests that need them skip without, unless MOMENTSCAN_REQUIRE forbids
it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from momentscan import process

process.own()  # before NumPy, OpenCV and Arrow are loaded: tests run as the program does

import worlds  # noqa: E402

settings.register_profile(
    "house", derandomize=True, deadline=None
)  # the same examples every time: a red run can be run again
settings.load_profile("house")


GIVEN = {name: value for name, value in os.environ.items() if name.startswith("MOMENTSCAN_")}
"""What whoever runs the tests has set: where weights and videos are, and whether a test may skip without
them.
"""


def _folder(variable: str, word: str) -> Path:
    folder = GIVEN.get(variable)
    if folder and Path(folder).is_dir():
        return Path(folder)
    if word in GIVEN.get("MOMENTSCAN_REQUIRE", "").split(","):
        pytest.fail(f"{variable} is not a folder, and MOMENTSCAN_REQUIRE names {word}")
    pytest.skip(f"{variable} is not set")


@pytest.fixture
def models_folder() -> Path:
    return _folder("MOMENTSCAN_MODELS", "weights")


@pytest.fixture
def media_folder() -> Path:
    return _folder("MOMENTSCAN_MEDIA", "media")


@pytest.fixture(scope="session", autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, and no video that tests share, sees the user's settings, weights or cache."""
    with pytest.MonkeyPatch.context() as patched:
        for name in GIVEN:
            patched.delenv(name)
        patched.setenv("MOMENTSCAN_CACHE", str(tmp_path_factory.mktemp("nobodys") / "cache"))
        yield


@pytest.fixture(autouse=True)
def _own_cache(_alone: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOMENTSCAN_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def ride(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calm video of 24 s with one burst at 12 to 14 s (everything shakes, it is loud, the picture changes);
    see worlds.ride.
    """
    return worlds.ride(tmp_path_factory.mktemp("ride") / "ride.mp4")


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds in which nothing moves and nothing is heard."""
    return worlds.still(tmp_path_factory.mktemp("still") / "still.mp4")
