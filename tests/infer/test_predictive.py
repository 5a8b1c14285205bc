"""Likelihoods per bin add up to the statistic; predicted counts scatter as they should."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import poisson

import gjax
from gjax.infer.objective import make_objective, stat_per_dataset
from gjax.infer.predictive import expected, log_likelihood, posterior_predictive
from gjax.infer.quick_look import laplace
from gjax.predict import npred


def test_expected_counts_are_those_of_the_models(posterior, spot):
    found = expected(posterior, draws=5)["spot"]
    assert found.shape == (5, *spot.shape)
    rows = np.unique(np.linspace(0, 1599, 5).round().astype(int))
    models = posterior.models_at(rows[3] // 400, rows[3] % 400)
    np.testing.assert_allclose(found[3], npred(spot, models), rtol=1e-3, atol=1e-9)


def test_likelihood_of_counts(posterior, spot):
    found = log_likelihood(posterior, draws=3)["spot"]
    assert found.shape == (4, 3, spot.mask.sum())
    mu = expected(dataclasses.replace(posterior, values=posterior.values[:1, :1]))["spot"][0]
    exact = poisson.logpmf(spot.counts[spot.mask], mu[spot.mask])
    np.testing.assert_allclose(found[0, 0], exact, rtol=1e-9, atol=1e-12)


def test_likelihood_of_flux_points(linear_fit):
    posterior = laplace(linear_fit, samples=50)
    found = log_likelihood(posterior)["points"]
    assert found.shape == (1, 50, 8)
    layout = linear_fit.objective.layout
    theta = posterior.free_values[0, 7] / layout.scale
    stat = stat_per_dataset(linear_fit.objective, theta)
    assert -2 * found[0, 7].sum() == pytest.approx(float(stat[0]), rel=1e-9)
    assert posterior_predictive(posterior) == {}


def test_predictive_counts(posterior, spot):
    """Mean and variance: those of a Poisson variate whose mean scatters."""
    counts = posterior_predictive(posterior, draws=800, seed=1)["spot"]
    mu = expected(posterior, draws=800)["spot"].sum(axis=(1, 2, 3))
    total = counts.sum(axis=(1, 2, 3))
    assert total.mean() == pytest.approx(mu.mean(), abs=4 * total.std() / np.sqrt(800))
    assert total.var() == pytest.approx(mu.mean() + mu.var(), rel=0.25)
    again = posterior_predictive(posterior, draws=800, seed=1)["spot"]
    np.testing.assert_array_equal(again, counts)


def test_on_off(spot, spot_truth):
    """The sum over bins is the W statistic; the expectation has the background."""
    acceptance = np.ones(spot.shape)
    off = np.random.default_rng(0).poisson(10 * spot.background).astype(float)
    dataset = dataclasses.replace(
        spot, background=None, counts_off=off, acceptance=acceptance, acceptance_off=10 * acceptance
    )
    models = gjax.Models.create({"spot": spot_truth["spot"]})
    table = gjax.Parameters.from_models(models).freeze("*.spatial.*")
    objective = make_objective(dataset, models, table)
    values = np.broadcast_to(table.values, (1, 1, len(table.values)))
    posterior = gjax.Posterior(table, models, values, {}, 0, 0, {}, objective=objective)
    found = log_likelihood(posterior)["spot"]
    stat = stat_per_dataset(objective, objective.layout.start)
    assert found.shape[2] == dataset.mask.sum()
    assert -2 * found.sum() == pytest.approx(float(stat[0]), rel=1e-9)
    inside = dataset.mask
    np.testing.assert_allclose(
        expected(posterior)["spot"][0][inside], npred(dataset, models)[inside], rtol=1e-6
    )


def test_data_are_needed(posterior, spot):
    bare = dataclasses.replace(posterior, objective=None)
    with pytest.raises(ValueError, match="pass datasets="):
        expected(bare)
    np.testing.assert_allclose(
        expected(bare, draws=2, datasets=spot)["spot"],
        expected(posterior, draws=2)["spot"],
        rtol=1e-6,
        atol=1e-12,
    )


def test_too_much_is_refused(posterior):
    many = np.broadcast_to(posterior.values[:1, :1], (4, 1_000_000, posterior.values.shape[2]))
    with pytest.raises(ValueError, match="pass a lower number of draws"):
        expected(dataclasses.replace(posterior, values=many))
