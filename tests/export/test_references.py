"""Diffusion tools find the images of a pack by path, in the shares that were asked for, and read nothing that
they would misread.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.errors import UsageError
from momentscan.export.captions import ASIDE, caption, cues, subject
from momentscan.export.image_weights import REPEATS_MOST, repeated_shares, repeats, weights
from momentscan.export.trainer_files import Link
from momentscan.export.trainer_layouts import layouts, manifest
from momentscan.select.buckets import EXPRESSIONS, LIGHTINGS, OCCLUSIONS, PITCHES, YAWS, yaw_label
from momentscan.select.pack_types import FOLDERS, SHARES, Chosen, IdentityPack
from momentscan.select.people import Person

KOHYA_FOLDER = re.compile(r"(?P<repeats>\d+)_(?P<token>.+) (?P<klass>\S+)")
HOSTILE = [
    "",
    " ",
    ".",
    "..",
    ".hidden",
    "../up",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\u202eb",
    "a\u2028b",
    "C:",
    'a"b',
    "a|b",
    "end.",
    " pad",
]
PLAIN = Chosen(
    "anchor",
    "anchor_001",
    0,
    1.0,
    25,
    "[-5,5]",
    "neutral",
    "neutral",
    "none",
    "normal",
    0.0,
    0.0,
    0.9,
    1.0,
    0.8,
    "strict",
    False,
    (),
    "why",
)


def image(kind: str = "anchor", number: int = 1, **changes: Any) -> Chosen:
    return replace(PLAIN, kind=kind, name=f"{kind[:4]}_{number:03d}", **changes)


def pack(
    anchors: int = 4, coverage: int = 14, challenge: int = 6, conditions: tuple[str, ...] = ()
) -> IdentityPack:
    """A pack of so many images; what this room does not look at is None."""
    counts = {"anchor": anchors, "coverage": coverage, "challenge": challenge}
    return fake(tuple(image(kind, i + 1) for kind, n in counts.items() for i in range(n)), conditions)


def fake(images: tuple[Chosen, ...], conditions: tuple[str, ...] = ()) -> IdentityPack:
    person = Person(3, "main", 0.8, 0.5, 0.5, 0.9, (0,), np.arange(3), 0.0, 9.0)
    known = {"person": person, "images": images, "conditions": conditions, "verified": True}
    return IdentityPack(**({field.name: None for field in fields(IdentityPack)} | known))


def share(pack: IdentityPack, kind: str) -> float:
    return sum(weight for path, weight in weights(pack).items() if path.startswith(FOLDERS[kind]))


def read(files: dict[str, bytes | Link], path: str) -> Any:
    return json.loads(files[f"layouts/{path}"])


def text(files: dict[str, bytes | Link], path: str) -> str:
    content = files[f"layouts/{path}"]
    assert isinstance(content, bytes)
    return content.decode()


# ---- words ----


def test_a_plain_portrait_is_told_in_few_words() -> None:
    assert caption(PLAIN, "sks") == "photo of sks person, facing the camera, neutral expression"


def test_whatever_is_unusual_is_told() -> None:
    hard = replace(
        PLAIN,
        yaw_bin="[30,45]",
        pitch_bin="up",
        expression_bin="smile",
        lighting_bin="dark",
        occlusion_bin="partial",
    )
    said = "turned to the right of the picture, chin up, smiling, in low light, face partly hidden"
    assert caption(hard, "홍길동", "man") == f"photo of 홍길동 man, {said}"


def test_every_bin_of_yaw_has_its_words_and_left_is_the_mirror_of_right() -> None:
    labels = [yaw_label(number) for number in range(-1, len(YAWS) + 1)]
    words = [ASIDE[label] for label in labels if label]
    assert len(words) == 9
    assert words[:4] == [said.replace("right", "left") for said in words[:-5:-1]]
    assert all("left" in said for said in words[:3])
    assert words[8] == "in near profile, turned to the right of the picture"


@pytest.mark.parametrize(
    ("part", "labels", "usual"),
    [
        ("pitch_bin", PITCHES, "neutral"),
        ("expression_bin", EXPRESSIONS, None),
        ("lighting_bin", LIGHTINGS, "normal"),
        ("occlusion_bin", OCCLUSIONS, "none"),
    ],
)
def test_each_bin_says_something_of_its_own_and_the_usual_one_nothing(
    part: str, labels: tuple[str, ...], usual: str | None
) -> None:
    silent = replace(PLAIN, pitch_bin=None, expression_bin=None, lighting_bin=None, occlusion_bin=None)
    said = {label: caption(replace(silent, **{part: label}), "sks") for label in labels}
    assert len(set(said.values())) == len(labels)
    assert [label for label in labels if said[label] == caption(silent, "sks")] == ([usual] if usual else [])


def test_what_was_not_measured_goes_unsaid() -> None:
    unknown = replace(
        PLAIN, yaw_bin=None, pitch_bin=None, expression_bin=None, occlusion_bin=None, lighting_bin=None
    )
    assert caption(unknown, "sks") == "photo of sks person"


def test_a_challenge_says_what_is_hard_and_what_would_avoid_it() -> None:
    hard = image("challenge", pitch_bin="down", lighting_bin="dark", cues=("pitch", "dark"))
    assert cues(hard) == {
        "cues": ["chin down", "in low light"],
        "negative_prompt": ["looking down", "high angle", "underexposed", "low light", "noise"],
    }


@pytest.mark.parametrize("cue", ["yaw", "pitch", "dark", "bright", "occluded", "blur"])
def test_every_kind_of_hardship_has_a_negative_prompt(cue: str) -> None:
    lighting = "overexposed" if cue == "bright" else "dark"
    hard = image(
        "challenge", yaw_bin=">=45", pitch_bin="up", lighting_bin=lighting, occlusion_bin="heavy", cues=(cue,)
    )
    assert len(cues(hard)["cues"]) == 1
    assert cues(hard)["negative_prompt"]


def test_an_anchor_has_nothing_to_avoid_and_an_unknown_cue_says_nothing() -> None:
    assert cues(PLAIN) == cues(image("challenge", cues=("snow",))) == {"cues": [], "negative_prompt": []}


# ---- how much of each ----


def test_the_sets_weigh_20_to_70_to_10() -> None:
    assert [round(share(pack(), kind), 9) for kind in FOLDERS] == [0.2, 0.7, 0.1]


@pytest.mark.parametrize("condition", [name for name in SHARES if name != "default"])
def test_each_condition_has_its_own_ratio(condition: str) -> None:
    found = pack(conditions=(condition,))
    assert [round(100 * share(found, kind), 6) for kind in FOLDERS] == list(SHARES[condition])
    assert manifest(found, "sks")["ratio"] == condition


def test_an_empty_set_leaves_its_share_to_the_others() -> None:
    found = pack(challenge=0)
    assert [round(share(found, kind), 9) for kind in FOLDERS] == [round(2 / 9, 9), round(7 / 9, 9), 0]
    assert manifest(found, "sks")["shares"] == {"anchor": 0.222222, "coverage": 0.777778, "challenge": 0}


@given(st.tuples(st.integers(0, 20), st.integers(0, 70), st.integers(0, 40)), st.sampled_from(sorted(SHARES)))
def test_weights_sum_to_one_and_are_even_within_a_set(counts: tuple[int, int, int], condition: str) -> None:
    found = pack(*counts, conditions=() if condition == "default" else (condition,))
    assert sum(weights(found).values()) == pytest.approx(1 if any(counts) else 0)
    assert all(len({weights(found)[i.path] for i in found.of(kind)}) <= 1 for kind in FOLDERS)


@given(st.dictionaries(st.text(max_size=3), st.floats(1e-3, 1), min_size=1))
def test_repeats_are_the_weights_over_the_smallest_to_half_a_repeat(found: dict[str, float]) -> None:
    counts, low = repeats(found), min(found.values())
    assert min(counts.values()) == 1
    assert max(counts.values()) <= REPEATS_MOST
    assert all(
        abs(counts[path] - min(weight / low, REPEATS_MOST)) <= 0.5 + 1e-9 for path, weight in found.items()
    )


@given(st.tuples(st.integers(3, 5), st.integers(5, 60), st.integers(5, 8)), st.sampled_from(sorted(SHARES)))
def test_repeats_miss_the_shares_of_a_full_pack_by_an_eighth_at_most_and_the_manifest_says_so(
    counts: tuple[int, int, int], condition: str
) -> None:
    found = pack(*counts, conditions=() if condition == "default" else (condition,))
    got = repeated_shares(found)
    error = max(abs(got[kind] - found.shares[kind]) for kind in FOLDERS)
    assert error < 0.125
    assert manifest(found, "sks")["repeats"]["error"] == round(error, 6)


def test_halves_round_up() -> None:
    assert repeats({"a": 0.25, "b": 0.1}) == {"a": 3, "b": 1}


def test_nothing_is_repeated_more_than_the_most() -> None:
    assert max(repeats(weights(pack(anchors=1, coverage=200))).values()) == REPEATS_MOST


# ---- the manifest ----


def test_the_manifest_tells_of_every_image_what_a_tool_needs() -> None:
    told = manifest(
        fake((PLAIN, image("challenge", stable=None, cues=("dark",), lighting_bin="dark"))), "sks", "woman"
    )
    assert told == json.loads(json.dumps(told, allow_nan=False))
    assert (told["token"], told["class"], told["conditions"], told["identity_verified"]) == (
        "sks",
        "woman",
        [],
        True,
    )
    assert told["ratios"] == {
        "default": {"anchor": 20, "coverage": 70, "challenge": 10},
        "id_drift": {"anchor": 30, "coverage": 60, "challenge": 10},
        "low_variety": {"anchor": 15, "coverage": 75, "challenge": 10},
        "dark": {"anchor": 20, "coverage": 65, "challenge": 15},
    }
    anchor, hard = told["images"]
    assert anchor == {
        "path": "anchors/anchor_001.jpg",
        "set": "anchor",
        "weight": 0.666667,
        "repeats": 2,
        "caption": "photo of sks woman, facing the camera, neutral expression",
        "stable_score": 0.8,
        "quality_score": 0.9,
        "cues": [],
        "negative_prompt": [],
    }
    assert hard["stable_score"] is None
    assert "low light" in hard["negative_prompt"]


def test_of_several_conditions_the_first_is_in_force_and_all_are_told() -> None:
    told = manifest(pack(conditions=("dark", "low_variety")), "sks")
    assert told["conditions"] == ["dark", "low_variety"]
    assert told["shares"] == {"anchor": 0.2, "coverage": 0.65, "challenge": 0.15}


def test_an_empty_pack_says_that_it_is_empty_and_has_no_layouts() -> None:
    told = manifest(pack(0, 0, 0), "sks")
    assert told["empty"]
    assert told["images"] == []
    assert set(told["shares"].values()) == {0}
    assert weights(pack(0, 0, 0)) == repeats({}) == layouts(pack(0, 0, 0), "sks") == {}


# ---- words that users choose ----


@pytest.mark.parametrize("word", [*HOSTILE, "a" * 65, "\ud800"])
def test_a_hostile_token_or_class_is_refused_in_one_line(word: str) -> None:
    for said in [(word, "person"), ("sks", word)]:
        with pytest.raises(UsageError) as refused:
            layouts(pack(), *said)
        assert len(str(refused.value).splitlines()) == 1
        with pytest.raises(UsageError):
            manifest(pack(), *said)


@pytest.mark.parametrize("token", ["홍길동", "sks", "a" * 64, "가" * 64, "two words", "under_score", "1st"])
def test_a_plain_token_passes_in_any_script(token: str) -> None:
    assert subject(token) == f"{token} person"
    assert max(len(part.encode()) for path in layouts(pack(), token) for part in path.split("/")) <= 255


def test_words_that_make_a_folder_name_too_long_only_together_are_refused() -> None:
    with pytest.raises(UsageError, match="together"):
        subject("가" * 64, "나" * 64)


@given(st.text(max_size=80), st.text(max_size=20))
def test_whatever_is_typed_is_refused_or_stays_in_its_folder(token: str, klass: str) -> None:
    try:
        files = layouts(pack(1, 1, 1), token, klass)
    except UsageError:
        return
    assert all(path.startswith("layouts/") and len(Path(path).parts) == path.count("/") + 1 for path in files)
    assert {len(Path(path).parts) for path in files} <= {2, 3, 4}
    assert ".." not in {part for path in files for part in Path(path).parts}


# ---- the layouts ----


def test_nothing_that_is_written_depends_on_the_machine() -> None:
    files = layouts(pack(), "sks")
    links = [content.path for content in files.values() if isinstance(content, Link)]
    texts = [content.decode() for content in files.values() if isinstance(content, bytes)]
    assert not [
        path for path in [*files, *links] if path.startswith(("/", "~")) or "\\" in path or ":" in path
    ]
    assert not [said for said in texts if re.search(r"""(^|[\s"'=])(/|~|[A-Za-z]:)[/\\\w]""", said)]
    assert not [said for said in texts if str(Path.cwd()) in said or str(Path.home()) in said]


def test_the_same_pack_is_written_the_same_way() -> None:
    assert layouts(pack(), "sks") == layouts(pack(), "sks")


def test_every_link_is_an_image_of_the_pack_with_its_caption_beside_it() -> None:
    found = pack()
    files = layouts(found, "sks")
    for path, content in files.items():
        if isinstance(content, Link):
            assert content.path in {i.path for i in found.images}
            assert Path(path).name == Path(content.path).name
            assert (
                text(files, path.removeprefix("layouts/").replace(".jpg", ".txt"))
                == f"{caption(PLAIN, 'sks')}\n"
            )


def test_each_trainer_sees_every_image_once() -> None:
    found = pack()
    links = [(path.split("/")[1], c.path) for path, c in layouts(found, "sks").items() if isinstance(c, Link)]
    assert Counter(links) == {(tool, i.path): 1 for tool in ("kohya", "onetrainer") for i in found.images}


@pytest.mark.parametrize(
    ("token", "klass"), [("sks", "person"), ("홍길동", "남자"), ("my_token two", "person"), ("7", "girl")]
)
def test_kohya_reads_repeats_token_and_class_back_from_the_folders(token: str, klass: str) -> None:
    found = pack()
    files, count = layouts(found, token, klass), repeats(weights(found))
    for path, content in files.items():
        if path.startswith("layouts/kohya/") and isinstance(content, Link):
            folder = path.split("/")[2]
            read_back = KOHYA_FOLDER.fullmatch(folder)
            assert read_back
            assert (int(read_back["repeats"]), read_back["token"], read_back["klass"]) == (
                count[content.path],
                token,
                klass,
            )
            first, *rest = folder.split(
                "_"
            )  # as sd-scripts does it, library/config_util.py extract_dreambooth_params
            assert (int(first), "_".join(rest)) == (count[content.path], f"{token} {klass}")


def test_the_toml_of_kohya_says_the_same_as_its_folders() -> None:
    files = layouts(pack(), "홍길동")
    told = tomllib.loads(text(files, "kohya/dataset.toml"))
    folders = {
        str(Path(path).parent)
        for path in files
        if path.startswith("layouts/kohya/") and path.endswith(".jpg")
    }
    subsets = told["datasets"][0]["subsets"]
    assert {s["image_dir"] for s in subsets} == folders
    assert all(s["image_dir"] == f"layouts/kohya/{s['num_repeats']}_{s['class_tokens']}" for s in subsets)
    assert told["general"] == {
        "caption_extension": ".txt",
        "shuffle_caption": False,
        "keep_tokens": 1,
        "flip_aug": False,
    }


def test_onetrainer_finds_what_a_concept_needs() -> None:
    files = layouts(pack(), "sks")
    concepts = read(files, "onetrainer/concepts.json")
    needed = {
        "name",
        "path",
        "seed",
        "enabled",
        "include_subdirectories",
        "image_variations",
        "text_variations",
        "loss_weight",
    }
    for concept in concepts:
        assert needed | {"balancing", "balancing_strategy", "image", "text"} <= set(concept)
        assert concept["__version"] == 1
        assert concept["text"]["prompt_source"] == "sample"
        assert concept["image"]["enable_random_flip"] is False
        assert any(path.startswith(concept["path"] + "/") and path.endswith(".jpg") for path in files)
    assert [c["path"].split("/")[-1] for c in concepts] == list(FOLDERS.values())


def test_onetrainer_takes_samples_in_the_shares() -> None:
    concepts = read(layouts(pack(5, 30, 8), "sks"), "onetrainer/concepts.json")
    assert {c["balancing_strategy"] for c in concepts} == {"SAMPLES"}
    assert [c["balancing"] for c in concepts] == [16.0, 56.0, 8.0]


def test_onetrainer_gets_no_concept_without_images() -> None:
    concepts = read(layouts(pack(challenge=0), "sks"), "onetrainer/concepts.json")
    assert [c["name"] for c in concepts] == ["sks person, anchors", "sks person, coverage"]


def test_comfyui_gets_paths_and_never_a_vector() -> None:
    found = pack(2, 3, 1)
    told = read(layouts(found, "sks"), "comfyui/references.json")
    anchors = ["anchors/anch_001.jpg", "anchors/anch_002.jpg"]
    assert told["root"] == "../.."
    assert told["instantid"] == {"node": "ApplyInstantID", "input": "image", "images": anchors}
    assert told["pulid"] == {"node": "ApplyPulid", "input": "image", "images": anchors}
    assert [i["path"] for i in told["ipadapter"]["images"]] == [i.path for i in found.images]
    assert sum(i["weight"] for i in told["ipadapter"]["images"]) == pytest.approx(1, abs=1e-4)
    assert Counter(told["ipadapter"]["repeated"]) == repeats(weights(found))
    assert "embed" not in json.dumps({tool: told[tool] for tool in ("instantid", "pulid")})


def test_without_anchors_the_best_image_stands_in_for_them() -> None:
    found = fake(
        (
            image("coverage", 1, quality=0.3),
            image("coverage", 2, quality=0.7),
            image("challenge", quality=0.5),
        )
    )
    assert read(layouts(found, "sks"), "comfyui/references.json")["instantid"]["images"] == [
        "coverage/cove_002.jpg"
    ]


@pytest.mark.parametrize("anchors", [1, 2, 5])
def test_the_workflow_loads_the_anchors_into_one_batch_with_core_nodes_alone(anchors: int) -> None:
    nodes = read(layouts(pack(anchors), "sks"), "comfyui/workflow_api.json")
    kinds = Counter(node["class_type"] for node in nodes.values())
    assert kinds == Counter({"LoadImage": anchors, "ImageBatch": anchors - 1, "PreviewImage": 1})
    loaded = [node for node in nodes.values() if node["class_type"] == "LoadImage"]
    assert [node["inputs"]["image"] for node in loaded] == [
        f"person_3/anchors/anch_{i + 1:03d}.jpg" for i in range(anchors)
    ]
    assert {node["_meta"]["title"] for node in loaded} == {
        "copy the person's folder to ComfyUI/input/person_3"
    }
    shown = next(node["inputs"]["images"] for node in nodes.values() if node["class_type"] == "PreviewImage")
    assert batch(nodes, shown) == [node["inputs"]["image"] for node in loaded]


def batch(nodes: dict[str, Any], wire: list[Any]) -> list[str]:
    """The images that come out of a wire, in order."""
    number, output = wire
    inputs = nodes[number]["inputs"]
    assert output == 0
    return (
        batch(nodes, inputs["image1"]) + batch(nodes, inputs["image2"])
        if "image1" in inputs
        else [inputs["image"]]
    )
