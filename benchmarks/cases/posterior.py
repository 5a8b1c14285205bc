"""Effective samples per second of the posterior: joint Crab, three parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.case import Case, load_fit
from benchmarks.inputs import cases_folder, from_configuration

__all__ = ["CASES"]


def make(folder: Path, quick: bool) -> None:
    """Reduce the four runs of H.E.S.S. on the Crab Nebula; a log parabola has three parameters."""
    from benchmarks.inputs import write
    from gjax.io.datasets_yaml import read_datasets
    from gjax.model import Models, SkyModel
    from gjax.model.spectral import LogParabola

    cases = cases_folder()
    from_configuration(folder, cases / "crab1d.yaml", cases / "crab1d_models.yaml")
    spectrum = LogParabola(amplitude=3e-11, reference=1.0, alpha=2.3, beta=0.1)
    datasets = list(read_datasets(folder / "datasets.yaml"))
    write(folder, datasets, Models.create({"crab": SkyModel(spectrum)}))


def load(folder: Path, quick: bool) -> Any:
    """Fit first."""
    from gjax.infer import fit

    return fit(*load_fit(folder, quick)), quick


def run(loaded: Any) -> dict[str, Any]:
    """Sample with NUTS; the effective sample size is that of the worst parameter."""
    import time

    import numpy as np

    from gjax.infer.sample import sample_fit

    result, quick = loaded
    warmup, samples = (50, 50) if quick else (300, 1000)
    begin = time.perf_counter()
    posterior = sample_fit(result, chains=4, warmup=warmup, samples=samples, seed=1)
    wall = time.perf_counter() - begin
    smallest = float(np.min(posterior.effective_samples))
    return {"rows": {"effective samples": smallest, "effective samples / s": smallest / wall}}


CASES = (
    Case(
        "nuts",
        "posterior of the joint Crab, 3 parameters, NUTS",
        make,
        load,
        run,
        repeat=3,
        target="Gammapy's likelihood under emcee: 2.2 effective samples a second",
        floor="one gradient is 76 kflop; about 5 gradients per effective sample",
    ),
)
