"""The files of `identity_builder/`: images, metas, manifests, layouts of trainers, contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from momentscan.assembly.version_stamp import version_stamp
from momentscan.disk.codec import encode
from momentscan.disk.packs import (
    META,
    REFUSED,
    THUMBS,
    Crop,
    ImageContext,
    image_meta,
    pair_meta,
    person_meta,
)
from momentscan.export.captions import caption, cues
from momentscan.export.contact_sheet import contact_sheet
from momentscan.export.trainer_files import Link
from momentscan.export.trainer_layouts import layouts, manifest
from momentscan.packs.choice import PackChoice
from momentscan.packs.crops import NOT_CUT, CropStore, Rows
from momentscan.records.packs import Refusal
from momentscan.select.pack_types import Chosen, IdentityPack
from momentscan.select.pairs import Pair
from momentscan.signals import Signals
from momentscan.signals.boxes import whole_boxes


class Tree(NamedTuple):
    """By path: bytes, files that lie elsewhere already, and second names of files of this very folder."""

    files: dict[str, bytes]
    links: dict[str, Path]
    same: dict[str, str]

    def put(self, path: str, data: bytes | Path) -> None:
        """An image, as bytes or as the file where it lies."""
        if isinstance(data, Path):
            self.links[path] = data
        else:
            self.files[path] = data


def pack_tree(
    signals: Signals,
    choice: PackChoice,
    crops: CropStore,
    packs: Sequence[IdentityPack],
    pairs: Sequence[Pair],
) -> Tree:
    """What `write_tree` takes."""
    tree = Tree({REFUSED: encode(_refused(signals, crops))}, {}, {})
    for pack in packs:
        _put_person(tree, signals, choice, crops, pack)
    for pair in pairs:
        crop = crops.cut[pair.rows]
        context = _context(signals, pair.rows, "", ())
        tree.put(pair.path, crop.data)
        tree.files[f"pair/{THUMBS}/{pair.name}.jpg"] = crop.thumb
        tree.files[pair.path.replace(".jpg", "_meta.json")] = encode(pair_meta(pair, crop, context))
    return tree


def _put_person(
    tree: Tree, signals: Signals, choice: PackChoice, crops: CropStore, pack: IdentityPack
) -> None:
    home = f"person_{pack.person.number}"
    for image in pack.images:
        _put_image(tree, signals, choice, crops.cut[image.row,], pack, image)
    version = signals.made_by.get("face_ids.embedding")
    meta = person_meta(pack, choice.identities.kind, version, version_stamp(signals))
    tree.files[f"{home}/{META}"] = encode(meta)
    tree.files[f"{home}/manifest.json"] = encode(manifest(pack, choice.token, choice.klass))
    if pack.bank is not None:
        tree.files[f"{home}/memory_bank.json"] = encode(pack.bank.record())
    if pack.images:
        thumbs = {i.name: crops.cut[i.row,].thumb for i in pack.images}
        tree.files[f"{home}/contact_sheet.jpg"] = contact_sheet(pack, thumbs)
    for path, content in layouts(pack, choice.token, choice.klass).items():
        if isinstance(content, Link):
            tree.same[f"{home}/{path}"] = f"{home}/{content.path}"
        else:
            tree.files[f"{home}/{path}"] = content


def _put_image(
    tree: Tree, signals: Signals, choice: PackChoice, crop: Crop, pack: IdentityPack, image: Chosen
) -> None:
    home = f"person_{pack.person.number}"
    words, hints = caption(image, choice.token, choice.klass), cues(image)
    context = _context(signals, (image.row,), words, hints["negative_prompt"])
    tree.put(f"{home}/{image.path}", crop.data)
    meta = image_meta(pack, image, crop, context)
    tree.files[f"{home}/{image.path.replace('.jpg', '_meta.json')}"] = encode(meta)
    tree.files[f"{home}/{THUMBS}/{image.name}.jpg"] = crop.thumb


def _context(signals: Signals, rows: Rows, words: str, negative_prompt: Sequence[str]) -> ImageContext:
    made_by = signals.made_by.get("crops.face")
    boxes = whole_boxes(signals, rows)
    return ImageContext(
        signals.video.video_id, boxes, made_by, words, negative_prompt, version_stamp(signals)
    )


def _refused(signals: Signals, crops: CropStore) -> tuple[Refusal, ...]:
    """Samples that were chosen and could not be used, each with the reason; not those that nobody tried to
    cut.
    """
    return tuple(
        Refusal(int(signals["faces.frame_idx"][rows[0]]), whole_boxes(signals, rows), reason)
        for rows, reason in sorted(crops.refused.items())
        if reason != NOT_CUT
    )
