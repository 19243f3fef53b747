"""An identity pack as diffusion tools read it: captions, weights, a manifest, and folders for ComfyUI, kohya
and OneTrainer.

Tools get paths of images, never embeddings (identity_builder §3). All paths are relative to the person's
folder.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from momentscan.errors import UsageError
from momentscan.select.pack import FOLDERS, SHARES, Chosen, IdentityPack, Kind

REPEATS_MOST = 20
"""No image is repeated more often for a tool without weights; taste: an epoch stays short."""

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

README = """\
The images of this person as other tools read them. The files here are the same as those beside this folder.
Paths in them are relative to the person's folder, the one that holds `layouts`.

ComfyUI     comfyui/references.json lists the images for InstantID, IP-Adapter and PuLID, as paths for nodes that load images.
            For comfyui/workflow_api.json copy the person's folder into ComfyUI/input.
kohya       in the person's folder: --dataset_config layouts/kohya/dataset.toml, or --train_data_dir layouts/kohya --caption_extension .txt
OneTrainer  start it in the person's folder with layouts/onetrainer/concepts.json, or put the person's folder before each path.
"""


@dataclass(frozen=True)
class Link:
    """A file that is the same as this image, `path` within the person's folder. OneTrainer passes symbolic
    links by: link hard, or copy.
    """

    path: str


Files = dict[str, bytes | Link]
"""Path within the person's folder -> what to write there."""


# ---- words ----


def subject(token: str, klass: str = "person") -> str:
    """`sks person`. Refuses words that cannot stand in a folder's name, be it on another system than this."""
    for what, word in (("token", token), ("class", klass)):
        if not _fits(word):
            raise UsageError(
                f'the {what} wants 1 to {NAME_LONGEST} visible characters, none of / \\ < > : " | ? *, '
                f"no dot or space at either end; got {word[:NAME_LONGEST]!r}"
            )
    named = f"{token} {klass}"
    if len(_kohya_folder(REPEATS_MOST, named).encode()) > FOLDER_LONGEST:
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
    said = (
        ASIDE.get(image.yaw_bin or ""),
        NOD.get(image.pitch_bin or ""),
        EXPRESSION.get(image.expression_bin or ""),
        LIGHT.get(image.lighting_bin or ""),
        HIDDEN.get(image.occlusion_bin or ""),
    )
    return ", ".join((f"photo of {token} {klass}", *filter(None, said)))


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
        "cues": [said for cue in image.cues if (said := words.get(cue))],
        "negative_prompt": [word for cue in image.cues for word in avoid.get(cue, ())],
    }


# ---- how much of each ----


def weights(pack: IdentityPack) -> dict[str, float]:
    """Path of an image -> its weight in conditioning: the share of its set, split evenly. They sum to 1; {}
    for an empty pack.
    """
    shares = pack.shares
    return {image.path: shares[image.kind] / len(pack.of(image.kind)) for image in pack.images}


def repeats(weights: Mapping[str, float]) -> dict[str, int]:
    """How often a tool without weights sees each image: its weight over the smallest, rounded (halves up), 1
    to REPEATS_MOST.

    Rounding shifts the shares of the sets, in packs of 3 anchors, 5 of coverage and 5 of challenge or more by
    .02 in the median and .12 at worst; the manifest tells by how much.
    """
    low = min(weights.values(), default=1.0)
    return {
        path: min(REPEATS_MOST, max(1, math.floor(weight / low + 0.5))) for path, weight in weights.items()
    }


def repeated_shares(pack: IdentityPack) -> dict[Kind, float]:
    """The share of each set once its images are repeated; 0 for an empty one."""
    counts = repeats(weights(pack))
    return {
        kind: sum(counts[image.path] for image in pack.of(kind)) / max(sum(counts.values()), 1)
        for kind in FOLDERS
    }


# ---- the manifest ----


def manifest(pack: IdentityPack, token: str, klass: str = "person") -> dict[str, Any]:
    """What the pack is and how much of each image to take, JSON-able.

    ratios            all that identity_builder §10 knows, anchor : coverage : challenge
    ratio             the one in force, that of the first condition
    shares            the same over the sets that are not empty (readings I15); they sum to 1, or are 0 where
                      nothing is there
    repeats           what shares become in tools that only repeat; error = the largest difference of a set
    """
    subject(token, klass)
    in_force = pack.conditions[0] if pack.conditions else "default"
    got = repeated_shares(pack)
    return {
        "token": token,
        "class": klass,
        "empty": not pack.images,
        "identity_verified": pack.verified,
        "conditions": list(pack.conditions),
        "ratio": in_force,
        "ratios": {name: dict(zip(FOLDERS, ratio, strict=True)) for name, ratio in SHARES.items()},
        "shares": _rounded(pack.shares),
        "repeats": {
            "shares": _rounded(got),
            "error": round(max(abs(got[k] - pack.shares[k]) for k in FOLDERS), 6),
            "most": REPEATS_MOST,
        },
        "images": list(_entries(pack, token, klass)),
    }


def _entries(pack: IdentityPack, token: str, klass: str) -> Iterator[dict[str, Any]]:
    weight = weights(pack)
    count = repeats(weight)
    for image in pack.images:
        yield {
            "path": image.path,
            "set": image.kind,
            "weight": round(weight[image.path], 6),
            "repeats": count[image.path],
            "caption": caption(image, token, klass),
            "stable_score": image.stable if image.stable is None else round(image.stable, 4),
            "quality_score": round(image.quality, 4),
            **cues(image),
        }


def _rounded(shares: Mapping[Kind, float]) -> dict[str, float]:
    return {kind: round(share, 6) for kind, share in shares.items()}


# ---- the layouts ----


def layouts(pack: IdentityPack, token: str, klass: str = "person") -> Files:
    """All files of `layouts/` for one person; none for an empty pack. Nothing in them depends on where the
    folder lies.
    """
    subject(token, klass)
    if not pack.images:
        return {}
    return (
        {"layouts/README.txt": README.encode()}
        | comfyui(pack)
        | kohya(pack, token, klass)
        | onetrainer(pack, token, klass)
    )


def comfyui(pack: IdentityPack) -> Files:
    """Lists of images for the nodes that take them, and a workflow that loads the anchors.

    Names from cubiq/ComfyUI_InstantID InstantID.py, cubiq/ComfyUI_IPAdapter_plus IPAdapterPlus.py,
    cubiq/PuLID_ComfyUI pulid.py. Of a batch, ApplyInstantID and ApplyPulid take the mean, and so do
    IP-Adapter's nodes where combine_embeds is average; so an image that is there twice weighs twice.
    ApplyInstantID takes the pose from the first. IPAdapterFaceID and ApplyPulid stop at an image in which
    their own detector sees no face.
    """
    weight = weights(pack)
    count = repeats(weight)
    faces = [image.path for image in _faces(pack)]
    lists = {
        "root": "../..",
        "instantid": {"node": "ApplyInstantID", "input": "image", "images": faces},
        "ipadapter": {
            "nodes": ["IPAdapterAdvanced", "IPAdapterFaceID"],
            "input": "image",
            "combine_embeds": "average",
            "images": [{"path": path, "weight": round(share, 6)} for path, share in weight.items()],
            "repeated": [path for path in weight for _ in range(count[path])],
        },
        "pulid": {"node": "ApplyPulid", "input": "image", "images": faces},
    }
    folder = f"person_{pack.person.number}"
    return {
        "layouts/comfyui/references.json": _json(lists),
        "layouts/comfyui/workflow_api.json": _json(_workflow(faces, folder)),
    }


def _faces(pack: IdentityPack) -> Sequence[Chosen]:
    """Who it is: the anchors, best first; where there is none, the best image of all."""
    return pack.of("anchor") or sorted(pack.images, key=lambda image: -image.quality)[:1]


def _workflow(paths: Sequence[str], folder: str) -> dict[str, Any]:
    """Loads images into one batch and shows it, in ComfyUI's API format: node id -> class_type, inputs, [id,
    output] for a wire.

    From comfyanonymous/ComfyUI nodes.py: LoadImage reads below ComfyUI/input, folders too; ImageBatch fits
    the second to the first.
    """
    nodes: dict[str, Any] = {}

    def node(class_type: str, title: str, **inputs: Any) -> list[Any]:
        number = str(len(nodes) + 1)
        nodes[number] = {"class_type": class_type, "inputs": inputs, "_meta": {"title": title}}
        return [number, 0]

    copied = f"copy the person's folder to ComfyUI/input/{folder}"
    batch, *others = [node("LoadImage", copied, image=f"{folder}/{path}") for path in paths]
    for other in others:
        batch = node("ImageBatch", "anchors, best first", image1=batch, image2=other)
    node(
        "PreviewImage",
        "wire the batch to `image` of ApplyInstantID, IPAdapterFaceID or ApplyPulid",
        images=batch,
    )
    return nodes


def kohya(pack: IdentityPack, token: str, klass: str = "person") -> Files:
    """`3_sks person/anchor_001.jpg` and `.txt`: one folder for all images that are repeated 3 times, and a
    TOML that says the same.

    From kohya-ss/sd-scripts library/config_util.py (repeats before the first _, class tokens after it) and
    docs/config_README-en.md (where a TOML is given, the names of folders are not read). No flips: captions
    tell left from right.
    """
    named = subject(token, klass)
    count = repeats(weights(pack))
    files: Files = {"layouts/kohya/dataset.toml": _dataset_toml(sorted(set(count.values())), named).encode()}
    for image in pack.images:
        files |= _captioned(image, f"layouts/kohya/{_kohya_folder(count[image.path], named)}", token, klass)
    return files


def _kohya_folder(times: int, named: str) -> str:
    return f"{times}_{named}"


def _dataset_toml(times: Sequence[int], named: str) -> str:
    head = """\
# kohya sd-scripts, --dataset_config. Run it in the person's folder, or put that folder before each image_dir.
# Resolution and batch size are those of the command line. Nothing is flipped: captions tell left from right.
[general]
caption_extension = ".txt"
shuffle_caption = false
keep_tokens = 1
flip_aug = false

[[datasets]]
enable_bucket = true
"""
    subset = """
[[datasets.subsets]]
image_dir = {folder}
class_tokens = {named}
num_repeats = {times}
"""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)  # a JSON string without control characters is a TOML one

    folders = {n: f"layouts/kohya/{_kohya_folder(n, named)}" for n in times}
    return head + "".join(
        subset.format(folder=quoted(folder), named=quoted(named), times=n) for n, folder in folders.items()
    )


def onetrainer(pack: IdentityPack, token: str, klass: str = "person") -> Files:
    """A concept per set that is not empty, so many samples of each per epoch that the shares are exact to
    half a sample.

    From Nerogar/OneTrainer modules/util/config/ConceptConfig.py, BaseConfig.py (what is left out keeps its
    default) and Nerogar/mgds VariationSorting.py (SAMPLES = this many per epoch, going round; REPEATS would
    be floored).
    """
    named = subject(token, klass)
    low = min(weights(pack).values(), default=1.0)
    concepts = [
        _concept(kind, named, math.floor(share / low + 0.5)) for kind, share in pack.shares.items() if share
    ]
    files: Files = {"layouts/onetrainer/concepts.json": _json(concepts)}
    for image in pack.images:
        files |= _captioned(image, f"layouts/onetrainer/{FOLDERS[image.kind]}", token, klass)
    return files


def _concept(kind: Kind, named: str, samples: int) -> dict[str, Any]:
    """Nothing is flipped, for captions tell left from right; nothing is cropped or recoloured, for light and
    pose are what was chosen.
    """
    off = "crop_jitter random_flip fixed_flip random_rotate random_brightness random_contrast random_saturation random_hue"
    return {
        "__version": 1,
        "name": f"{named}, {FOLDERS[kind]}",
        "path": f"layouts/onetrainer/{FOLDERS[kind]}",
        "seed": 0,
        "enabled": True,
        "include_subdirectories": False,
        "image_variations": 1,
        "text_variations": 1,
        "balancing": float(samples),
        "balancing_strategy": "SAMPLES",
        "loss_weight": 1.0,
        "image": {"__version": 0} | {f"enable_{name}": False for name in off.split()},
        "text": {"__version": 0, "prompt_source": "sample", "enable_tag_shuffling": False},
    }


def _captioned(image: Chosen, folder: str, token: str, klass: str) -> Files:
    """The image, and beside it its caption, one line of UTF-8."""
    return {
        f"{folder}/{image.name}.jpg": Link(image.path),
        f"{folder}/{image.name}.txt": f"{caption(image, token, klass)}\n".encode(),
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
