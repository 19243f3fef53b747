"""What is to be seen in an image of a person, in the words of a prompt: from bins alone."""

from __future__ import annotations

import unicodedata

from momentscan.errors import UsageError
from momentscan.export.image_weights import REPEATS_MOST, kohya_folder
from momentscan.select.pack_types import Chosen

NAME_LONGEST, FOLDER_LONGEST = 64, 255
"""Characters of a token or class; bytes of a folder's name, the limit of common file systems."""

ASIDE = {
    "<-45": "in near profile, turned to the left of the picture",
    "[-45,-30]": "turned to the left of the picture",
    "[-30,-15]": "turned slightly to the left of the picture",
    "[-15,-5]": "facing the camera",
    "[-5,5]": "facing the camera",
    "[5,15]": "facing the camera",
    "[15,30]": "turned slightly to the right of the picture",
    "[30,45]": "turned to the right of the picture",
    ">=45": "in near profile, turned to the right of the picture",
}
"""Bin of yaw, + is the picture's right -> words; the words of this and the next tables are taste."""

NOD = {
    "down": "chin down",
    "slight-down": "chin slightly down",
    "slight-up": "chin slightly up",
    "up": "chin up",
}
EXPRESSION = {
    "neutral": "neutral expression",
    "smile": "smiling",
    "mouth_open": "mouth open",
    "eyes_closed": "eyes closed",
}
LIGHT = {"dark": "in low light", "overexposed": "in harsh bright light"}
HIDDEN = {"partial": "face partly hidden", "heavy": "face mostly hidden"}
"""Bin -> words; a bin that is not here is what everybody takes for granted."""

AVOID = {
    "yaw": ("profile view", "side view"),
    "dark": ("underexposed", "low light", "noise"),
    "bright": ("overexposed", "blown highlights"),
    "occluded": ("hand over face", "face covered", "occluded face"),
    "blur": ("blurry", "out of focus", "motion blur"),
}
AVOID_NOD = {"down": ("looking down", "high angle"), "up": ("looking up", "low angle")}
"""What makes an image hard -> what keeps it out of a picture, as a negative prompt; a nod by its bin."""


def subject(token: str, klass: str = "person") -> str:
    """`sks person`. Refuses words that cannot stand in a folder's name, be it on another system than this."""
    for what, word in (("token", token), ("class", klass)):
        if not _fits(word):
            raise UsageError(
                f'the {what} wants 1 to {NAME_LONGEST} visible characters, none of / \\ < > : " | ? *, '
                f"no dot or space at either end; got {word[:NAME_LONGEST]!r}"
            )
    named = f"{token} {klass}"
    if len(kohya_folder(REPEATS_MOST, named).encode()) > FOLDER_LONGEST:
        raise UsageError(
            f"token and class are too long for a folder's name together, {FOLDER_LONGEST} bytes; got "
            f"{named!r}"
        )
    return named


def _fits(word: str) -> bool:
    plain = not any(
        c in '/\\<>:"|?*' or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in word
    )
    return plain and 0 < len(word) <= NAME_LONGEST and word == word.strip() == word.strip(".")


def caption(image: Chosen, token: str, klass: str = "person") -> str:
    """`photo of sks person, turned to the right of the picture, chin up, smiling`. From bins alone; what is
    unknown goes unsaid.
    """
    phrases = (
        ASIDE.get(image.yaw_bin or ""),
        NOD.get(image.pitch_bin or ""),
        EXPRESSION.get(image.expression_bin or ""),
        LIGHT.get(image.lighting_bin or ""),
        HIDDEN.get(image.occlusion_bin or ""),
    )
    return ", ".join((f"photo of {token} {klass}", *filter(None, phrases)))


def cues(image: Chosen) -> dict[str, list[str]]:
    """What makes a challenge image hard, and a negative prompt for who must avoid that (identity_builder §8);
    else both are empty.
    """
    light = LIGHT.get(image.lighting_bin or "")
    words = {
        "yaw": ASIDE.get(image.yaw_bin or ""),
        "pitch": NOD.get(image.pitch_bin or ""),
        "dark": light,
        "bright": light,
        "occluded": HIDDEN.get(image.occlusion_bin or ""),
        "blur": "blurred",
    }
    avoid = AVOID | {"pitch": AVOID_NOD.get(image.pitch_bin or "", ())}
    return {
        "cues": [word for cue in image.cues if (word := words.get(cue))],
        "negative_prompt": [word for cue in image.cues for word in avoid.get(cue, ())],
    }
