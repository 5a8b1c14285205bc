"""The sampler draws from the posterior: a known one, and the Gaussian around a fit."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest
from scipy.stats import gamma

from gjax.infer.diagnostics import PosteriorWarning
from gjax.infer.fit import fit
from gjax.infer.problem import Status
from gjax.infer.sample import advance_together, sample_fit
from gjax.model import FoVBackground, Models
from gjax.parameters import Parameters
from gjax.simulate import fake


def exact_gaussian(result):
    """Solve the linear problem: mean and covariance of the two amplitudes."""
    points = result.objective.prepared.blocks[0].data
    energy, weight = np.asarray(points.energy)[0], np.asarray(points.points.weight_low)[0]
    design = np.stack([energy**-2.0, energy**-3.0], axis=1) * weight[:, None]
    covariance = np.linalg.inv(design.T @ design)
    return covariance @ design.T @ (np.asarray(points.points.value)[0] * weight), covariance


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
    sample_fit(spot_fit, chains=4, warmup=150, samples=400, seed=5)
    again = sample_fit(spot_fit, chains=4, warmup=150, samples=400, seed=5)
    assert again.timing["compile"] == 0.0
    np.testing.assert_array_equal(again.values, posterior.values)
    seen = []
    options = {"chains": 4, "warmup": 150, "samples": 390, "seed": 6}
    other = sample_fit(spot_fit, **options, progress=seen.append)
    assert other.values.shape == (4, 390, len(spot_fit.parameters.keys))
    assert np.abs(other.values - posterior.values[:, :390]).max() > 0
    error = spot_fit.errors[list(spot_fit.parameters.free)]
    shift = (other.mean() - posterior.mean())[list(spot_fit.parameters.free)] / error
    assert np.abs(shift).max() < 0.15
    assert seen[-1].done == seen[-1].total
    assert (np.diff([state.done for state in seen]) > 0).all()
    assert other.info["gradients"] > other.statistics["steps"].sum()


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


def test_gaussian(linear_fit):
    """A linear problem with normal errors: mean and covariance are known."""
    mean, covariance = exact_gaussian(linear_fit)
    sigma = np.sqrt(np.diag(covariance))
    posterior = sample_fit(linear_fit, chains=4, warmup=300, samples=1000, seed=2)
    assert posterior.success
    draws = posterior.free_values.reshape(-1, 2)
    n_eff = posterior.effective_samples.min()
    assert n_eff > 1000
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=4 * sigma.max() / np.sqrt(n_eff))
    found = np.cov(draws.T) / np.outer(sigma, sigma)
    np.testing.assert_allclose(found, covariance / np.outer(sigma, sigma), atol=6 / np.sqrt(n_eff))


@pytest.mark.filterwarnings("ignore::gjax.infer.diagnostics.PosteriorWarning")
def test_chains_together_are_the_same_chains(linear_fit):
    options = {"chains": 3, "warmup": 50, "samples": 60, "seed": 1}
    options |= {"chain_method": "vectorized"}
    together = sample_fit(linear_fit, **options)
    apart = sample_fit(linear_fit, **(options | {"chain_method": "sequential"}))
    np.testing.assert_allclose(together.values[:, :3], apart.values[:, :3], rtol=1e-9)
    assert together.values.shape == apart.values.shape


def test_small_problems_advance_together(linear_fit, field_fit):
    assert advance_together(linear_fit.objective, 4)
    assert not advance_together(linear_fit.objective, 1)
    assert advance_together(field_fit.objective, 4) == (jax.default_backend() != "cpu")
    with pytest.raises(ValueError, match="not 'parallel'"):
        sample_fit(linear_fit, chain_method="parallel")


def test_problems_are_said_loudly(linear_fit):
    with pytest.warns(PosteriorWarning, match="R-hat above 1.01") as caught:
        sample_fit(linear_fit, chains=2, warmup=0, samples=8, max_tree_depth=1)
    # It points at the caller's line, where it is said every time.
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("ignore:not converged")
def test_a_fit_that_did_not_converge_is_said(linear_fit):
    lost = dataclasses.replace(linear_fit, status=Status.MAX_EVALUATIONS)
    with pytest.warns(PosteriorWarning, match="fit that did not converge"):
        sample_fit(lost, chains=2, warmup=25, samples=25)


def test_nothing_to_sample(spot, spot_truth, spot_table):
    with pytest.raises(ValueError, match="no parameter is free"):
        sample_fit(fit(spot, spot_truth, spot_table.freeze("*")))
