"""All cases by name, in the order of the table."""

from __future__ import annotations

from benchmarks.case import Case
from benchmarks.cases import (
    crab,
    cube,
    galactic_centre,
    gammapy_benchmarks,
    posterior,
    reduction,
    start_up,
    survey,
)

__all__ = ["CASES", "OPEN"]

_MODULES = (
    start_up,
    cube,
    crab,
    galactic_centre,
    gammapy_benchmarks,
    survey,
    posterior,
    reduction,
)

CASES: dict[str, Case] = {case.name: case for module in _MODULES for case in module.CASES}

#: What is not measured, and why.
OPEN: dict[str, str] = gammapy_benchmarks.OPEN
