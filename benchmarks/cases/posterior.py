"""Effective samples per second of two posteriors: NUTS, and emcee on Gammapy's likelihood."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.case import Case, Goal, load_fit
from benchmarks.cases.crab import make as make_crab
from benchmarks.inputs import data_folder, write

__all__ = ["CASES", "load_problem"]

#: Instruments of the joint Crab: fit range in TeV, and how well the scale of energies is known.
INSTRUMENTS = {
    "fermi": ((0.03, 2.0), 0.05),
    "magic": ((0.08, 30.0), 0.15),
    "veritas": ((0.15, 30.0), 0.15),
    "fact": ((0.4, 30.0), 0.15),
    "hess": ((0.66, 30.0), 0.15),
}

_GOAL = Goal(
    "50 times the effective samples per second of emcee on Gammapy's likelihood",
    "warm_ratio",
    50.0,
    at_least=True,
)


def make_map(folder: Path, quick: bool) -> None:
    """Reduce and stack four runs of H.E.S.S. on the Crab Nebula."""
    make_crab("crab3d", folder, quick)
    write_start(folder, quick, {})


def make_joint(folder: Path, quick: bool) -> None:
    """Read the spectra of five instruments, ten in all, in their published fit ranges."""
    import numpy as np

    from gjax.dataset import energy_mask
    from gjax.io.ogip import read_ogip
    from gjax.model import Models, SkyModel
    from gjax.model.spectral import LogParabola

    root, datasets = data_folder("joint-crab", "spectra"), []
    nuisances: dict[str, dict[str, Any]] = {}
    for name, (ends, sigma) in INSTRUMENTS.items():
        names = []
        for path in sorted((root / name).glob("pha_*.fits")):
            one = read_ogip(path, name=f"{name}-{path.stem[7:]}")
            inside = energy_mask(one.energy, *ends)[:, None, None]
            datasets.append(dataclasses.replace(one, mask_fit=np.broadcast_to(inside, one.shape)))
            names.append(one.name)
        nuisances[f"{name}-scale"] = {"datasets": names, "sigma": sigma}
    spectrum = LogParabola(amplitude=4e-11, reference=1.0, alpha=2.5, beta=0.1)
    write(folder, datasets, Models.create({"crab": SkyModel(spectrum)}))
    write_start(folder, quick, nuisances)


def write_start(folder: Path, quick: bool, nuisances: dict[str, Any]) -> None:
    """Fit, and write where both samplers start: a Gaussian around the best fit."""
    from gjax.infer import fit

    result = fit(*with_nuisances(load_fit(folder, quick), nuisances))
    free, table = list(result.parameters.free), result.parameters
    start = {
        "quick": quick,
        "nuisances": nuisances,
        "names": [table.names[i] for i in free],
        "units": [table.units[i] for i in free],
        "values": [float(table.values[i]) for i in free],
        "covariance": result.covariance[free][:, free].tolist(),
    }
    (folder / "start.json").write_text(json.dumps(start), encoding="utf-8")


def with_nuisances(loaded: Any, nuisances: dict[str, Any]) -> Any:
    """Add an energy scale with a normal prior for each instrument."""
    import numpyro.distributions as dist

    from gjax.model import Models, ResponseModifier
    from gjax.model.spectral import PowerLawNorm
    from gjax.parameters import Parameters

    if not nuisances:
        return loaded
    datasets, models, _ = loaded
    members = [(name, models[name]) for name in models.names]
    for name, nuisance in nuisances.items():
        scale = ResponseModifier(tuple(nuisance["datasets"]), energy=PowerLawNorm())
        members.append((name, scale))
    models = Models.create(members)
    table = Parameters.from_models(models)
    for name, nuisance in nuisances.items():
        table = table.prior(f"{name}.energy.norm", dist.Normal(1.0, nuisance["sigma"]))
    return datasets, models, table


def load_problem(folder: Path, quick: bool) -> Any:
    """Read datasets, models and table, with the energy scales."""
    nuisances = json.loads((folder / "start.json").read_text(encoding="utf-8"))["nuisances"]
    return with_nuisances(load_fit(folder, quick), nuisances)


def load(folder: Path, quick: bool) -> Any:
    """Fit first."""
    from gjax.infer import fit

    return fit(*load_problem(folder, quick)), quick


def run(samples: int, loaded: Any) -> dict[str, Any]:
    """Sample with NUTS, warm-up included; the effective number is that of the worst parameter.

    It is that for means, as on the side of emcee, and stands beside that for the tails.
    """
    import time

    import numpy as np

    from gjax.infer.sample import sample_fit

    result, quick = loaded
    options: dict[str, Any] = {"warmup": 50, "samples": 50} if quick else {"samples": samples}
    begin = time.perf_counter()
    posterior = sample_fit(result, chains=4, seed=1, **options)
    wall = time.perf_counter() - begin
    smallest = float(np.min(posterior.effective_samples))
    gradients = int(posterior.info["gradients"])
    values = zip(
        posterior.free_names,
        posterior.free_values.mean(axis=(0, 1)),
        posterior.free_values.std(axis=(0, 1)),
        strict=True,
    )
    return {
        "compile": posterior.timing["compile"],
        "evaluations": gradients,
        "rows": {
            "s per effective sample": wall / smallest,
            "effective samples": smallest,
            "effective samples, tails": float(np.min(posterior.effective_samples_tail)),
            "effective samples per 1000 gradients": 1e3 * smallest / gradients,
        },
        "values": {name: (float(mean), float(sd)) for name, mean, sd in values},
    }


def case(name: str, title: str, make: Any, samples: int, floor: str) -> Case:
    """Make a case of a posterior."""
    return Case(
        name,
        title,
        make,
        load,
        partial(run, samples),
        peer="sample",
        repeat=1,
        peer_repeat=0,
        goals=(_GOAL,),
        floor=floor,
        optional=True,
    )


CASES = (
    case(
        "nuts_crab3d",
        "posterior of H.E.S.S. Crab, stacked 3D, 6 parameters",
        make_map,
        1000,
        "one gradient takes 5 ms; about 8 gradients for an independent draw",
    ),
    case(
        "nuts_joint_crab",
        "posterior of the joint Crab, 10 spectra, 5 energy scales, 8 parameters",
        make_joint,
        1000,
        "one gradient takes 0.6 ms; about 10 gradients for an independent draw",
    ),
)
