"""No model takes long to compile: the times of the benchmark, as a limit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "model_compile.py"


def load():
    """Import the benchmark, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("model_compile", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["spectral", "spatial", "temporal"])
def test_no_model_takes_more_than_two_seconds_with_its_gradient(kind):
    rows = list(load().rows((kind,)))
    assert len(rows) > 5
    slow = {row.tag: row.gradient for row in rows if row.gradient > 2.0}
    assert not slow
