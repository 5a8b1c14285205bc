"""The likelihood as a NumPyro model: alone, with values from outside, and under a shared prior."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from numpyro import handlers
from numpyro.infer import MCMC, NUTS
from numpyro.infer.util import log_density

import gjax
from gjax.dataset import FluxPointsDataset
from gjax.errors import UnknownNameError
from gjax.infer.objective import make_objective
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters

ENERGY = np.geomspace(0.5, 20.0, 6)
POINTS = FluxPointsDataset("points", ENERGY, 3e-12 * ENERGY**-2.2, dnde_err=3e-13 * ENERGY**-2.2)
MODELS = Models.create({"a": SkyModel(PowerLaw(2.3, 2.8e-12))})
TABLE = Parameters.from_models(MODELS)
INDEX, AMPLITUDE = "a.spectral.index", "a.spectral.amplitude"


def trace_of(model, values, *args, **kwargs):
    """Run a model with values for its sites."""
    seeded = handlers.seed(handlers.substitute(model, data=values), jax.random.PRNGKey(0))
    return handlers.trace(seeded).get_trace(*args, **kwargs)


def test_one_site_per_free_parameter():
    model = gjax.numpyro_model(POINTS, MODELS, TABLE.bound("*.index", 1.0, 4.0))
    found = trace_of(model, {INDEX: 2.2, AMPLITUDE: 3e-12})
    sites = {name: site for name, site in found.items() if not site.get("is_observed", True)}
    assert set(sites) == {INDEX, AMPLITUDE} == set(model.names)
    assert model(values={INDEX: 2.2, AMPLITUDE: 3e-12}) == {INDEX: 2.2, AMPLITUDE: 3e-12}


def test_density_is_likelihood_times_priors():
    table = TABLE.prior("*.index", dist.Normal(2.0, 0.1)).bound("*.amplitude", min=0.0)
    model = gjax.numpyro_model(POINTS, MODELS, table)
    objective = make_objective(POINTS, MODELS, table)

    def exact(index, amplitude):
        theta = np.array([index, amplitude]) / objective.layout.scale
        return -0.5 * float(objective(theta))

    def found(index, amplitude):
        values = {INDEX: index, AMPLITUDE: amplitude}
        return float(log_density(model, (), {}, values)[0])

    one, two = (2.2, 3e-12), (2.35, 2.7e-12)
    assert found(*one) - found(*two) == pytest.approx(exact(*one) - exact(*two), rel=1e-9)


def test_given_values_have_neither_site_nor_prior():
    table = TABLE.prior("*.index", dist.Normal(2.0, 0.001))
    model = gjax.numpyro_model(POINTS, MODELS, table)
    found = trace_of(model, {AMPLITUDE: 3e-12}, {"*.index": 2.5})
    assert INDEX not in found
    both = trace_of(model, {AMPLITUDE: 3e-12}, {("a", "spectral", "index"): 2.5})
    site = both["log_likelihood"]["fn"]
    without = gjax.numpyro_model(POINTS, MODELS, TABLE)
    plain = trace_of(without, {AMPLITUDE: 3e-12, INDEX: 2.5})["log_likelihood"]["fn"]
    assert float(site.log_factor) == pytest.approx(float(plain.log_factor), rel=1e-12)
    with pytest.raises(UnknownNameError):
        model({"b.index": 2.0})
    with pytest.raises(ValueError, match="frozen or linked"):
        model({"*.reference": 2.0})


def test_joint_prior():
    joint = dist.MultivariateNormal(np.array([2.2, 3e-12]), np.diag([1e-2, 1e-26]))
    model = gjax.numpyro_model(POINTS, MODELS, TABLE.prior(["*.index", "*.amplitude"], joint))
    point = np.array([2.25, 3.1e-12])
    found = trace_of(model, {f"{INDEX} and {AMPLITUDE}": point})
    assert float(found[AMPLITUDE]["value"]) == 3.1e-12
    with pytest.raises(ValueError, match="joint prior"):
        trace_of(model, {}, {INDEX: 2.0})


def test_default_sampler_works_and_data_are_arguments():
    """Amplitudes of 1e-12 beside an index: no scaling by the user, and new data, no new code."""
    model = gjax.numpyro_model(POINTS, MODELS, TABLE, prefix="crab/")
    sampler = MCMC(NUTS(model), num_warmup=200, num_samples=300, progress_bar=False)
    sampler.run(jax.random.PRNGKey(1), data=model.data)
    draws = sampler.get_samples()
    assert set(draws) == {f"crab/{INDEX}", f"crab/{AMPLITUDE}"}
    assert int(sampler.get_extra_fields()["diverging"].sum()) == 0
    result = gjax.fit(POINTS, MODELS)
    for name, site in ((INDEX, f"crab/{INDEX}"), (AMPLITUDE, f"crab/{AMPLITUDE}")):
        error = result.error(name)
        assert float(draws[site].mean()) == pytest.approx(result.value(name), abs=0.4 * error)
        assert float(draws[site].std()) == pytest.approx(error, rel=0.3)


def test_shrinkage_is_that_of_the_closed_form():
    """Normal amplitudes with normal errors and a normal population: a linear problem."""
    true, error, spread = np.array([1.0, 2.0, 3.0, 4.0, 7.0]), 0.8, 0.6
    datasets = [
        FluxPointsDataset(
            f"d{i}", np.array([1.0]), np.array([1e-12 * x]), dnde_err=np.array([1e-12 * error])
        )
        for i, x in enumerate(true)
    ]
    sources = {f"s{i}": SkyModel(PowerLaw(2.0, 2e-12), datasets_names=(f"d{i}",)) for i in range(5)}
    models = Models.create(sources)
    table = Parameters.from_models(models).freeze("*.index")
    likelihood = gjax.numpyro_model(datasets, models, table)

    def population(data):
        mean = numpyro.sample("mean", dist.Normal(3.0, 2.0))
        with numpyro.plate("sources", 5):
            amplitude = numpyro.sample("amplitude", dist.Normal(mean, spread))
        likelihood({f"s{i}.spectral.amplitude": 1e-12 * amplitude[i] for i in range(5)}, data=data)

    sampler = MCMC(NUTS(population), num_warmup=300, num_samples=3000, progress_bar=False)
    sampler.run(jax.random.PRNGKey(0), likelihood.data)
    draws = sampler.get_samples()
    total = error**2 + spread**2
    width = 1 / (5 / total + 1 / 2.0**2)
    mean = width * (true.sum() / total + 3.0 / 2.0**2)
    shrink = error**2 / total
    exact = true + shrink * (mean - true)
    sd = np.sqrt(error**2 * (1 - shrink) + shrink**2 * width)
    assert float(draws["mean"].mean()) == pytest.approx(mean, abs=0.06)
    np.testing.assert_allclose(draws["amplitude"].mean(axis=0), exact, atol=0.06)
    np.testing.assert_allclose(draws["amplitude"].std(axis=0), sd, rtol=0.08)
    # Towards the mean of the population, the farthest by the most.
    assert (jnp.abs(draws["amplitude"].mean(axis=0) - mean) < np.abs(true - mean)).all()
