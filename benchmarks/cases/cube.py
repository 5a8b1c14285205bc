"""One cube: prediction, statistic, gradient and Hessian."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.case import Case, Goal, load_fit, median_time
from benchmarks.cases.joint import make_one

__all__ = ["CASES"]


def load(folder: Path, quick: bool) -> Any:
    """Prepare the objective."""
    import numpy as np

    from gjax.infer.objective import make_objective

    loaded = load_fit(folder, quick)
    objective = make_objective(*loaded)
    return objective, np.asarray(objective.layout.start), loaded


def run(loaded: Any) -> dict[str, Any]:
    """Time each function of the objective; compiled before."""
    import jax

    from gjax.infer.information import information
    from gjax.infer.objective import Objective, expand_objective, value_and_grad
    from gjax.infer.timing import Stopwatch
    from gjax.predict.fold import fold, map_datasets

    objective, theta, _ = loaded

    @jax.jit
    def npred(objective: Objective, theta: Any) -> Any:
        models = objective.layout.models_at(theta)
        return map_datasets(fold, objective.prepared, models)

    functions = {
        "npred": npred,
        "stat": jax.jit(Objective.__call__),
        "stat and gradient": value_and_grad,
        "stat, gradient and Hessian": expand_objective,
        "Fisher matrix": information,
    }
    rows, compile_time = {}, 0.0
    for name, function in functions.items():

        def call(function: Any = function) -> Any:
            return jax.block_until_ready(function(objective, theta))

        with Stopwatch() as watch:
            call()
        compile_time += watch.compile
        rows[name] = median_time(call, 9)
    rows["gradient / stat"] = rows["stat and gradient"] / rows["stat"]
    stat = float(value_and_grad(objective, theta)[0])
    return {"compile": compile_time, "rows": rows, "stat": stat}


def check(loaded: Any) -> dict[str, Any]:
    """Evaluate the statistic with Gammapy's conventions."""
    from gjax.infer.objective import make_objective
    from gjax.predict import GAMMAPY

    objective = make_objective(*loaded[2], folding=GAMMAPY)
    return {"stat": float(objective(loaded[1]))}


CASES = (
    Case(
        "cube",
        "one cube: npred, statistic, gradient, Hessian, Fisher matrix",
        make_one,
        load,
        run,
        check=check,
        peer="evaluate",
        repeat=1,
        goals=(Goal("gradient at most 3 times the statistic", "gradient / stat", 3.0),),
        floor="npred writes 150 x 150 x 10 float64, 1.8 MB, and reads the background: 0.4 ms at "
        "10 GB/s; the statistic needs only the window of the source and the occupied bins",
    ),
)
