"""How it reads who was seen, and who is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from momentscan.app.cli.streams import counted, show

if TYPE_CHECKING:
    from momentscan.flows import Forgotten, SeenPeople


def show_people(video: SeenPeople) -> None:
    """Who is in a video, one line each."""
    show(f"{video.video_id}: {counted(len(video.people), 'person', 'people')}")
    for p in video.people:
        times = f"{counted(p.looks, 'look')}, {counted(len(p.tracks), 'track')}"
        when = f"{p.start_s:.1f} to {p.end_s:.1f} s, {times}"
        pack = f"pack: {p.pack}" if p.pack else "no pack"
        show(f"  {p.number}  {p.role}, track_score {p.track_score:.2f}, {when}, {pack}")


_REMOVED = {
    "faces": "looks at the face",
    "crops": "vectors of face and body",
    "face_ids": "Face-ID vectors",
    "poses": "body poses",
    "tracks": "tracks with their portraits",
    "thumbnails": "thumbnails of the picture",
    "stills": "stills",
    "packs": "files of identity packs",
    "clips": "files of clips",
    "exports": "exported files",
}


def show_forgotten(forgotten: Forgotten) -> None:
    """What was removed, what stays, and who is left under which number."""
    who = forgotten.person
    show(f"{forgotten.video_id}: person {who.number} ({who.role}) is forgotten")
    for what, count in forgotten.removed.items():
        show(f"  removed {count:>5}  {_REMOVED.get(what, f'rows of {what}')}")
    for note in forgotten.notes:
        show(f"  {note}")
    show(f"  kept: {forgotten.kept}")
    again = "scan --force, or a scan with other models or settings, would find them again"
    show(f"  the video itself still shows them: {forgotten.video}; {again}")
    _show_left(forgotten)


def _show_left(forgotten: Forgotten) -> None:
    if not forgotten.people:
        show("  nobody is left")
        return
    named = ", ".join(f"{p.number} {p.role} (was {p.was})" for p in forgotten.people)
    show(f"  those left are numbered anew: {named}")
    own = "a face that was never joined to theirs is still there under a number of its own"
    show(f"  {own}; see people list")
