"""The sampler draws from the posterior: a known one, and the Gaussian around a fit."""

from __future__ import annotations

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy.stats import gamma

from gjax.infer.fit import fit
from gjax.infer.objective import make_objective
from gjax.infer.sample import sample_fit
from gjax.infer.whiten import whiten
from gjax.model import FoVBackground, Models
from gjax.parameters import Parameters
from gjax.simulate import fake


@pytest.fixture(scope="module")
def few_counts(spot):
    """Keep three counts: a posterior that is far from a Gaussian."""
    counts = np.zeros(spot.shape)
    counts[0, 3, 4] = counts[1, 7, 7] = counts[2, 12, 1] = 1.0
    return fake(spot, counts)


@pytest.fixture(scope="module")
def conjugate(few_counts):
    """Sample the norm of a background of known shape, with a flat prior above zero."""
    models = Models.create([FoVBackground("spot")])
    table = Parameters.from_models(models).bound("*.norm", min=0.0)
    result = fit(few_counts, models, table)
    assert result.success
    return result, sample_fit(result, chains=2, warmup=200, samples=1500, seed=1)


def test_poisson_mean_with_flat_prior_is_gamma(few_counts, conjugate):
    _, posterior = conjugate
    total = float(np.sum(few_counts.background, where=few_counts.mask))
    exact = gamma(3 + 1, scale=1 / total)
    draws = posterior.draws("*.norm").ravel()
    n_eff = float(posterior.effective_samples[0])
    assert n_eff > 300
    assert draws.min() > 0
    # Four standard errors of a mean; quantiles have a little more.
    assert draws.mean() == pytest.approx(exact.mean(), abs=4 * exact.std() / np.sqrt(n_eff))
    assert draws.std() == pytest.approx(exact.std(), rel=6 / np.sqrt(n_eff))
    for q in (0.05, 0.16, 0.5, 0.84, 0.95):
        error = np.sqrt(q * (1 - q) / n_eff)
        assert exact.cdf(np.quantile(draws, q)) == pytest.approx(q, abs=4 * error)


def test_posterior_of_the_spot_is_that_of_the_fit(posterior, spot_fit):
    assert posterior.success, posterior.message
    assert posterior.divergences == 0
    assert posterior.r_hat.max() < 1.01
    free = list(spot_fit.parameters.free)
    error = spot_fit.errors[free]
    shift = (posterior.mean()[free] - spot_fit.parameters.values[free]) / error
    # The norm of a background of some twenty counts is skewed: its mean is above its mode.
    names = [name.rsplit(".", 1)[1] for name in posterior.free_names]
    limits = {"index": 0.15, "amplitude": 0.15, "norm": 0.35}
    for name, value, ratio in zip(names, shift, posterior.std()[free] / error, strict=True):
        assert abs(value) < limits[name], name
        assert ratio == pytest.approx(1.0, abs=0.12), name


def test_seed_decides(spot_fit, posterior):
    """The same seed gives the same draws, another one others; progress is reported."""
    again = sample_fit(spot_fit, chains=4, warmup=150, samples=400, seed=5)
    assert again.timing["compile"] == 0.0
    np.testing.assert_array_equal(again.values, posterior.values)
    seen = []
    options = {"chains": 4, "warmup": 150, "samples": 390, "seed": 6}
    other = sample_fit(spot_fit, **options, callback=lambda *args: seen.append(args))
    assert other.values.shape == (4, 390, len(spot_fit.parameters.keys))
    assert np.abs(other.values - posterior.values[:, :390]).max() > 0
    error = spot_fit.errors[list(spot_fit.parameters.free)]
    shift = (other.mean() - posterior.mean())[list(spot_fit.parameters.free)] / error
    assert np.abs(shift).max() < 0.15
    assert seen[-1][0] == seen[-1][1]
    assert (np.diff([done for done, _ in seen]) > 0).all()


@pytest.mark.filterwarnings("ignore::gjax.infer.diagnostics.PosteriorWarning")
def test_bounded_parameter_stays_inside(spot, spot_truth, spot_table):
    """A bound that the best fit sits on: the draws keep off it, on the right side."""
    table = spot_table.bound("*.index", max=2.0).bound("*.norm", 0.5, 1.5)
    result = fit(spot, spot_truth, table)
    assert result.at_bounds
    posterior = sample_fit(result, chains=2, warmup=150, samples=200, seed=3)
    assert posterior.divergences < 5
    index, norm = posterior.draws("*.index"), posterior.draws("*.norm")
    assert 1.5 < index.min() < index.max() < 2.0
    assert 0.5 < norm.min() < norm.max() < 1.5
    assert index.max() > 1.99


def test_prior_is_in_the_density(spot, spot_truth, spot_table):
    """Half of the statistic and the logarithm of the prior, in coordinates without bounds."""
    table = spot_table.prior("*.index", dist.Normal(2.0, 0.05))
    objective = make_objective(spot, spot_truth, table)
    theta = np.asarray(objective.layout.start)
    whitened = whiten(objective, theta)
    density = jax.jit(whitened.__class__.log_density)
    np.testing.assert_allclose(whitened.theta(np.zeros(3)), theta, rtol=1e-12)
    z = np.array([0.3, -0.2, 0.1])
    expected = -0.5 * (
        jax.jit(objective.__class__.__call__)(objective, whitened.theta(z))
        - jax.jit(objective.__class__.__call__)(objective, theta)
    )
    found = density(whitened, z) - density(whitened, np.zeros(3))
    assert float(found) == pytest.approx(float(expected), rel=1e-9)


def test_nothing_to_sample(spot, spot_truth, spot_table):
    with pytest.raises(ValueError, match="no parameter is free"):
        sample_fit(fit(spot, spot_truth, spot_table.freeze("*")))
