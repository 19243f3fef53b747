"""An identity pack as diffusion tools read it: captions, weights, a manifest, and folders for ComfyUI, kohya
and OneTrainer.

Tools get paths of images, never embeddings (identity_builder §3). All paths are relative to the person's
folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict

from momentscan.export.captions import caption, cues, subject
from momentscan.export.comfyui import comfyui
from momentscan.export.image_weights import REPEATS_MOST, repeated_shares, repeats, weights
from momentscan.export.kohya import kohya
from momentscan.export.onetrainer import onetrainer
from momentscan.export.trainer_files import Files
from momentscan.select.pack_types import FOLDERS, SHARES, IdentityPack, Kind

README = """\
The images of this person as other tools read them. The files here are the same as those beside this folder.
Paths in them are relative to the person's folder, the one that holds `layouts`.

ComfyUI     comfyui/references.json lists the images for InstantID, IP-Adapter and PuLID, as paths for nodes \
that load images.
            For comfyui/workflow_api.json copy the person's folder into ComfyUI/input.
kohya       in the person's folder: --dataset_config layouts/kohya/dataset.toml, or --train_data_dir \
layouts/kohya --caption_extension .txt
OneTrainer  start it in the person's folder with layouts/onetrainer/concepts.json, or put the person's \
folder before each path.
"""


class ManifestEntry(TypedDict):
    """One image in the manifest."""

    path: str
    set: Kind
    weight: float
    repeats: int
    caption: str
    stable_score: float | None
    quality_score: float
    cues: list[str]
    negative_prompt: list[str]


class Repeated(TypedDict):
    """What the shares of the sets become in tools that only repeat."""

    shares: dict[Kind, float]
    error: float
    most: int


Manifest = TypedDict(
    "Manifest",
    {
        "token": str,
        "class": str,
        "empty": bool,
        "identity_verified": bool,
        "conditions": list[str],
        "ratio": str,
        "ratios": dict[str, dict[Kind, float]],
        "shares": dict[Kind, float],
        "repeats": Repeated,
        "images": list[ManifestEntry],
    },
)
"""The manifest of one pack."""


def manifest(pack: IdentityPack, token: str, klass: str = "person") -> Manifest:
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


def _entries(pack: IdentityPack, token: str, klass: str) -> Iterator[ManifestEntry]:
    weight = weights(pack)
    count = repeats(weight)
    for image in pack.images:
        hard = cues(image)
        yield {
            "path": image.path,
            "set": image.kind,
            "weight": round(weight[image.path], 6),
            "repeats": count[image.path],
            "caption": caption(image, token, klass),
            "stable_score": image.stable if image.stable is None else round(image.stable, 4),
            "quality_score": round(image.quality, 4),
            "cues": hard["cues"],
            "negative_prompt": hard["negative_prompt"],
        }


def _rounded(shares: Mapping[Kind, float]) -> dict[Kind, float]:
    return {kind: round(share, 6) for kind, share in shares.items()}


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
