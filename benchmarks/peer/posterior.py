"""Posteriors on the side of Gammapy: its likelihood, sampled with emcee.

Gammapy has no gradient, so that the field samples its likelihood with the affine-invariant ensemble
of emcee. The walkers start in the Gaussian around the best fit that gjax wrote: none is burnt in.
"""

from __future__ import annotations

import json
import time

import astropy.units as u
import emcee
import numpy as np
from emcee.autocorr import integrated_time
from fit import describe
from gammapy.datasets import Datasets
from gammapy.modeling import Parameter
from gammapy.modeling.models import Models, SkyModel, SpectralModel

#: Steps of the ensemble between two looks at the clock.
BLOCK = 25

#: Seconds for one posterior.
BUDGET = 600.0


class ScaledLogParabola(SpectralModel):
    """A log parabola seen by an instrument whose energies are wrong by a constant factor."""

    tag = ("ScaledLogParabola", "scaled-lp")
    amplitude = Parameter("amplitude", "1e-12 cm-2 s-1 TeV-1")
    reference = Parameter("reference", "1 TeV", frozen=True)
    alpha = Parameter("alpha", 2)
    beta = Parameter("beta", 0.1)
    scale = Parameter("scale", 1.0)

    @staticmethod
    def evaluate(energy, amplitude, reference, alpha, beta, scale):
        """Evaluate the spectrum at the energy that is meant."""
        x = (energy / (scale * reference)).to_value("")
        return amplitude / scale * np.power(x, -alpha - beta * np.log(x))


def plain_models(datasets, folder):
    """Give every dataset its models; the parameters by the names of gjax."""
    models = Models.read(folder / "models.yaml")
    for dataset in datasets:
        dataset.models = models
    return {describe(p, m)["name"]: p for m in models for p in m.parameters}


def scaled_models(datasets, folder, nuisances):
    """Give every instrument the same log parabola, with an energy scale of its own."""
    spectrum = Models.read(folder / "models.yaml")[0].spectral_model
    shared = {f"crab.spectral.{name}": getattr(spectrum, name) for name in ("alpha", "beta")}
    shared["crab.spectral.amplitude"] = spectrum.amplitude
    found = dict(shared)
    for name, nuisance in nuisances.items():
        scaled = ScaledLogParabola(reference=spectrum.reference.quantity)
        for key, parameter in shared.items():
            setattr(scaled, key.rsplit(".", 1)[1], parameter)
        found[f"{name}.energy.norm"] = scaled.scale
        model = SkyModel(scaled, name=f"crab {name}", datasets_names=nuisance["datasets"])
        for dataset in datasets:
            if dataset.name in nuisance["datasets"]:
                dataset.models = [model]
    return found


def sample(folder):
    """Sample for ten minutes; the effective number is that of the worst parameter."""
    datasets = list(Datasets.read(folder / "datasets.yaml", lazy=False))
    start = json.loads((folder / "start.json").read_text())
    nuisances, budget = start["nuisances"], BUDGET / 40 if start["quick"] else BUDGET
    parameters = (
        scaled_models(datasets, folder, nuisances) if nuisances else plain_models(datasets, folder)
    )
    free = [parameters[name] for name in start["names"]]
    for parameter, unit in zip(free, start["units"], strict=True):
        parameter.quantity = u.Quantity(parameter.value, unit)
    sigmas = {f"{name}.energy.norm": nuisance["sigma"] for name, nuisance in nuisances.items()}
    width = np.array([sigmas.get(name, np.inf) for name in start["names"]])

    def log_density(values):
        for parameter, value in zip(free, values, strict=True):
            parameter.value = value
        stat = sum(dataset.stat_sum() for dataset in datasets)
        found = -0.5 * (stat + np.sum(((values - 1.0) / width) ** 2))
        return found if np.isfinite(found) else -np.inf

    size = len(free)
    ball = gaussian(start["values"], start["covariance"], 2 * size + 4)
    sampler = emcee.EnsembleSampler(len(ball), size, log_density)
    begin = time.perf_counter()
    state = sampler.run_mcmc(ball, 1)
    first = time.perf_counter() - begin
    while time.perf_counter() - begin < budget:
        state = sampler.run_mcmc(state, BLOCK)
    wall = time.perf_counter() - begin
    return first, [wall], describe_chain(sampler, start["names"], wall)


def gaussian(values, covariance, n):
    """Draw from a Gaussian whose widths are of any size."""
    errors = np.sqrt(np.diag(covariance))
    root = np.linalg.cholesky(np.array(covariance) / np.outer(errors, errors))
    return values + errors * (np.random.default_rng(0).normal(size=(n, len(values))) @ root.T)


def describe_chain(sampler, names, wall):
    """Sum up an ensemble: numbers (for means) of the worst parameter, and means and widths."""
    chain = sampler.get_chain()
    steps, walkers, _ = chain.shape
    tau = float(np.max(integrated_time(chain, tol=0)))
    effective, evaluations = steps * walkers / tau, steps * walkers
    flat = chain.reshape(-1, len(names))
    return {
        "evaluations": evaluations,
        "rows": {
            "s per effective sample": wall / effective,
            "effective samples": effective,
            "effective samples per 1000 evaluations": 1e3 * effective / evaluations,
            "ms per evaluation": 1e3 * wall / evaluations,
            "autocorrelation time in steps": tau,
            # Below some ten the effective number is too large: a short chain hides its time.
            "autocorrelation times run": steps / tau,
        },
        "values": {
            name: (float(mean), float(sd))
            for name, mean, sd in zip(names, flat.mean(axis=0), flat.std(axis=0), strict=True)
        },
    }
