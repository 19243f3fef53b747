"""A log that was made once must give the verdict that it gave then. `python tests/golden/make.py` makes both
again.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from momentscan import registry
from momentscan.disk import read_log
from momentscan.disk.codec import encode
from momentscan.disk.windows import window_records
from momentscan.flows import judge

HERE = Path(__file__).parent


@pytest.mark.parametrize("engine", registry.names("scorers"))
def test_the_golden_log_gives_the_golden_verdict(engine: str) -> None:
    verdict = judge(read_log(HERE / "signals"), engine)
    golden = json.loads((HERE / f"{engine}.json").read_text())
    found = json.loads(encode(window_records(verdict)))
    assert [w["why"] for w in found] == [w["why"] for w in golden]
    for new, old in zip(found, golden, strict=True):
        assert {k: new[k] for k in ("start_ms", "end_ms", "peak_ms")} == {
            k: old[k] for k in ("start_ms", "end_ms", "peak_ms")
        }
        assert new["parts"] == pytest.approx(old["parts"], abs=1e-4)
