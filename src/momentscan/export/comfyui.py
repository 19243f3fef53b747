"""A pack as ComfyUI reads it: lists of images for its nodes, and a workflow that loads the anchors."""

from __future__ import annotations

from collections.abc import Sequence

from momentscan.export.image_weights import repeats, weights
from momentscan.export.trainer_files import Files, json_bytes
from momentscan.select.pack_types import Chosen, IdentityPack

Node = dict[str, object]
"""class_type, inputs, _meta."""

Wire = list[object]
"""[id of a node, number of its output]."""


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
        "layouts/comfyui/references.json": json_bytes(lists),
        "layouts/comfyui/workflow_api.json": json_bytes(_workflow(faces, folder)),
    }


def _faces(pack: IdentityPack) -> Sequence[Chosen]:
    """Who it is: the anchors, best first; where there is none, the best image of all."""
    return pack.of("anchor") or sorted(pack.images, key=lambda image: -image.quality)[:1]


def _workflow(paths: Sequence[str], folder: str) -> dict[str, Node]:
    """Loads images into one batch and shows it, in ComfyUI's API format: node id -> class_type, inputs, [id,
    output] for a wire.

    From comfyanonymous/ComfyUI nodes.py: LoadImage reads below ComfyUI/input, folders too; ImageBatch fits
    the second to the first.
    """
    nodes: dict[str, Node] = {}

    def node(class_type: str, title: str, **inputs: object) -> Wire:
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
