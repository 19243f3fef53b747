"""One tree of settings: who may say what, who wins, and what is said to a name or a value that does not
do.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

import plugins
from momentscan import settings
from momentscan.errors import UsageError
from momentscan.knobs import Knob, KnobField, knob_values, knobs_of
from momentscan.select.gate import Gate
from momentscan.settings import Settings, resolve, tables

Say = Callable[[str, str, Any], Settings]

SOURCES = ("argument", "momentscan.toml", "environment")
NAMED = {
    "argument": "an argument",
    "momentscan.toml": "momentscan.toml",
    "environment": "the variable MOMENTSCAN_",
}


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without a momentscan.toml."""
    monkeypatch.chdir(tmp_path)


def toml(name: str, value: Any) -> str:
    table, _, last = name.rpartition(".")
    return (f"[{table}]\n" if table else "") + f"{last} = {json.dumps(value)}\n"


def variable(name: str) -> str:
    return f"MOMENTSCAN_{name.upper().replace('.', '__')}"


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """The settings in force when one source says one thing."""

    def said(source: str, name: str, value: Any) -> Settings:
        if source == "argument":
            return settings.load({name: value})
        with pytest.MonkeyPatch.context() as patched:
            if source == "environment":
                patched.setenv(variable(name), str(value))
            else:
                (tmp_path / settings.TOML).write_text(toml(name, value))
            try:
                return settings.load()
            finally:
                (tmp_path / settings.TOML).unlink(missing_ok=True)

    return said


def fields() -> dict[str, KnobField]:
    return {f"{table}.{f.name}": f for table, _, stage in tables.stages() for f in knobs_of(stage)}


def another(field: KnobField) -> Any:
    """A value within bounds that is not the default."""
    knob, default = field.knob, field.default
    if isinstance(default, bool):
        return not default
    if knob.choices:
        return next(word for word in knob.choices if word != default)
    step = 1 if field.type is int else 0.5
    tried = [default + step, default - step, knob.low, knob.high]
    fits = [v for v in tried if v is not None and v != default and _within(knob, v)]
    return field.type(fits[0])


def _within(knob: Knob, value: float) -> bool:
    return (knob.low is None or value >= knob.low) and (knob.high is None or value <= knob.high)


# ---- every knob


@pytest.mark.parametrize("name", tables.knob_names())
def test_every_knob_can_be_turned_from_every_source_to_the_same(name: str, say: Say) -> None:
    plain, value, table = settings.load(), another(fields()[name]), name.partition(".")[0]
    turned = [say(source, name, value) for source in SOURCES]
    assert turned[0] == turned[1] == turned[2]
    assert [one.sources[name] for one in turned] == list(SOURCES)
    assert turned[0].turned == {name: value}
    assert turned[0].key() != plain.key()
    assert turned[0].stage(table) == turned[1].stage(table) == turned[2].stage(table)
    assert knob_values(turned[0].stage(table)) != knob_values(plain.stage(table))


@pytest.mark.parametrize("name", tables.knob_names())
def test_a_value_as_text_is_the_value(name: str) -> None:
    value = another(fields()[name])
    assert settings.load({name: str(value)}) == settings.load({name: value})


def test_settings_travel_as_plain_values_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = {name: another(field) for name, field in fields().items()}
    given = settings.load(turned, output="elsewhere", embedder="descriptor", models="weights", reel=True)
    plain = json.loads(json.dumps(given.to_json()))
    monkeypatch.setenv("MOMENTSCAN_OUTPUT", "of this machine")
    Path(settings.TOML).write_text("token = 'of this folder'\n")
    back = resolve.from_json(plain)
    assert (back.to_json(), back.key()) == (given.to_json(), given.key())
    assert (back.output, back.models) == (Path("elsewhere"), Path("weights"))
    assert {name: back.stage(name) for name, _, _ in tables.stages()} == {
        name: given.stage(name) for name, _, _ in tables.stages()
    }


# ---- who wins


@pytest.mark.parametrize(
    ("name", "low", "middle", "high"),
    [
        ("output", "a", "b", "c"),
        ("embedder", "descriptor", "mobilenet", "siglip"),
        ("rules.contrast", 1.5, 2.5, 3.5),
    ],
)
def test_an_argument_beats_the_environment_which_beats_the_file(
    name: str, low: Any, middle: Any, high: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_force(found: Settings) -> Any:
        if name == "embedder":
            return found.choice(name)
        return str(found.output) if name == "output" else found.stage("rules").contrast

    before = in_force(settings.load())
    assert before not in (low, middle, high)
    Path(settings.TOML).write_text(toml(name, low))
    assert in_force(settings.load()) == low
    monkeypatch.setenv(variable(name), str(middle))
    assert in_force(settings.load()) == middle
    assert in_force(settings.load({name: high})) == high
    assert in_force(settings.load({name: None})) == middle, "None was not said"
    assert settings.load({name: high}).sources[name] == "argument"


def test_knobs_of_one_table_come_from_several_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(settings.TOML).write_text("[saliency]\npercentile = 80\nhop_s = 2.0\n")
    monkeypatch.setenv("MOMENTSCAN_SALIENCY", '{"contrast": 3.5, "hop_s": 3}')
    saliency = settings.load({"saliency": {"hop_s": 1.5}}).stage("saliency")
    assert (saliency.intervals.percentile, saliency.contrast, saliency.hop_s) == (80.0, 3.5, 1.5)


def test_what_is_not_said_leaves_no_trace() -> None:
    plain = settings.load()
    assert (plain.turned, plain.chosen, plain.sources) == ({}, {}, {})
    assert settings.load({"rules": {}}) == plain


# ---- stages within stages


@dataclass(frozen=True)
class Picky:
    """A table with a gate of its own, as an engine may have."""

    strict: Annotated[float, Knob("", source="a test", low=0, high=1)] = 0.5
    gate: Gate = Gate(confidence=0.9)


def test_a_shared_stage_reaches_every_table_that_has_one_unless_that_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(tables.STAGES, "picky", (f"{__name__}:Picky", "a test"))
    assert settings.load().stage("picky").gate == Gate(confidence=0.9), "its own default"
    shared = settings.load({"gate.confidence": 0.6})
    assert (shared.stage("picky").gate.confidence, shared.stage("gate").confidence) == (0.6, 0.6)
    own = settings.load({"gate": {"confidence": 0.6}, "picky.gate.confidence": 0.7})
    assert (own.stage("picky").gate.confidence, own.stage("gate").confidence) == (0.7, 0.6)
    assert own.stage("picky").strict == 0.5


# ---- names that are none


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("embeder", "did you mean embedder?"),
        ("outputt", "did you mean output?"),
        ("grid_hertz", "did you mean grid_hz?"),
        ("rules.contrst", "did you mean contrast?"),
        ("rulez.contrast", "did you mean rules.contrast?"),
    ],
)
def test_an_unknown_name_gets_the_nearest_one_that_there_is(
    source: str, name: str, hint: str, say: Say
) -> None:
    with pytest.raises(UsageError) as told:
        say(source, name, 1)
    assert hint in str(told.value)
    assert f"(from {NAMED[source]}" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_name_that_is_like_nothing_gets_them_all() -> None:
    with pytest.raises(UsageError, match="there is no setting 'qqqqqq'; there are output, engine, models, "):
        settings.load({"qqqqqq": 1})


@pytest.mark.parametrize("source", SOURCES)
def test_a_table_is_no_value(source: str, say: Say) -> None:
    with pytest.raises(UsageError, match=r"setting rules is a table; turn one of its knobs, say rules\."):
        say(source, "rules", 3)


@pytest.mark.parametrize("name", ["CACHE", "DEBUG", "MEDIA", "REQUIRE", "PLANTED"])
def test_variables_of_others_are_no_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"MOMENTSCAN_{name}", "x")
    assert settings.load().sources == {}


@pytest.mark.parametrize("old", tables.DEPRECATED)
@pytest.mark.parametrize("source", SOURCES)
def test_names_of_before_are_taken_with_a_warning(
    source: str, old: str, say: Say, caplog: pytest.LogCaptureFixture
) -> None:
    new = tables.DEPRECATED[old]
    name = next(name for name in tables.knob_names() if name.startswith(f"{new}."))
    value = another(fields()[name])
    with caplog.at_level(logging.WARNING):
        found = say(source, name.replace(new, old, 1), value)
    assert found.turned == {name: value}
    assert found == settings.load({name: value})
    (warning,) = [r.getMessage() for r in caplog.records]
    assert warning.startswith(f"setting {old} is called {new} now")


# ---- values that do not do


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("saliency.hop_s", 0, "knob saliency.hop_s wants at least 0.25 s, got "),
        ("saliency.percentile", 101, "knob saliency.intervals.percentile wants at most 100"),
        ("saliency.smooth", "butter", "knob saliency.smooth wants one of gaussian, median, none"),
        ("saliency.percentile", "high", "knob saliency.intervals.percentile wants a float, got 'high'"),
        ("jobs", 0, "knob jobs wants at least 1 videos, got "),
        ("device", "abacus", "knob device wants one of auto, cpu, cuda, coreml, got 'abacus'"),
        ("sampling.grid_hz", 0, "sampling.grid_hz"),
    ],
)
def test_a_value_out_of_bounds_is_one_line_that_says_where_it_was_said(
    source: str, name: str, value: Any, said: str, say: Say
) -> None:
    with pytest.raises(UsageError) as told:
        say(source, name, value)
    line = str(told.value)
    assert said in line
    where = variable(name) if source == "environment" else NAMED[source]
    assert line.endswith(f"{where})")
    assert "\n" not in line


@pytest.mark.parametrize("text", ["= nonsense", "output = ", "[rules", "\udce9 = 1"])
def test_a_file_that_cannot_be_read_is_one_line(text: str) -> None:
    Path(settings.TOML).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UsageError, match=r"momentscan\.toml cannot be read: ") as told:
        settings.load()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("text", ["{", '{"contrast": }'])
def test_a_table_in_a_variable_that_is_no_json_is_one_line(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOMENTSCAN_RULES", text)
    with pytest.raises(UsageError, match="MOMENTSCAN_RULES cannot be read as JSON: ") as told:
        settings.load()
    assert "\n" not in str(told.value)


# ---- what is made of them


def test_a_replaced_option_leaves_what_was_turned() -> None:
    one = settings.load({"rules.contrast": 9})
    other = one.replace(output=Path("b"), turned={"live.still_s": 0.5})
    assert (other.output, dict(other.turned)) == (Path("b"), {"rules.contrast": 9.0, "live.still_s": 0.5})
    assert one.turned == {"rules.contrast": 9.0}


def test_a_stage_that_there_is_not_is_a_defect_of_ours() -> None:
    with pytest.raises(KeyError):
        settings.load().stage("nonsense")


# ---- values of another shape


@pytest.mark.parametrize("deep", ['{"a":' * 20_000, '{"contrast":' + "[" * 20_000])
def test_a_variable_nested_too_deep_is_told_in_one_line(deep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOMENTSCAN_RULES", deep)
    with pytest.raises(UsageError, match=r"^MOMENTSCAN_RULES cannot be read as JSON: maximum recursion"):
        settings.load()


def test_a_file_nested_too_deep_is_told_in_one_line() -> None:
    Path(settings.TOML).write_text("a = " + "[" * 20_000 + "]" * 20_000)
    with pytest.raises(UsageError, match=r"^momentscan\.toml cannot be read: maximum recursion"):
        settings.load()


def test_an_option_is_no_table() -> None:
    with pytest.raises(UsageError, match=r"setting token is one value and no table, .*an argument"):
        settings.load({"token": {"a": 1}})


def test_a_model_is_one_name() -> None:
    Path(settings.TOML).write_text('detector = ["yunet"]\n')
    with pytest.raises(
        UsageError, match=r"setting detector wants the name of a model.*\(from momentscan\.toml\)"
    ):
        settings.load()


def test_an_empty_table_turns_nothing_and_one_that_there_is_not_is_told() -> None:
    Path(settings.TOML).write_text("[rules]\n[delivery]\n")
    assert settings.load() == settings.Settings()
    Path(settings.TOML).write_text("[rulez]\n")
    with pytest.raises(
        UsageError, match=r"there is no setting 'rulez'; did you mean rules.*momentscan\.toml"
    ):
        settings.load()


def test_a_broken_plug_in_costs_nobody_else_their_settings(tmp_path: Path) -> None:
    points = {"momentscan.scorers": {"broken": "broken_engine:Broken"}}
    with plugins.installed(tmp_path, "broken-engine", "1", points, {"broken_engine.py": "1 / 0"}):
        assert "rules" in {name for name, _, _ in tables.stages()}
        with pytest.raises(UsageError, match="'broken' of the package broken-engine 1 cannot be imported"):
            settings.load({"broken.least": 1})
