"""A pack as kohya's sd-scripts read it: folders that say how often their images are repeated."""

from __future__ import annotations

import json
from collections.abc import Sequence

from momentscan.export.captions import subject
from momentscan.export.image_weights import kohya_folder, repeats, weights
from momentscan.export.trainer_files import Files, captioned
from momentscan.select.pack_types import IdentityPack


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
        files |= captioned(image, f"layouts/kohya/{kohya_folder(count[image.path], named)}", token, klass)
    return files


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

    folders = {n: f"layouts/kohya/{kohya_folder(n, named)}" for n in times}
    return head + "".join(
        subset.format(folder=quoted(folder), named=quoted(named), times=n) for n, folder in folders.items()
    )
