"""What works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from momentscan.settings import Settings


@dataclass(frozen=True)
class Finding:
    """`needed`: momentscan does not work without it; otherwise it works with less, and `remedy` says how to
    get more.
    """

    what: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True


def examine(settings: Settings) -> list[Finding]:
    """Every check, in the order a person would ask."""
    return [
        _python(),
        _decoder(),
        _networks(),
        *_plugins(),
        *_embedders(settings),
        *_faces(settings),
        _output(settings.output),
        _space(settings.output),
    ]


def _python() -> Finding:
    found = platform.python_version()
    return Finding(
        "Python", (3, 11) <= sys.version_info[:2] <= (3, 13), found, "use Python 3.11, 3.12 or 3.13"
    )


def _decoder() -> Finding:
    try:
        import av
        from av.codec import codecs_available
    except ImportError as error:
        return Finding("video decoder (PyAV)", False, str(error), "pip install --force-reinstall av")
    missing = [c for c in ("h264", "hevc", "vp9", "libdav1d", "aac", "opus") if c not in codecs_available]
    found = f"PyAV {av.__version__}" + (
        f", without {', '.join(missing)}" if missing else ", H.264, HEVC, VP9, AV1, AAC, Opus"
    )
    return Finding("video decoder (PyAV)", "h264" not in missing, found, "pip install --force-reinstall av")


def _networks() -> Finding:
    try:
        from momentscan.models.session import available_devices

        devices = available_devices()
    except ImportError as error:
        return Finding(
            "networks (ONNX Runtime)", False, str(error), "pip install --force-reinstall onnxruntime"
        )
    return Finding("networks (ONNX Runtime)", True, f"devices: {', '.join(devices)}")


def _plugins() -> list[Finding]:
    """What other packages bring and cannot be had."""
    from momentscan import registry

    return [Finding("plug-in", False, line, "mend or uninstall it", False) for line in registry.problems()]


def _embedders(settings: Settings) -> list[Finding]:
    from momentscan.models.embedders import EMBEDDER
    from momentscan.models.weights import locate

    findings = []
    for name, kind in EMBEDDER.kinds.items():
        weight = kind.weight
        if weight is None:
            findings.append(Finding(f"vision embedder {name}", True, "built in, no download"))
            continue
        path = locate(weight, settings.models)
        pull = (
            f"momentscan models pull {weight.name}"
            if weight.sources
            else f"lay {weight.file} into a folder and name it with --models"
        )
        findings.append(
            Finding(
                f"vision embedder {name}",
                path is not None,
                str(path or "its weights are not here"),
                pull,
                needed=False,
            )
        )
    return findings


def _faces(settings: Settings) -> list[Finding]:
    """For each thing that faces are watched with, the model that `auto` would take."""
    from momentscan.errors import UsageError
    from momentscan.models.chosen_models import automatic
    from momentscan.models.weights import locate

    try:
        wanted = automatic()
    except UsageError:  # a plug-in's slot that cannot be had was told before
        return []
    findings = []
    for what, rows in wanted.items():
        here = next((f"{row.name}, {path}" for row in rows if (path := locate(row, settings.models))), None)
        names = " or ".join(row.name for row in rows if row.sources)
        findings.append(
            Finding(
                what,
                here is not None,
                here or "no weights are here",
                f"momentscan models pull {names}",
                needed=False,
            )
        )
    return findings


def _output(folder: Path) -> Finding:
    place = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    ok = place.is_dir() and os.access(place, os.W_OK)
    return Finding(
        "output folder",
        ok,
        f"{folder} ({'can' if ok else 'cannot'} be written)",
        "choose another folder with -o",
    )


def _space(folder: Path) -> Finding:
    place = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    return Finding("disk space", free > 1e9, f"{free / 1e9:.1f} GB free", "free at least 1 GB", needed=False)
