"""Who is who over time: fragments of tracks, people found, and identity over crossings that were checked by
eye.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.measure import Target, write_result
from momentscan.media import open_video
from momentscan.media.decode import SamplingOptions
from momentscan.models.detectors import DETECTOR
from momentscan.models.face_id import FACE_ID
from momentscan.perceive import ordered, process_batches
from momentscan.perceive.faces import SHORT_SIDE_PX, Faces
from momentscan.perceive.frame_times import FrameTimes
from momentscan.perceive.tracks import Tracks
from momentscan.values import Batch, Columns

FACE_IDS = ("auto", "mobilefacenet", "none")


@dataclass(frozen=True)
class Seen:
    """One clip as the tracker saw it."""

    columns: Columns
    duration_s: float
    cpu_s: float

    def person_of(self, tracks: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(
            self.columns["tracks.person"][np.searchsorted(self.columns["tracks.id"], tracks)], np.int64
        )


def look(
    video: Path, models: Path, face_id: str, frames: dict[float, NDArray[np.uint8]] | None = None
) -> Seen:
    """Clock, faces and tracks only; `frames` is given those in which faces were looked for."""
    detector = DETECTOR.open("auto", models)
    assert detector is not None
    perceivers = ordered(
        [FrameTimes(), Faces(detector=detector), Tracks(face_id=FACE_ID.open(face_id, models))]
    )
    rows: dict[str, list[NDArray[Any]]] = {}
    began = time.process_time()
    with open_video(video) as opened:
        batches = opened.batches(SamplingOptions(), SHORT_SIDE_PX)
        for _, made in process_batches(_kept(batches, frames), perceivers):
            for written in made.values():
                for name, chunk in written.items():
                    rows.setdefault(name, []).append(chunk)
        duration_s = opened.info.duration_s
    return Seen(
        {name: np.concatenate(chunks) for name, chunks in rows.items()},
        duration_s,
        time.process_time() - began,
    )


def _kept(batches: Any, frames: dict[float, NDArray[np.uint8]] | None) -> Any:
    batch: Batch
    for batch in batches:
        if frames is not None:
            frames |= dict(zip(batch.time_s.tolist(), batch.frames, strict=True))
        yield batch


# ---- to be looked at ----


def sheets(
    video: Path,
    models: Path,
    face_id: str,
    folder: Path,
    hz: float = 2.0,
    start_s: float = 0.0,
    end_s: float = 1e9,
) -> None:
    """Frames with boxes, `track/person` and time, as PNGs of 5 x 4 frames."""
    frames: dict[float, NDArray[np.uint8]] = {}
    seen = look(video, models, face_id, frames)
    looked = seen.columns["frames.time_s"][np.isfinite(seen.columns["frames.n_faces"])]
    pictures, last = [], -1e9
    for time_s in looked.tolist():
        if start_s <= time_s <= end_s and time_s - last >= 1 / hz - 1e-3:
            last = time_s
            pictures.append(_drawn(frames[time_s], time_s, seen))
    folder.mkdir(parents=True, exist_ok=True)
    for page in range(0, len(pictures), 20):
        some = pictures[page : page + 20]
        some += [np.zeros_like(some[0])] * (-len(some) % 5)
        sheet = np.vstack([np.hstack(some[i : i + 5]) for i in range(0, len(some), 5)])
        cv2.imwrite(str(folder / f"{video.stem}_{face_id}_{page // 20}.png"), sheet)


def _drawn(frame: NDArray[np.uint8], time_s: float, seen: Seen) -> NDArray[np.uint8]:
    width = 384
    scale = width / frame.shape[1]
    picture = cv2.cvtColor(
        cv2.resize(frame, (width, round(frame.shape[0] * scale)), interpolation=cv2.INTER_AREA),
        cv2.COLOR_RGB2BGR,
    )
    size = np.tile([picture.shape[1], picture.shape[0]], 2)
    for i in np.flatnonzero(np.abs(seen.columns["faces.time_s"] - time_s) < 1e-6):
        track = seen.columns["faces.track"][i : i + 1]
        person = int(seen.person_of(track)[0])
        x1, y1, x2, y2 = (seen.columns["faces.bbox"][i] * size).astype(int).tolist()
        colour = [(0, 255, 0), (0, 128, 255), (255, 0, 255), (255, 255, 0), (0, 0, 255), (255, 255, 255)][
            person % 6
        ]
        cv2.rectangle(picture, (x1, y1), (x2, y2), colour, 2)
        cv2.putText(
            picture,
            f"{int(track[0])}/{person}",
            (x1, max(14, y1 - 3)),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.55,
            colour,
            2,
        )
    cv2.putText(
        picture, f"{time_s:.1f}", (4, picture.shape[0] - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 255, 255), 1
    )
    return np.asarray(picture, np.uint8)


# ---- what was seen by eye ----


@dataclass(frozen=True)
class Crossing:
    """A place where two people come together, or one comes back, and what a good tracker keeps apart
    there.
    """

    start_s: float
    end_s: float
    who: tuple[str, ...]
    seen: str


PEOPLE: Mapping[str, int] = {
    "multi/girl_laughing_full_73s.mp4": 3,
    "multi/bedroom_kids.mp4": 2,
    "multi/scte20_panel.ts": 4,
}
"""Of the clips in multi/ (labels.json; of the panel four faces can be seen); every clip of faces/ and expr/
shows one person.
"""

CROSSINGS: Mapping[str, Sequence[Crossing]] = {
    "multi/bedroom_kids.mp4": (
        Crossing(
            0.4,
            1.2,
            ("girl", "boy"),
            "the girl jumps in front of the boy, who turns away; her face comes to where his was",
        ),
        Crossing(
            3.2,
            4.0,
            ("girl", "boy"),
            "the boy comes out behind the girl's arm, head beside head, and drops on the bed on her left",
        ),
        Crossing(
            5.2,
            6.6,
            ("girl", "boy"),
            "both jump, their faces rise and fall past each other, 0.2 to 0.4 of the picture apart",
        ),
    ),
    "multi/girl_laughing_full_73s.mp4": (
        Crossing(
            6.4,
            9.6,
            ("dark top, front", "red hair"),
            "red hair leaves on the right, dark top covers her face with her hand and leaves half",
        ),
        Crossing(
            11.2,
            12.8,
            ("dark top, front", "red hair", "yellow beanie, back"),
            "the camera swings: other people stand where others stood",
        ),
        Crossing(21.0, 25.6, ("red hair",), "an arm before her face, then head on the table, then back"),
        Crossing(
            51.2,
            53.6,
            ("dark top, front", "yellow beanie, back"),
            "dark top passes in front of yellow beanie, who is seen at the same place next",
        ),
        Crossing(
            69.6, 72.8, ("dark top, front", "red hair"), "dark top comes back after 58 s beside red hair"
        ),
    ),
    "multi/scte20_panel.ts": (
        Crossing(2.8, 3.2, ("woman", "woman in blue"), "a cut from one woman alone to her among four"),
    ),
}

_SPOTS: Mapping[str, Mapping[str, str]] = {
    "multi/bedroom_kids.mp4": {
        "girl": """
            0.0:0.43,0.13 0.2:0.40,0.27 0.4:0.38,0.11 0.6:0.34,0.22 0.8:0.34,0.30 1.0:0.35,0.22 1.2:0.37,0.30 1.4:0.38,0.13
            1.6:0.39,0.17 1.8:0.38,0.27 2.0:0.37,0.15 2.2:0.34,0.27 2.4:0.33,0.19 2.6:0.30,0.12 2.8:0.28,0.30 3.0:0.27,0.14
            3.2:0.27,0.15 3.4:0.26,0.32 3.6:0.25,0.09 3.8:0.24,0.10 4.0:0.24,0.34 4.2:0.26,0.13 4.4:0.30,0.18 4.6:0.33,0.35
            4.8:0.37,0.16 5.0:0.41,0.25 5.2:0.43,0.32 5.4:0.44,0.17 5.6:0.44,0.29 5.8:0.44,0.26 6.0:0.43,0.18 6.2:0.41,0.32
            6.4:0.39,0.26 6.6:0.40,0.24
        """,  # noqa: E501
        "boy": """
            0.0:0.28,0.33 0.2:0.30,0.33 0.4:0.30,0.53 3.4:0.16,0.36 3.6:0.14,0.60 3.8:0.11,0.44 4.0:0.07,0.41 4.2:0.05,0.60
            4.4:0.03,0.42 4.6:0.03,0.41 4.8:0.06,0.85 5.0:0.02,0.55 5.2:0.04,0.21 5.4:0.09,0.12 5.6:0.13,0.27 5.8:0.15,0.07
            6.2:0.21,0.17 6.4:0.19,0.18
        """,  # noqa: E501
    },
    "multi/girl_laughing_full_73s.mp4": {
        "dark top, front": """
            0.0:0.09,0.48 0.8:0.09,0.49 1.6:0.10,0.51 2.4:0.09,0.51 3.2:0.09,0.54 4.0:0.08,0.55 4.8:0.09,0.54 5.6:0.07,0.54
            6.4:0.07,0.52 7.2:0.07,0.51 8.8:0.08,0.54 9.6:0.08,0.46 10.4:0.14,0.51 11.2:0.13,0.52 52.0:0.09,0.41 70.4:0.10,0.43
            71.2:0.10,0.46 72.0:0.07,0.43
        """,  # noqa: E501
        "red hair": """
            0.0:0.97,0.72 0.8:0.97,0.70 2.4:0.97,0.73 3.2:0.97,0.72 4.0:0.97,0.72 6.4:0.93,0.82 7.2:0.96,0.91 12.0:0.70,0.81
            12.8:0.44,0.90 13.6:0.41,0.80 14.4:0.54,0.59 15.2:0.53,0.51 16.0:0.50,0.58 16.8:0.54,0.58 17.6:0.55,0.61
            18.4:0.48,0.61 19.2:0.45,0.61 20.0:0.49,0.56 20.8:0.50,0.55 21.6:0.44,0.59 23.2:0.35,0.83 24.8:0.52,0.57
            25.6:0.73,0.54 26.4:0.75,0.55 27.2:0.73,0.55 28.0:0.70,0.59 28.8:0.69,0.58 29.6:0.66,0.54 30.4:0.48,0.57
            32.8:0.68,0.55 33.6:0.70,0.58 34.4:0.69,0.51 35.2:0.67,0.54 36.0:0.70,0.51 36.8:0.38,0.59 42.4:0.54,0.63
            43.2:0.58,0.58 44.8:0.45,0.58 45.6:0.52,0.57 46.4:0.52,0.59 47.2:0.48,0.60 50.4:0.56,0.53 51.2:0.46,0.55
            52.0:0.41,0.59 52.8:0.41,0.63 55.2:0.46,0.62 56.0:0.60,0.53 56.8:0.70,0.60 57.6:0.72,0.64 58.4:0.68,0.49
            59.2:0.59,0.52 60.0:0.60,0.59 60.8:0.61,0.61 61.6:0.61,0.55 62.4:0.65,0.53 63.2:0.64,0.54 64.0:0.67,0.55
            64.8:0.67,0.54 65.6:0.69,0.52 66.4:0.69,0.51 67.2:0.67,0.51 68.0:0.65,0.56 68.8:0.64,0.53 69.6:0.63,0.55
            70.4:0.77,0.55 71.2:0.78,0.55 72.0:0.78,0.55 72.8:0.73,0.55
        """,  # noqa: E501
        "yellow beanie, back": """
            3.2:0.54,0.87 4.0:0.52,0.80 4.8:0.52,0.78 5.6:0.52,0.80 6.4:0.52,0.80 7.2:0.52,0.80 8.0:0.53,0.82 8.8:0.57,0.87
            12.8:0.12,0.83 13.6:0.11,0.61 14.4:0.12,0.66 15.2:0.11,0.66 16.0:0.11,0.66 18.4:0.02,0.60 39.2:0.02,0.60
            40.0:0.02,0.59 52.8:0.07,0.58 53.6:0.02,0.57
        """,  # noqa: E501
    },
    "multi/scte20_panel.ts": {
        "woman": "0.0:0.51,0.45 1.0:0.52,0.44 2.0:0.48,0.41 2.8:0.47,0.44 3.0:0.55,0.31 4.0:0.55,0.31 "
        "5.0:0.56,0.32 6.0:0.56,0.32 6.6:0.57,0.31",
        "man, right": "3.0:0.79,0.31 4.0:0.79,0.32 5.0:0.79,0.32 6.0:0.79,0.32 6.6:0.79,0.32",
        "man, left": "3.0:0.19,0.31 4.0:0.19,0.31 5.0:0.19,0.31 6.0:0.19,0.31 6.6:0.19,0.31",
        "woman in blue": "3.0:0.37,0.29 4.0:0.36,0.29 5.0:0.36,0.29 6.0:0.36,0.29 6.6:0.36,0.29",
    },
}
"""Clip -> person -> seconds:x,y of the middle of their face (shares of the picture), read off frames with
boxes: all faces that the detector found in bedroom_kids (5 Hz) and in girl_laughing (1.25 Hz), some of the
panel.
"""

NEAR = 0.04
"""A box belongs to a spot when its middle is no farther away (shares of the picture)."""


class Spot(NamedTuple):
    time_s: float
    x: float
    y: float
    who: str


def spots(clip: str) -> list[Spot]:
    """In order of time."""
    found = []
    for who, text in _SPOTS[clip].items():
        for spot in text.split():
            time_s, _, place = spot.partition(":")
            x, y = place.split(",")
            found.append(Spot(float(time_s), float(x), float(y), who))
    return sorted(found)


# ---- against what was seen ----


def numbered(clip: str, seen: Seen) -> list[tuple[Spot, int, int]]:
    """The spots at which the tracker has a face, each with its track and its person."""
    columns = seen.columns
    middle = (columns["faces.bbox"][:, :2] + columns["faces.bbox"][:, 2:]) / 2
    found = []
    for spot in spots(clip):
        away = np.hypot(*(middle - (spot.x, spot.y)).T) + 1e3 * (
            np.abs(columns["faces.time_s"] - spot.time_s) > 0.06
        )
        if len(away) and away.min() <= NEAR:
            track = columns["faces.track"][away.argmin() : away.argmin() + 1]
            found.append((spot, int(track[0]), int(seen.person_of(track)[0])))
    return found


def against_truth(clip: str, seen: Seen) -> dict[str, Any]:
    """Swaps: a track that goes on as somebody else. Persons: how pure, and how many of them each real person
    was split into.
    """
    found = numbered(clip, seen)
    swaps = [
        {"from_s": a.time_s, "to_s": b.time_s, "track": track, "from": a.who, "to": b.who}
        for track in sorted({t for _, t, _ in found})
        for a, b in pairwise(s for s, t, _ in found if t == track)
        if a.who != b.who
    ]
    mixed = {p: Counter(s.who for s, _, q in found if q == p) for p in {q for _, _, q in found}}
    pure = sum(max(counts.values()) for counts in mixed.values()) / len(found)
    crossings = [
        {**asdict(c), "swaps": [s for s in swaps if s["to_s"] >= c.start_s and s["from_s"] <= c.end_s]}
        for c in CROSSINGS.get(clip, ())
    ]
    return {
        "spots": len(found),
        "swaps": swaps,
        "crossings": crossings,
        "swapped_crossings": sum(bool(c["swaps"]) for c in crossings),
        "purity_of_persons": pure,
        "persons_of_more_than_one": sum(len(counts) > 1 for counts in mixed.values()),
        "persons_per_real_one": {who: len({q for s, _, q in found if s.who == who}) for who in _SPOTS[clip]},
    }


def counts(seen: Seen, people: int) -> dict[str, Any]:
    """Fragments per person and minute in which somebody is seen; `breaks` are those beyond the first of each
    person.
    """
    columns = seen.columns
    looked = max(1, int(np.isfinite(columns["frames.n_faces"]).sum()))
    minutes = len(columns["faces.time_s"]) / looked * seen.duration_s / 60
    tracks = len(columns["tracks.id"])
    return {
        "people": people,
        "tracks": tracks,
        "persons": len(np.unique(columns["tracks.person"])),
        "faces": len(columns["faces.time_s"]),
        "face_minutes": minutes,
        "fragments_per_person_minute": tracks / minutes if minutes else 0.0,
        "breaks_per_person_minute": max(0, tracks - people) / minutes if minutes else 0.0,
        "fragments_per_person_per_minute_of_video": tracks / people / (seen.duration_s / 60),
        "cpu_s": seen.cpu_s,
    }


def clips(media: Path) -> list[str]:
    return [
        f"{folder}/{path.name}"
        for folder in ("multi", "faces", "expr")
        for path in sorted((media / folder).iterdir())
    ]


def measured(media: Path, models: Path, face_id: str) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for clip in clips(media):
        seen = look(media / clip, models, face_id)
        rows[clip] = counts(seen, PEOPLE.get(clip, 1))
        if clip in _SPOTS:
            rows[clip]["truth"] = against_truth(clip, seen)
    alone = [row for clip, row in rows.items() if clip not in PEOPLE]
    told = [rows[clip]["truth"] for clip in _SPOTS]
    return {
        "identity_swaps_on_crossings": sum(t["swapped_crossings"] for t in told),
        "crossings": sum(len(t["crossings"]) for t in told),
        "swaps": sum(len(t["swaps"]) for t in told),
        "one_person_clips": len(alone),
        "one_person_clips_with_one_person": sum(row["persons"] == 1 for row in alone),
        "one_person_clips_with_one_track": sum(row["tracks"] == 1 for row in alone),
        "breaks_per_person_minute_of_one_person_clips": sum(row["tracks"] - 1 for row in alone)
        / sum(row["face_minutes"] for row in alone),
        "clips": rows,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    folder, weights = (os.environ.get(f"MOMENTSCAN_{what}") for what in ("MEDIA", "MODELS"))
    if not folder or not weights:
        print("  needs MOMENTSCAN_MEDIA and MOMENTSCAN_MODELS: nothing was measured, the last result stands")
        return
    media, models = Path(folder), Path(weights)
    if options.sheets:
        for clip in options.clips or list(PEOPLE):
            sheets(media / clip, models, options.face_id, options.sheets, options.hz)
        return
    found = {}
    for face_id in FACE_IDS:
        found[face_id] = measured(media, models, face_id)
        brief = {k: v for k, v in found[face_id].items() if k != "clips"}
        print(f"    Face-ID {face_id}: {brief}", flush=True)
        for clip in PEOPLE:
            row = found[face_id]["clips"][clip]
            print(
                f"      {clip}: {row['tracks']} tracks, {row['persons']} persons of {row['people']}; "
                f"swaps {row['truth']['swaps']}",
                flush=True,
            )
    auto = found["auto"]
    long = auto["clips"]["multi/girl_laughing_full_73s.mp4"]
    targets = [
        Target(
            f"identity swaps on {auto['crossings']} crossings checked by eye (Face-ID auto)",
            0,
            auto["identity_swaps_on_crossings"],
            "",
        )
    ]
    notes = (
        "Clock, faces (5 Hz) and tracks alone, real weights; Face-ID auto is the first of "
        "face_id.AUTO_ORDER that is here. Truth was read off frames with "
        "boxes (`--sheets` draws them); a swap is a track that goes on as somebody else between two such "
        "readings. In bedroom_kids the faces are 40 px "
        "high and were blurred by those who published it, so that no Face-ID can tell them apart. "
        "Reported, without a target: "
        f"{long['fragments_per_person_minute']:.0f} fragments per person and minute seen in girl_laughing "
        "(laughing, hands before faces, heads on the table), "
        f"{auto['breaks_per_person_minute_of_one_person_clips']:.1f} breaks per minute in the "
        f"{auto['one_person_clips']} clips of one person."
    )
    write_result("tracks", targets, notes, face_id=_names(models), found=found)


def _names(models: Path) -> dict[str, str]:
    return {
        asked: opened.version if (opened := FACE_ID.open(asked, models)) else "none" for asked in FACE_IDS
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.tracks", description=__doc__)
    parser.add_argument(
        "--sheets", type=Path, help="draw frames with boxes into this folder instead of measuring"
    )
    parser.add_argument("--clips", nargs="*", help="as multi/bedroom_kids.mp4; default: those of multi/")
    parser.add_argument("--face-id", default="auto")
    parser.add_argument("--hz", type=float, default=1.25)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
