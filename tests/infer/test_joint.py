"""One likelihood over datasets of different kinds."""

from __future__ import annotations

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.dataset import FluxPointsDataset
from gjax.infer.fit import fit
from gjax.infer.objective import expand_objective, make_objective, stat_per_dataset
from gjax.model import FoVBackground, Models, ResponseModifier, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import LogParabola, PowerLawNorm
from gjax.parameters import Parameters


@pytest.fixture(scope="module")
def points():
    energy = np.geomspace(0.02, 0.3, 5)
    dnde = 3e-11 * energy**-2.2
    return FluxPointsDataset.create(
        "points", energy, dnde, dnde_errn=0.1 * dnde, dnde_errp=0.2 * dnde, stat_type="distrib"
    )


@pytest.fixture(scope="module")
def joint(field, onoff_spectrum, points):
    """Give a map, two spectra with off counts and flux points, with every kind of modifier."""
    spectral = LogParabola(amplitude=2e-11, reference=1.0, alpha=2.2, beta=0.1)
    models = Models.create(
        [
            ("gauss", SkyModel(spectral, Gaussian(83.7, 22.05, 0.15))),
            FoVBackground("field", PowerLawNorm(norm=1.1)),
            ("every", ResponseModifier(("field", "one"), aeff=PowerLawNorm(norm=1.05, tilt=0.02))),
            ("energies", ResponseModifier(("one", "points"), energy=PowerLawNorm(norm=0.95))),
            ("off", ResponseModifier(("two", "field"), background=PowerLawNorm(norm=1.1))),
        ]
    )
    table = Parameters.from_models(models).thaw("every.aeff.tilt")
    for name in ("every.aeff.norm", "energies.energy.norm", "off.background.norm"):
        table = table.prior(name, dist.Normal(1.0, 0.15))
    table = table.prior("every.aeff.tilt", dist.Normal(0.0, 0.1))
    datasets = [field, onoff_spectrum("one", 1), onoff_spectrum("two", 2), points]
    return datasets, models, table


def test_exact_derivatives_of_everything(joint):
    """The structured Hessian against plain automatic differentiation."""
    objective = make_objective(*joint)
    theta = 1.02 * objective.layout.start
    found = expand_objective(objective, theta)
    gradient, hessian = (
        jax.jit(f)(objective, theta)
        for f in (
            jax.grad(lambda o, t: o(t), argnums=1),
            jax.hessian(lambda o, t: o(t), argnums=1),
        )
    )
    scale = np.sqrt(np.abs(np.diag(hessian)))
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-9, atol=1e-9 * scale.max())
    outer = np.outer(scale, scale)
    np.testing.assert_allclose(found.hessian / outer, hessian / outer, atol=1e-9)


def test_gradient_against_differences(joint):
    objective = make_objective(*joint)
    theta = 1.02 * np.asarray(objective.layout.start)
    value = jax.jit(lambda o, t: o(t))
    gradient = expand_objective(objective, theta).gradient
    for i, slope in enumerate(gradient):
        step = 1e-5 * max(abs(theta[i]), 1e-2)
        ends = [float(value(objective, theta + s * step * np.eye(len(theta))[i])) for s in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(float(slope), rel=1e-5, abs=1e-3)


def test_the_sum_is_that_of_the_datasets(joint):
    datasets, models, table = joint
    objective = make_objective(datasets, models, table)
    start = objective.layout.start
    parts = np.asarray(stat_per_dataset(objective, start))
    prior = -2.0 * float(objective.layout.log_prior(start))
    assert float(objective(start)) == pytest.approx(parts.sum() + prior, rel=1e-12)
    turned = make_objective(datasets[::-1], models, table)
    np.testing.assert_allclose(stat_per_dataset(turned, start), parts[::-1], rtol=1e-10)


def test_a_joint_fit_converges(joint):
    result = fit(*joint)
    assert result.success, result.message
    assert np.isfinite(result.errors[list(result.parameters.free)]).all()


def test_a_nuisance_widens_the_errors(onoff_spectrum):
    """With a prior of 15% on the effective area the amplitude is no better known than that."""
    spectral = LogParabola(amplitude=2e-11, reference=1.0, alpha=2.2, beta=0.1)
    source = ("source", SkyModel(spectral))
    dataset = onoff_spectrum("one", 1)
    plain = fit(dataset, Models.create([source]))
    models = Models.create([source, ResponseModifier("one", aeff=PowerLawNorm())])
    table = Parameters.from_models(models).prior("*.aeff.norm", dist.Normal(1.0, 0.15))
    wide = fit(dataset, models, table)
    assert wide.success
    i, j = (r.parameters.select("source.spectral.amplitude")[0] for r in (plain, wide))
    relative = [r.errors[k] / r.parameters.values[k] for r, k in ((plain, i), (wide, j))]
    assert relative[1] == pytest.approx(np.hypot(relative[0], 0.15), rel=1e-2)
    prior = -2 * float(dist.Normal(1, 0.15).log_prob(1.0))
    assert wide.stat == pytest.approx(plain.stat + prior, abs=3e-5)
