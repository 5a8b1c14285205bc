"""The objective is the statistic; its derivatives are exact, its course is smooth."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy.interpolate import CubicSpline
from scipy.stats import norm

from gjax.infer.information import information
from gjax.infer.objective import (
    expand_objective,
    hessian,
    make_objective,
    stat_per_dataset,
    value_and_grad,
)
from gjax.predict import npred
from gjax.stats import cash


def five_point(function, theta, steps):
    """Differentiate by five points along each coordinate; the results are the last axis."""
    found = []
    for i, step in enumerate(steps):
        away = np.eye(len(theta))[i] * step
        values = [np.asarray(function(theta + k * away)) for k in (-2, -1, 1, 2)]
        found.append((values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step))
    return np.stack(found, axis=-1)


@pytest.fixture(scope="module")
def sigma(field_fit):
    """Errors of the coordinates of `objective`."""
    return np.sqrt(2 * np.diag(np.linalg.inv(hessian(field_fit.objective, field_fit.theta))))


@pytest.fixture(scope="module", params=["start", "near the optimum"])
def theta(request, objective, field_fit, sigma):
    start = np.asarray(objective.layout.start)
    if request.param == "start":
        return start
    values = field_fit.parameters.values[list(field_fit.parameters.free)]
    signs = np.where(np.arange(len(sigma)) % 2, 1.0, -1.0)
    return values / np.asarray(objective.layout.scale) + 0.3 * signs * sigma


def test_value_is_the_statistic_of_the_prediction(objective, field, truth):
    expected = np.sum(cash(field.counts, npred(field, truth)), where=field.mask)
    found = expand_objective(objective, objective.layout.start).stat
    assert float(found) == pytest.approx(float(expected), rel=1e-12)


def test_gradient_is_the_finite_difference(objective, theta, sigma):
    _, gradient = value_and_grad(objective, theta)
    # Steps are small beside the knots of the PSF's spline, whose third derivative has jumps.
    found = five_point(lambda at: value_and_grad(objective, at)[0], theta, 0.003 * sigma)
    pull = np.asarray(gradient) * sigma
    np.testing.assert_allclose(found * sigma, pull, rtol=1e-6, atol=1e-6 * np.abs(pull).max())


def test_expansion_is_that_of_automatic_differentiation(objective, theta, sigma):
    found = expand_objective(objective, theta)
    value, gradient = value_and_grad(objective, theta)
    assert float(found.stat) == pytest.approx(float(value), rel=1e-12)
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-9, atol=1e-9 / sigma.max())


def test_hessian_is_the_finite_difference_of_the_gradient(objective, theta, sigma):
    def gradient(at):
        return expand_objective(objective, at).gradient

    exact = np.asarray(hessian(objective, theta)) * np.outer(sigma, sigma)
    found = five_point(gradient, theta, 0.003 * sigma) * np.outer(sigma, sigma)
    np.testing.assert_allclose(found, exact, atol=2e-6 * np.abs(exact).max())
    np.testing.assert_allclose(exact, exact.T, rtol=1e-11)


def test_information_of_linear_parameters(spot_expected, spot_truth, spot_table):
    """Where the prediction is linear, observed and expected information are half the Hessian."""
    linear = spot_table.freeze("*").thaw("*.amplitude", "*.norm")
    objective = make_objective(spot_expected, spot_truth, linear)
    start = np.asarray(objective.layout.start)
    found = expand_objective(objective, start * np.array([1.2, 0.7]))
    np.testing.assert_allclose(found.positive, found.hessian, rtol=1e-9)
    assert np.linalg.eigvalsh(found.hessian).min() > 0
    at_truth = expand_objective(objective, start)
    np.testing.assert_allclose(at_truth.gradient, 0.0, atol=1e-8)
    np.testing.assert_allclose(information(objective, start), 0.5 * at_truth.hessian, rtol=1e-9)


@pytest.fixture(scope="module")
def moving(spot_table):
    """Free the longitude of the spot beside its spectrum and the norm."""
    return spot_table.thaw("*.lon_0")


def test_statistic_is_smooth_where_a_source_crosses_pixels(spot, spot_truth, moving):
    objective = make_objective(spot, spot_truth, moving)
    which = [moving.names[i] for i in moving.free].index("spot.spatial.lon_0")
    pixel = 0.05 / np.cos(np.radians(22.01)) / float(objective.layout.scale[which])
    start = np.asarray(objective.layout.start)

    def evaluate(at):
        theta = start.copy()
        theta[which] = at
        stat, slope = value_and_grad(objective, theta)
        return float(stat), float(slope[which])

    at = start[which] + np.linspace(-1.5, 1.5, 201) * pixel
    stat, slope = np.array([evaluate(x) for x in at]).T
    # From every second point the others follow: no jump in value or slope.
    for values in (stat, slope):
        left_out = CubicSpline(at[::2], values[::2])(at[1::2])
        away = np.abs(left_out - values[1::2])[2:-2]
        assert away.max() < 2e-4 * np.ptp(values)
    step = 1e-3 * pixel
    for x, exact in zip(at[::5], slope[::5], strict=True):
        values = [evaluate(x + k * step)[0] for k in (-2, -1, 1, 2)]
        found = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
        assert found == pytest.approx(exact, abs=1e-6 * np.abs(slope).max())


def test_clipped_prediction(spot, spot_truth, moving):
    """A negative source is clipped bin by bin, in value and in slope."""
    table = moving.update({"spot.spectral.amplitude": -2e-12})
    objective = make_objective(spot, spot_truth, table)
    start = np.asarray(objective.layout.start)
    cube = npred(spot, jax.device_get(objective.layout.models_at(start)))
    assert (cube == 0).any()
    assert (cube > 0).any()
    value, gradient = value_and_grad(objective, start)
    expected = np.sum(cash(spot.counts, cube), where=spot.mask)
    assert float(value) == pytest.approx(float(expected), rel=1e-12)
    # Small steps, so that no bin comes to be clipped on the way.
    steps = np.full(start.size, 1e-6)
    found = five_point(lambda at: value_and_grad(objective, at)[0], start, steps)
    np.testing.assert_allclose(found, gradient, atol=1e-6 * np.abs(gradient).max())
    np.testing.assert_allclose(
        expand_objective(objective, start).gradient, gradient, rtol=1e-9, atol=1e-9
    )


def test_priors_add_twice_their_negative_logarithm(spot, spot_truth, spot_table):
    plain = make_objective(spot, spot_truth, spot_table)
    table = spot_table.prior("*.index", dist.Normal(2.5, 0.1))
    with_prior = make_objective(spot, spot_truth, table)
    start = plain.layout.start
    one, two = (expand_objective(objective, start) for objective in (plain, with_prior))
    added = float(two.stat - one.stat)
    assert added == pytest.approx(-2 * norm(2.5, 0.1).logpdf(2.2), rel=1e-10)
    bend = two.hessian - one.hessian
    expected = np.zeros((3, 3))
    expected[0, 0] = 2 * (float(plain.layout.scale[0]) / 0.1) ** 2
    np.testing.assert_allclose(bend, expected, atol=1e-8 * expected[0, 0])


def test_curved_links_are_in_the_hessian(spot, spot_truth, spot_table):
    table = spot_table.freeze("*.norm").link(
        "*.norm", ["*.index", "*.amplitude"], lambda index, flux: index**2 * flux / 2e-11
    )
    objective = make_objective(spot, spot_truth, table)
    start = np.asarray(objective.layout.start)
    found = expand_objective(objective, start)
    steps = 1e-4 * np.abs(start)
    gradient = five_point(lambda at: expand_objective(objective, at).stat, start, steps)
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-6, atol=1e-6)
    bend = five_point(lambda at: expand_objective(objective, at).gradient, start, steps)
    np.testing.assert_allclose(found.hessian, bend, rtol=1e-6)


def test_joint_statistic_is_the_sum_in_any_order(spot, spot_expected, spot_truth, spot_table):
    other = dataclasses.replace(spot_expected, name="other")
    both = make_objective([spot, other], spot_truth, spot_table)
    swapped = make_objective([other, spot], spot_truth, spot_table)
    start = both.layout.start
    one, two = expand_objective(both, start), expand_objective(swapped, start)
    parts = np.asarray(stat_per_dataset(both, start))
    single = expand_objective(make_objective(spot, spot_truth, spot_table), start)
    assert parts[0] == pytest.approx(float(single.stat), rel=1e-12)
    assert float(one.stat) == pytest.approx(parts.sum(), rel=1e-12)
    assert float(two.stat) == pytest.approx(parts.sum(), rel=1e-12)
    np.testing.assert_allclose(one.hessian, two.hessian, rtol=1e-9)


def test_new_values_counts_bounds_and_priors_compile_nothing(spot, spot_truth, spot_table):
    first = make_objective(spot, spot_truth, spot_table.prior("*.norm", dist.Normal(1.0, 0.5)))
    expand_objective(first, first.layout.start)
    compiled = expand_objective._cache_size()
    # The number of occupied bins is rounded up: nearly the same number has the same shape.
    counts = np.roll(spot.counts, 3, axis=1)
    table = spot_table.update({"*.index": 2.7, "*.tilt": 0.3}).bound("*.norm", 0.1, 5.0)
    table = table.prior("*.norm", dist.Normal(1.3, 0.1))
    second = make_objective(dataclasses.replace(spot, counts=counts), spot_truth, table)
    expand_objective(second, 1.1 * second.layout.start)
    assert expand_objective._cache_size() == compiled


def test_datasets_that_cannot_be_fitted_are_refused(spot, spot_truth):
    with pytest.raises(ValueError, match="'spot' has no counts to fit"):
        make_objective(dataclasses.replace(spot, counts=None), spot_truth)
    with pytest.raises(ValueError, match="no dataset was given"):
        make_objective([], spot_truth)
    with pytest.raises(ValueError, match="off counts but no acceptances"):
        make_objective(dataclasses.replace(spot, counts_off=spot.counts), spot_truth)
