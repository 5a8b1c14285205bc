"""The models of the battery: every registered class, at several points of its domain."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gjax.model.registry import REGISTRY
from gjax.parameters import own_values, specs, with_values

N_INSTANCES = 3


def build(cls, shift: float):
    """Make an instance with every parameter moved from that of the example.

    The fraction is of the way to the upper bound where there is one, else of five typical steps or
    the value; it is a little different for each parameter, so that no two of them stay equal.
    """
    model = example(cls)
    values, given = {}, own_values(model)
    for k, (name, spec) in enumerate(specs(model).items()):
        value = float(given[name])
        step = 5.0 * spec.scale if spec.scale else abs(value) or 1.0
        if spec.max is not None:
            step = spec.max - value
        values[name] = value + shift * (1.0 - 0.3 * (k % 3)) * step
    return with_values(model, values)


def example(cls):
    """Give the registered example of a class."""
    found = [e for kind in REGISTRY.values() for e in kind.values() if e.cls is cls]
    return found[0].example()


def instances(cls) -> list:
    """Make the instances of a class."""
    return [build(cls, shift) for shift in np.linspace(0.1, 0.5, N_INSTANCES)]


def borders(cls) -> list:
    """Make instances that sit on each finite bound, and on all the lower ones together."""
    model = build(cls, 0.1)
    declared = specs(model)
    single = [
        {name: bound}
        for name, spec in declared.items()
        for bound in (spec.min, spec.max)
        if bound is not None
    ]
    together = {name: spec.min for name, spec in declared.items() if spec.min is not None}
    return [with_values(model, values) for values in [*single, together]]


def entries(kind: str) -> list:
    """List the registered classes of a kind as pytest parameters."""
    return [pytest.param(entry.cls, id=tag) for tag, entry in REGISTRY[kind].items()]


def reference(name: str = "models") -> dict:
    """Read Gammapy's numbers."""
    path = Path(__file__).parents[1] / "reference" / "data" / f"{name}.json"
    return json.loads(path.read_text())
