"""The models of the battery: every registered class, at several points of its domain."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from gjax.model.registry import REGISTRY
from gjax.parameters import specs

N_INSTANCES = 3


def build(cls, shift: float):
    """Make an instance with every parameter moved from its default.

    The fraction is of the way to the upper bound where there is one, else of the default.
    """
    values = {}
    for name, spec in specs(cls).items():
        step = abs(spec.default) if spec.default else (spec.scale or 1.0)
        if spec.max is not None:
            step = spec.max - spec.default
        values[name] = spec.default + shift * step
    return cls(**values)


def instances(cls) -> list:
    """Make the instances of a class."""
    return [build(cls, shift) for shift in np.linspace(0.1, 0.5, N_INSTANCES)]


def borders(cls) -> list:
    """Make instances that sit on each finite bound, and on all the lower ones together."""
    declared = specs(cls)
    single = [
        {name: bound}
        for name, spec in declared.items()
        for bound in (spec.min, spec.max)
        if bound is not None
    ]
    together = {name: spec.min for name, spec in declared.items() if spec.min is not None}
    return [dataclasses.replace(build(cls, 0.1), **values) for values in [*single, together]]


def entries(kind: str) -> list:
    """List the registered classes of a kind as pytest parameters."""
    return [pytest.param(entry.cls, id=tag) for tag, entry in REGISTRY[kind].items()]


def reference() -> dict:
    """Read Gammapy's numbers."""
    path = Path(__file__).parents[1] / "reference" / "data" / "models.json"
    return json.loads(path.read_text())
