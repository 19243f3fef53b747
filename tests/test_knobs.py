"""Knobs stand in a tree: nested stages by dotted names, models left out, and the nearest name for a wrong
one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentscan.errors import UsageError
from momentscan.knobs import Knob, Model, knob_values, knobs_of, models_of, turned_knobs, with_knobs


@dataclass(frozen=True)
class Peaks:
    distance_s: Annotated[float, Knob("s", source="a test", low=0.1, high=60)] = 1.0
    count: Annotated[int, Knob("peaks", source="a test", low=1)] = 3


@dataclass(frozen=True)
class Smooth:
    kind: Annotated[str, Knob("", source="a test", choices=("none", "median"))] = "none"
    span_s: Annotated[float, Knob("s", source="a test", low=0)] = 0.5


@dataclass(frozen=True)
class Engine:
    tau_s: Annotated[float, Knob("s", source="a test", low=0)] = 0.95
    signed: Annotated[bool, Knob("", source="a test")] = False
    peaks: Peaks = Peaks(distance_s=2.5)
    far: Peaks = Peaks()
    smooth: Smooth = Smooth()
    ranker: Annotated[Any, Model("ranker")] = None


@dataclass(frozen=True)
class Whole:
    engine: Engine = Engine(tau_s=2.0)


def test_knobs_of_nested_stages_have_dotted_names_in_the_order_written() -> None:
    assert [f.name for f in knobs_of(Engine)] == [
        "tau_s",
        "signed",
        "peaks.distance_s",
        "peaks.count",
        "far.distance_s",
        "far.count",
        "smooth.kind",
        "smooth.span_s",
    ]
    assert "engine.peaks.distance_s" in [f.name for f in knobs_of(Whole)]


def test_a_default_is_that_of_the_owner_not_of_the_stage() -> None:
    defaults = {f.name: f.default for f in knobs_of(Whole)}
    assert defaults["engine.peaks.distance_s"] == 2.5
    assert defaults["engine.far.distance_s"] == 1.0
    assert defaults["engine.tau_s"] == 2.0


@pytest.mark.parametrize(
    "values",
    [{"peaks": {"distance_s": 4}}, {"peaks.distance_s": "4"}],
    ids=["nested", "dotted"],
)
def test_nested_and_dotted_names_turn_the_same_and_nothing_beside(values: dict[str, Any]) -> None:
    assert with_knobs(Engine, values) == Engine(peaks=Peaks(distance_s=4.0))


def test_turning_one_knob_keeps_the_owners_other_defaults() -> None:
    assert with_knobs(Engine, {"peaks.count": 5}).peaks == Peaks(distance_s=2.5, count=5)
    assert with_knobs(Whole, {"engine.smooth.span_s": 1}).engine.tau_s == 2.0


def test_a_bare_name_will_do_where_only_one_knob_ends_so() -> None:
    assert with_knobs(Engine, {"span_s": 2}).smooth.span_s == 2.0
    assert with_knobs(Whole, {"tau_s": 3}).engine.tau_s == 3.0
    with pytest.raises(
        UsageError, match=r"Engine has 2 knobs 'distance_s': peaks\.distance_s, far\.distance_s; say which"
    ):
        with_knobs(Engine, {"distance_s": 4})


def test_a_stage_itself_is_no_knob() -> None:
    with pytest.raises(
        UsageError, match=r"rules\.peaks holds several knobs; turn one of them: peaks\.distance_s"
    ):
        with_knobs(Engine, {"peaks": 4}, "rules")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tua_s", "did you mean tau_s?"),
        ("peaks.distanc_s", "did you mean peaks.distance_s?"),
        ("smoth.kind", "did you mean smooth.kind?"),
        ("spans_s", "did you mean smooth.span_s?"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as told:
        with_knobs(Engine, {name: 1}, "rules")
    assert str(told.value).startswith(f"rules has no knob {name!r}; ")
    assert hint in str(told.value)


@pytest.mark.parametrize("name", ["ranker", "peaks.ranker"])
def test_a_model_is_no_knob(name: str) -> None:
    assert models_of(Engine) == {"ranker": "ranker"}
    with pytest.raises(UsageError, match="has no knob"):
        with_knobs(Engine, {name: 1})


def test_what_is_in_force_is_nested_and_has_no_models() -> None:
    assert knob_values(Engine(ranker=object())) == {
        "tau_s": 0.95,
        "signed": False,
        "peaks": {"distance_s": 2.5, "count": 3},
        "far": {"distance_s": 1.0, "count": 3},
        "smooth": {"kind": "none", "span_s": 0.5},
    }


@given(st.floats(0.1, 60), st.integers(1, 9), st.sampled_from(["none", "median"]), st.booleans())
def test_what_is_in_force_makes_the_same_stage_again(
    distance_s: float, count: int, kind: str, signed: bool
) -> None:
    stage = Engine(signed=signed, far=Peaks(distance_s, count), smooth=Smooth(kind))
    assert with_knobs(Engine, knob_values(stage)) == stage


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"peaks.distance_s": 0}, r"knob rules\.peaks\.distance_s wants at least 0\.1 s, got 0"),
        ({"peaks": {"distance_s": 61}}, r"knob rules\.peaks\.distance_s wants at most 60 s, got 61"),
        ({"peaks.count": "many"}, r"knob rules\.peaks\.count wants a int, got 'many'"),
        ({"smooth.kind": "mean"}, r"knob rules\.smooth\.kind wants one of none, median, got 'mean'"),
        ({"tau_s": "nan"}, r"knob rules\.tau_s wants a finite number, got 'nan'"),
        ({"signed": "perhaps"}, r"knob rules\.signed wants a bool, got 'perhaps'"),
        ({"peaks.count": 2.7}, r"knob rules\.peaks\.count wants a int, got 2\.7"),
        ({"peaks.count": True}, r"knob rules\.peaks\.count wants a int, got True"),
        ({"peaks.count": math.inf}, r"knob rules\.peaks\.count wants a int, got inf"),
        ({"tau_s": 10**400}, r"knob rules\.tau_s wants a float, got 10{56}\.\.\.$"),
        ({"tau_s": True}, r"knob rules\.tau_s wants a float, got True"),
        ({"smooth.kind": ["median"]}, r"knob rules\.smooth\.kind wants a str, got \['median'\]"),
    ],
)
def test_a_value_that_does_not_do_is_told_with_the_whole_name(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        with_knobs(Engine, values, "rules")


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("off", False), ("1", True), (False, False)])
def test_words_for_yes_and_no(text: object, value: bool) -> None:
    assert turned_knobs(Engine, {"signed": text}) == {"signed": value}


def test_a_field_that_is_nothing_of_these_is_an_error_of_ours() -> None:
    @dataclass(frozen=True)
    class Odd:
        loose: float = 1.0

    with pytest.raises(TypeError, match=r"Odd\.loose has no Knob"):
        knobs_of(Odd)


def test_nothing_turned_is_the_default() -> None:
    assert with_knobs(Engine, {}) == Engine()
    assert turned_knobs(Engine, {"peaks": {}}) == {}
