"""The fit: from datasets and models to the best values with their covariance."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.infer.covariance import covariance_of_values, invert_hessian
from gjax.infer.minimize import Minimum, Status, minimize
from gjax.infer.objective import Objective, make_objective, stat_per_dataset
from gjax.infer.provenance import provenance
from gjax.infer.result import FitResult
from gjax.infer.timing import Stopwatch
from gjax.model.sky import SkyModel
from gjax.numerics.sphere import separation
from gjax.parameters import Parameters
from gjax.predict.options import Folding

__all__ = ["fit"]

#: A source that moved by more than this fraction of a response pixel is prepared again.
_MOVE = 0.05

#: A source whose radius changed by more than this fraction is prepared again.
_RESIZE = 0.15

_MAX_PREPARATIONS = 5


def fit(
    datasets: Dataset | Sequence[Dataset],
    models: Any,
    parameters: Parameters | None = None,
    *,
    folding: Folding | None = None,
    tolerance: float = 1e-5,
    max_evaluations: int = 200,
    callback: Callable[[int, float], None] | None = None,
) -> FitResult:
    """Fit models to datasets: one joint likelihood, exact gradients, no tuning.

    The minimum is found by damped Fisher scoring projected on the bounds and checked with the exact
    Hessian, which also gives the covariance. Responses are those at the position of each source; if a
    source moves far, it is prepared again at its new place and the fit goes on, so that the result
    does not depend on the start.

    Parameters
    ----------
    datasets :
        One dataset or several.
    models :
        The models at their start values.
    parameters :
        What is frozen, bounded, linked or has a prior; the default table of the models if not given.
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
    listed = [datasets] if isinstance(datasets, Dataset) else list(datasets)
    table = Parameters.from_models(models) if parameters is None else parameters
    timing = dict.fromkeys(("prepare", "compile", "fit", "covariance"), 0.0)
    evaluations, trace = 0, []


    def search(start: np.ndarray, polish: bool) -> Minimum:
        nonlocal evaluations
        with Stopwatch() as watch:
            minimum = minimize(
                objective,
                start,
                tolerance=tolerance,
                max_evaluations=max_evaluations - evaluations,
                polish=polish,
                callback=callback,
            )
        _count(timing, "fit", watch)
        evaluations += minimum.evaluations
        trace.extend(minimum.trace)
        return minimum

    for _ in range(_MAX_PREPARATIONS):
        with Stopwatch() as watch:
            objective = make_objective(listed, models, table, folding)
        _count(timing, "prepare", watch)
        before = objective.layout.models_at(objective.layout.start)
        minimum = search(objective.layout.start, polish=False)
        table, models = _at(table, objective, minimum.theta)
        if minimum.status is not Status.CONVERGED or not _has_drifted(before, models, listed):
            break
    minimum = search(minimum.theta, polish=True)
    table, models = _at(table, objective, minimum.theta)
    return _result(listed, objective, minimum, table, models, evaluations, trace, timing)


def _count(timing: dict[str, float], stage: str, watch: Stopwatch) -> None:
    timing[stage] += watch.run
    timing["compile"] += watch.compile


def _at(table: Parameters, objective: Objective, theta: np.ndarray) -> tuple[Parameters, Any]:
    """Give table and models at a point, on the host."""
    values = np.array(objective.layout.all_values(theta))
    models = jax.device_get(objective.layout.models_at(theta))
    return dataclasses.replace(table, values=values), models


def _has_drifted(before: Any, after: Any, datasets: list[Dataset]) -> bool:
    """Tell whether a source left the place, or outgrew the size, for which it was prepared."""
    pixels = [float(np.min(dataset.psf.geom.pixel_scale)) for dataset in datasets if dataset.psf is not None]
    for (_, old), (_, new) in zip(before.items(), after.items(), strict=True):
        if not isinstance(new, SkyModel) or new.spatial is None or old.spatial is None:
            continue
        moved = float(separation(*old.spatial.position, *new.spatial.position))
        sizes = [float(np.squeeze(m.spatial.evaluation_radius)) for m in (old, new)]
        if pixels and moved > _MOVE * min(pixels):
            return True
        if abs(sizes[1] - sizes[0]) > _RESIZE * max(sizes[0], 1e-3):
            return True
    return False


def _result(
    datasets: list[Dataset],
    objective: Objective,
    minimum: Minimum,
    table: Parameters,
    models: Any,
    evaluations: int,
    trace: list[float],
    timing: dict[str, float],
) -> FitResult:
    with Stopwatch() as watch:
        inverse = invert_hessian(minimum.hessian, minimum.held)
        covariance = covariance_of_values(objective.layout, minimum.theta, inverse.covariance)
        stats = np.asarray(stat_per_dataset(objective, minimum.theta))
    _count(timing, "covariance", watch)
    free = ~minimum.held
    sigma = np.sqrt(np.abs(np.diag(inverse.covariance)))
    pull = np.abs(minimum.gradient * sigma)[free]
    return FitResult(
        status=minimum.status,
        stat=minimum.stat,
        stat_datasets=dict(zip((d.name for d in datasets), map(float, stats), strict=True)),
        models=models,
        parameters=table,
        covariance=covariance,
        correlation_condition=inverse.condition,
        theta=minimum.theta,
        gradient_norm=float(pull.max()) if pull.size else 0.0,
        edm=minimum.edm,
        at_bounds=tuple(table.keys[table.free[i]] for i in np.flatnonzero(minimum.held)),
        evaluations=evaluations,
        trace=tuple(trace),
        timing=timing,
        objective=objective,
        versions=provenance(),
    )
