"""Peak memory of a scan: does it grow with the length of the video?"""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from bench import worlds
from bench.measure import Spent, Target, momentscan, write_result

LONG_HEIGHT_PX = 360
"""An hour of 1080p takes longer than the other figures together; what could grow with length (log, thumbs,
report) does not depend on it.
"""


def main() -> None:
    short, full = worlds.camera_video(LONG_HEIGHT_PX), worlds.camera_video()
    rows = {
        "2 min, 360p, descriptor": _scan(short),
        "2 min, 1080p, descriptor": _scan(full),
        "2 min, 1080p, CLIP-sized network": _scan(
            full, "--models", worlds.clip_weights(), embedder="openclip"
        ),
        "60 min, 360p, descriptor": _scan(worlds.hour_video(LONG_HEIGHT_PX)),
    }
    long_mb, short_mb = rows["60 min, 360p, descriptor"].peak_mb, rows["2 min, 360p, descriptor"].peak_mb
    targets = [
        Target("peak memory of 60 min / 2 min", 1.1, long_mb / short_mb, "×"),
        Target("peak memory without an embedder network, 60 min", 600, long_mb, "MB"),
        Target(
            "peak memory without an embedder network, 1080p",
            600,
            rows["2 min, 1080p, descriptor"].peak_mb,
            "MB",
        ),
    ]
    notes = (
        "ru_maxrss of `momentscan scan` in a fresh process, stills and report included. The hour is the "
        "two minutes thirty times over by "
        f"packet copy, at 640x{LONG_HEIGHT_PX}: an hour at 1080p would take longer than all other figures "
        "together."
    )
    write_result("memory", targets, notes, scans={name: asdict(row) for name, row in rows.items()})


def _scan(video: Path, *options: str | Path, embedder: str = "descriptor") -> Spent:
    with tempfile.TemporaryDirectory() as output:
        seen = momentscan("scan", video, "-o", output, "--embedder", embedder, *options)
    print(
        f"    {video.stem}, {embedder}: {seen.peak_mb:.0f} MB, {seen.cpu_s:.0f} CPU-s, {seen.wall_s:.0f} s",
        flush=True,
    )
    return seen


if __name__ == "__main__":
    main()
