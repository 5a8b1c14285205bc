"""No model takes long to compile: the times of the benchmark, as a limit."""

from __future__ import annotations

import pytest

from benchmarks.cases.model_compile import rows


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["spectral", "spatial", "temporal"])
def test_no_model_takes_more_than_two_seconds_with_its_gradient(kind):
    found = list(rows((kind,)))
    assert len(found) > 5
    slow = {row.tag: row.gradient for row in found if row.gradient > 2.0}
    assert not slow
