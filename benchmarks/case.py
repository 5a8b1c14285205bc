"""What a benchmark case is, and how the two kinds that most cases are of work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.floor import Work

__all__ = ["Case", "Goal", "Skip", "fit_case"]


class Skip(Exception):  # noqa: N818 -- no error, as in pytest
    """A case cannot run here; the message says why."""


@dataclass(frozen=True)
class Goal:
    """A number that a case should reach.

    Parameters
    ----------
    text :
        What is asked for.
    quantity :
        A key of what `benchmarks.table.compare` finds, or the name of a row of gjax.
    limit :
        The number.
    at_least :
        Whether the quantity should be at least the limit (a ratio), rather than at most.
    """

    text: str
    quantity: str
    limit: float
    at_least: bool = False


@dataclass(frozen=True)
class Case:
    """A benchmark.

    Parameters
    ----------
    name, title :
        For the command line and for the table.
    make :
        Writes what both sides read into a folder, once; called with the folder and whether the run
        is quick. Raises `Skip` where data are missing.
    load :
        Reads it; not timed. Called with the folder and whether the run is quick.
    run :
        The work that is timed; called with what ``load`` gave. Returns numbers: ``evaluations``,
        ``stat``, ``values`` (name to value and error), ``compile`` in s, and ``rows`` (name to
        seconds) where one run times several things.
    check :
        Gives ``stat`` and ``values`` with Gammapy's conventions of folding, called once with what
        ``load`` gave, not timed: what then still differs is no matter of convention.
    peer :
        The action of ``benchmarks/peer/side.py`` on the same folder; None without a counterpart.
    repeat, peer_repeat :
        Warm runs, of which the median is taken.
    target, goals :
        What is asked for, as text of the table, and as numbers that are checked.
    reason :
        Why a goal is missed, where it is known.
    floor, work :
        What the machine cannot go below, in words and as bytes and operations.
    compilations :
        How many the first run may make; a warm run may make none. None where it is not known.
    optional :
        Whether it runs only if it is named, or with ``--all``.
    """

    name: str
    title: str
    make: Callable[[Path, bool], None]
    load: Callable[[Path, bool], Any]
    run: Callable[[Any], dict[str, Any]]
    check: Callable[[Any], dict[str, Any]] | None = None
    peer: str | None = None
    repeat: int = 5
    peer_repeat: int = 5
    target: str = ""
    goals: tuple[Goal, ...] = ()
    reason: str = ""
    floor: str = ""
    work: Work | None = None
    compilations: int | None = None
    optional: bool = False


def load_fit(folder: Path, quick: bool) -> Any:
    """Read datasets and models."""
    from gjax.io.datasets_yaml import read_datasets
    from gjax.io.models import read_models

    contents = read_models(folder / "models.yaml")
    return list(read_datasets(folder / "datasets.yaml")), contents.models, contents.parameters


def run_fit(loaded: Any, folding: Any = None) -> dict[str, Any]:
    """Fit, with the covariance."""
    from gjax.infer import fit

    datasets, models, parameters = loaded
    result = fit(datasets, models, parameters, folding=folding)
    table, errors = result.parameters, result.errors
    return {
        "compile": result.timing["compile"],
        "rows": {"prepare": result.timing["prepare"], "minimise": result.timing["fit"]},
        "evaluations": result.evaluations,
        "success": bool(result.success),
        "stat": float(result.stat),
        "values": {table.names[i]: (float(table.values[i]), float(errors[i])) for i in table.free},
    }


def check_fit(loaded: Any) -> dict[str, Any]:
    """Fit with Gammapy's conventions."""
    from gjax.predict import GAMMAPY

    return run_fit(loaded, GAMMAPY)


def fit_case(name: str, title: str, make: Callable[[Path, bool], None], **options: Any) -> Case:
    """Make a case that fits the datasets and models of a folder, on both sides."""
    return Case(
        name, title, make, load_fit, run_fit, **({"peer": "fit", "check": check_fit} | options)
    )


def median_time(function: Callable[[], Any], repeat: int = 5) -> float:
    """Give the median wall time of a call, in s; the first call is not counted."""
    function()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return sorted(times)[repeat // 2]
