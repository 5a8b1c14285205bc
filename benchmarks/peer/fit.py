"""Run Gammapy's high-level analysis on a configuration and print its result as JSON.

For the interpreter of the peer environment (see README.md); gjax is not imported.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import gammapy  # noqa: E402
import numpy as np  # noqa: E402
from gammapy.analysis import Analysis, AnalysisConfig  # noqa: E402
from gammapy.modeling import Fit  # noqa: E402
from gammapy.modeling.models import Models  # noqa: E402


def reduce(config: AnalysisConfig) -> tuple[Analysis, float]:
    """Reduce the observations; datasets that are not stacked get the name ``obs-<id>``."""
    start = time.perf_counter()
    analysis = Analysis(config)
    analysis.get_observations()
    analysis.get_datasets()
    elapsed = time.perf_counter() - start
    if not config.datasets.stack:
        for dataset, observation in zip(analysis.datasets, analysis.observations, strict=True):
            dataset._name = f"obs-{observation.obs_id}"
    return analysis, elapsed


def time_stat(datasets, repeat: int = 20) -> float:
    """Time one evaluation of the statistic while every free parameter moves a little."""
    free = datasets.parameters.free_parameters
    values = [p.value for p in free]
    rng = np.random.default_rng(0)
    times = []
    for _ in range(repeat):
        for p, value in zip(free, values, strict=True):
            p.value = value + (abs(value) or 1.0) * 1e-6 * rng.normal()
        start = time.perf_counter()
        datasets.stat_sum()
        times.append(time.perf_counter() - start)
    for p, value in zip(free, values, strict=True):
        p.value = value
    return float(np.median(times))


def fit(datasets, models_path: Path, repeat: int) -> tuple[dict, float]:
    """Fit from the start values ``repeat`` times; give the last result and the least time."""
    times = []
    for _ in range(repeat):
        datasets.models = Models.read(models_path)
        start = time.perf_counter()
        result = Fit().run(datasets)
        times.append(time.perf_counter() - start)
    return result, min(times)


def describe(parameter, model) -> dict:
    """Give one parameter as gjax's result.json does."""
    part = next(
        (
            name
            for name in ("spectral", "spatial", "temporal")
            if getattr(model, f"{name}_model", None) is not None
            and parameter in list(getattr(model, f"{name}_model").parameters)
        ),
        "",
    )
    return {
        "name": ".".join(filter(None, (model.name, part, parameter.name))),
        "value": float(parameter.value),
        "error": float(parameter.error),
        "unit": str(parameter.unit),
        "frozen": bool(parameter.frozen),
    }


def run(config_path: Path, models_path: Path, repeat: int) -> dict:
    """Reduce, fit, and collect what there is to compare."""
    os.chdir(config_path.parent)  # Gammapy looks for relative paths in the working folder
    config = AnalysisConfig.read(config_path)
    analysis, time_reduce = reduce(config)
    datasets = analysis.datasets
    energy = config.fit.fit_range
    if energy.min is not None or energy.max is not None:
        for dataset in datasets:
            dataset.mask_fit = dataset.counts.geom.energy_mask(energy.min, energy.max)
    result, time_fit = fit(datasets, models_path, repeat)
    return {
        "gammapy": gammapy.__version__,
        "time_reduce": time_reduce,
        "time_fit": time_fit,
        "time_stat": time_stat(datasets),
        "nfev": int(result.nfev),
        "success": bool(result.success),
        "stat": float(datasets.stat_sum()),
        "parameters": [describe(p, m) for m in datasets.models for p in m.parameters],
        "datasets": [
            {
                "name": d.name,
                "counts": float(d.counts.data[d.mask.data].sum()),
                "npred": float(d.npred().data[d.mask.data].sum()),
                "mask": int(d.mask.data.sum()),
                "shape": list(d.counts.data.shape),
            }
            for d in datasets
        ],
    }


def main() -> None:
    """Read the command line and print the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):
        result = run(options.config.resolve(), options.models.resolve(), options.repeat)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
