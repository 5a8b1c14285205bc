"""The fit: from datasets and models to the best values with their covariance."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from gjax.dataset.datasets import AnyDataset
from gjax.infer.backends import minimize_by
from gjax.infer.covariance import covariance_of_values, invert_hessian
from gjax.infer.moving import (
    choose_pinned,
    find_negative,
    find_shrunk,
    find_unplaced,
    has_drifted,
    is_position,
    reach_of_steps,
)
from gjax.infer.objective import Objective, make_objective, stat_per_dataset
from gjax.infer.problem import Guards, Minimum, Status
from gjax.infer.provenance import provenance
from gjax.infer.result import FitResult
from gjax.infer.timing import Stopwatch
from gjax.parameters import Key, Parameters, fit_bounds
from gjax.predict.options import Folding
from gjax.predict.prepare import as_list

__all__ = ["fit"]

_MAX_PREPARATIONS = 5

#: Where at least so many evaluations are allowed, parts are kept for further tries.
_MANY = 60

#: Steps in which the statistic must change as long as there are other tries.
_PATIENCE = 15

#: What a source must be good for elsewhere, in units of the statistic, to be moved there.
_DETECTED = 25.0


def fit(
    datasets: AnyDataset | Sequence[AnyDataset],
    models: Any,
    parameters: Parameters | None = None,
    *,
    method: str = "newton",
    folding: Folding | None = None,
    tolerance: float = 1e-5,
    max_evaluations: int = 300,
    callback: Callable[[int, float], None] | None = None,
) -> FitResult:
    """Fit models to datasets: one joint likelihood, exact gradients, no tuning.

    The minimum is found by damped Newton steps projected on the bounds (Fisher scoring while it is
    far) with the exact Hessian, which also gives the covariance. Responses are those at the
    position of each source; if a source moves far, it is prepared again at its new place and the
    fit goes on, so that the result does not depend on the start. A source that has walked away from
    its start and shines no more, or has left the data, is tried once more, its spectrum before its
    position; so are all, where a third of the evaluations did not lead to a minimum. If that does
    not help either, the source that is good for least begins anew where one is missing near its
    start (`gjax.infer.placing`); so does one that turned negative, or a weak one that shrank to a
    point.

    Parameters
    ----------
    datasets :
        One dataset or several.
    models :
        The models at their start values.
    parameters :
        What is frozen, bounded, linked or has a prior; the default table of the models if not
        given.
    method :
        ``"newton"``; ``"lbfgs"`` for many hundreds of parameters; or ``"minuit"`` (extra
        ``minuit``) as a cross-check. The covariance is that of the exact Hessian with all of them.
    folding :
        Numerical choices of the folding.
    tolerance :
        Largest estimated distance to the minimum, in units of the statistic.
    max_evaluations :
        Bound on the evaluations of statistic and gradient.
    callback :
        Called with the number of evaluations and the statistic after each of them.

    Returns
    -------
    result :
        ``result.success`` tells whether the fit converged, ``result.message`` why not.
    """
    run = _Run(
        datasets=as_list(datasets),
        method=method,
        folding=folding,
        tolerance=tolerance,
        max_evaluations=max_evaluations,
        callback=callback,
    )
    table = Parameters.from_models(models) if parameters is None else parameters
    end = _settle(run, models, table, first=True, kept=run.keep(2 / 3))
    pinned = choose_pinned(end.objective, end.minimum, table, end.table, run.datasets)
    if pinned.any() and run.left:
        # Spectrum and background first, then the position: a source that was far too bright where
        # there is nothing has walked away instead of towards what it should describe.
        kept = run.keep(1 / 3)
        there = _settle(run, models, table, pinned=pinned, kept=kept)
        end = _better(end, _settle(run, there.models, there.table, kept=kept), tolerance)
    if suspects := _suspects(run, end, table):
        end = _place(run, end, table, suspects)
    if end.minimum.status in (Status.LEFT, Status.MAX_EVALUATIONS) and run.left:
        end = _settle(run, end.models, end.table)
    return _result(run, end.objective, end.minimum, end.table, end.models)


@dataclass
class _Run:
    """The settings of a fit, and what it has cost so far."""

    datasets: list[AnyDataset]
    method: str
    folding: Folding | None
    tolerance: float
    max_evaluations: int
    callback: Callable[[int, float], None] | None
    evaluations: int = 0
    trace: list[float] = field(default_factory=list)
    timing: dict[str, float] = field(
        default_factory=lambda: {"prepare": 0.0, "compile": 0.0, "fit": 0.0, "covariance": 0.0}
    )

    @property
    def left(self) -> int:
        """Evaluations that may still be made."""
        return self.max_evaluations - self.evaluations

    def keep(self, part: float) -> int:
        """Tell how many of all evaluations are a part of them; none where they are few."""
        return int(part * self.max_evaluations) if self.max_evaluations >= _MANY else 0

    def count(self, stage: str, watch: Stopwatch) -> None:
        self.timing[stage] += watch.run
        self.timing["compile"] += watch.compile

    def prepare(self, models: Any, table: Parameters) -> Objective:
        with Stopwatch() as watch:
            objective = make_objective(self.datasets, models, table, self.folding)
        self.count("prepare", watch)
        return objective

    def search(
        self,
        objective: Objective,
        table: Parameters,
        first: bool,
        pinned: np.ndarray | None,
        kept: int,
    ) -> Minimum:
        guards = Guards(
            amplitudes=np.array([table.keys[i][-1] == "amplitude" for i in table.free], bool),
            reach=reach_of_steps(objective, table, self.datasets),
            watched=is_position(table) if first else None,
            pinned=pinned,
            patience=_PATIENCE if kept else None,
        )
        with Stopwatch() as watch:
            minimum = minimize_by(
                self.method if pinned is None else "newton",
                objective,
                objective.layout.start,
                tolerance=self.tolerance,
                max_evaluations=max(self.left - kept, 1),
                callback=self.callback,
                guards=guards,
            )
        self.count("fit", watch)
        self.evaluations += minimum.evaluations
        self.trace.extend(minimum.trace)
        return minimum


@dataclass(frozen=True)
class _End:
    """Where a search ended, with models and table there."""

    objective: Objective
    minimum: Minimum
    table: Parameters
    models: Any


def _settle(
    run: _Run,
    models: Any,
    table: Parameters,
    first: bool = False,
    pinned: np.ndarray | None = None,
    kept: int = 0,
) -> _End:
    """Search, and prepare the sources again until they stay where they were prepared for.

    Parameters
    ----------
    first :
        Whether to stop where a source leaves the data.
    pinned :
        Coordinates that stay.
    kept :
        Evaluations that are kept for further tries.
    """
    objective = run.prepare(models, table)
    minimum = run.search(objective, table, first, pinned, kept)
    for _ in range(_MAX_PREPARATIONS - 1):
        layout = jax.device_get(objective.layout)
        before = layout.models_at(layout.start)
        table, models = _at(table, objective, minimum.theta)
        settled = not has_drifted(before, models, run.datasets)
        if settled or minimum.status is not Status.CONVERGED:
            break
        # Its arrays are as large as the data: two at once would set the peak of memory.
        del objective
        objective = run.prepare(models, table)
        minimum = run.search(objective, table, first, pinned, kept)
    table, models = _at(table, objective, minimum.theta)
    return _End(objective, minimum, table, models)


def _better(end: _End, other: _End, tolerance: float) -> _End:
    return other if other.minimum.stat < end.minimum.stat - tolerance else end


def _suspects(run: _Run, end: _End, start: Parameters) -> set[str]:
    """Name the sources that a search left at the wrong place, maybe: any, if it failed."""
    keys = [end.table.keys[i] for i in end.table.free]
    if end.minimum.status is not Status.CONVERGED:
        return {key[0] for key in keys}
    inverse = invert_hessian(end.minimum.hessian, end.minimum.held | end.minimum.without_effect)
    marks = find_unplaced(inverse, end.objective, end.table, run.datasets)
    marks |= find_negative(inverse, end.minimum, end.table)
    marks |= find_shrunk(inverse, end.minimum, start, end.table)
    return {key[0] for key, mark in zip(keys, marks, strict=True) if mark}


def _place(run: _Run, end: _End, start: Parameters, suspects: set[str]) -> _End:
    """Fit without the source that is good for least, put it where one is missing, and fit all."""
    from gjax.infer.placing import place_anew, rank_sources  # hardly ever needed

    for name in rank_sources(end.objective, end.minimum, end.table):
        if not run.left or not suspects:
            break
        if name not in suspects:
            continue
        own = np.array([end.table.keys[i][0] == name for i in end.table.free])
        dark = end.table.update({(name, "spectral", "amplitude"): 0.0})
        rest = _settle(run, end.models, dark, pinned=own, kept=run.left // 2)
        place = place_anew(run.datasets, rest.models, start, rest.table, name, run.folding)
        if place is None or place.gain < _DETECTED or not run.left:
            continue
        found = _settle(run, rest.models, place.table, kept=run.left // 2)
        end = _better(end, found, run.tolerance)
        suspects = _suspects(run, end, start)
    return end


def _at(table: Parameters, objective: Objective, theta: np.ndarray) -> tuple[Parameters, Any]:
    """Give table and models at a point, on the host; a coordinate on its bound has its value."""
    layout = jax.device_get(objective.layout)
    values = np.array(layout.all_values(theta))
    free = np.array(layout.free, int)
    minimum, maximum = fit_bounds(table)
    values[free] = np.where(theta <= layout.lower, minimum[free], values[free])
    values[free] = np.where(theta >= layout.upper, maximum[free], values[free])
    table = dataclasses.replace(table, values=values)
    fixed = table.freeze("*").layout(layout.models)
    return table, fixed.models_at(np.zeros(0))


def _stat_of_each(run: _Run, objective: Objective, minimum: Minimum) -> np.ndarray:
    """Give the statistic of each dataset at the minimum, priors left out."""
    if len(run.datasets) == 1 and not objective.layout.priors:
        return np.array([minimum.stat])  # known already: a second program need not be compiled
    return np.asarray(stat_per_dataset(objective, minimum.theta))


def _result(
    run: _Run, objective: Objective, minimum: Minimum, table: Parameters, models: Any
) -> FitResult:
    with Stopwatch() as watch:
        still = minimum.held | minimum.without_effect
        inverse = invert_hessian(minimum.hessian, still)
        covariance = covariance_of_values(objective.layout, minimum.theta, inverse.covariance)
        stats = _stat_of_each(run, objective, minimum)
        unplaced = find_unplaced(inverse, objective, table, run.datasets)
    run.count("covariance", watch)
    sigma = np.sqrt(np.abs(np.diag(inverse.covariance)))
    pull = np.abs(minimum.gradient * sigma)[~still]
    names = (dataset.name for dataset in run.datasets)

    def keys(which: np.ndarray) -> tuple[Key, ...]:
        return tuple(table.keys[table.free[i]] for i in np.flatnonzero(which))

    status = minimum.status
    if status is Status.CONVERGED and unplaced.any():
        status = Status.UNPLACED
    return FitResult(
        status=status,
        stat=minimum.stat,
        stat_datasets=dict(zip(names, map(float, stats), strict=True)),
        models=models,
        parameters=table,
        covariance=covariance,
        correlation_condition=inverse.condition,
        theta=minimum.theta,
        gradient_norm=float(pull.max()) if pull.size else 0.0,
        edm=minimum.edm,
        at_bounds=keys(minimum.held & ~minimum.at_kink),
        at_kinks=keys(minimum.at_kink),
        evaluations=run.evaluations,
        trace=tuple(run.trace),
        timing=run.timing,
        objective=objective,
        versions=provenance(),
        without_effect=keys(minimum.without_effect),
        unplaced=keys(unplaced),
        degenerate=tuple(table.keys[table.free[i]] for i in inverse.degenerate),
    )
