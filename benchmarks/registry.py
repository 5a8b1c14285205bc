"""All cases by name, in the order of the table."""

from __future__ import annotations

from benchmarks.case import Case
from benchmarks.cases import (
    crab,
    cube,
    galactic_centre,
    instruments,
    joint,
    model_compile,
    posterior,
    reduction,
    scripts,
    start_up,
    survey,
)

__all__ = ["CASES", "OPEN"]

_MODULES = (
    galactic_centre,
    cube,
    crab,
    instruments,
    joint,
    start_up,
    reduction,
    scripts,
    survey,
    posterior,
    model_compile,
)

CASES: dict[str, Case] = {case.name: case for module in _MODULES for case in module.CASES}

#: What is not measured, and why.
OPEN: dict[str, str] = scripts.OPEN
