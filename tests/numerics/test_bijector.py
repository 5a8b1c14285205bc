"""Maps between bounded and unbounded coordinates are smooth, monotone and invertible."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gjax.numerics import bijector

# Compiled once: hypothesis calls them often.
log_slope, to_bounded, to_real, slope_of_bounded = (
    jax.jit(f)
    for f in (
        bijector.log_slope,
        bijector.to_bounded,
        bijector.to_real,
        jax.grad(bijector.to_bounded),
    )
)
quick = settings(deadline=None, max_examples=30)
INF = np.inf
BOUNDS = {
    "none": (-INF, INF),
    "lower": (-2.0, INF),
    "upper": (-INF, 3.0),
    "both": (-2.0, 3.0),
    "wide": (-900.0, 900.0),
    "narrow": (1.0, 1.0 + 1e-6),
}
bounds = pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)


@bounds
@quick
@given(x=st.floats(-12.0, 12.0))
def test_round_trip(bounds, x):
    y = to_bounded(x, *bounds)
    assert bounds[0] < y < bounds[1]
    # The value keeps an absolute precision set by its bounds, which the slope divides.
    reach = 1.0 + max(abs(b) for b in bounds if np.isfinite(b)) if bounds[1] < INF else 15.0
    error = 1e-14 * reach * np.exp(-float(log_slope(x, *bounds)))
    assert float(to_real(y, *bounds)) == pytest.approx(x, rel=1e-12, abs=1e-13 + error)


@bounds
@quick
@given(x=st.floats(-12.0, 12.0))
def test_slope_is_the_derivative(bounds, x):
    slope = slope_of_bounded(x, *bounds)
    assert float(np.exp(log_slope(x, *bounds))) == pytest.approx(float(slope), rel=1e-10)


@quick
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(0.001, 0.999))
def test_inverse_round_trip_between_any_two_bounds(low, width, fraction):
    y = low + fraction * width
    assume(low < y < low + width)
    found = float(to_bounded(to_real(y, low, low + width), low, low + width))
    assert found == pytest.approx(y, abs=1e-12 * (abs(low) + width))


@bounds
def test_map_is_monotone(bounds):
    # A narrow interval at 1 has no room for more digits.
    x = np.linspace(-8, 8, 101)
    assert (np.diff(to_bounded(x, *bounds)) > 0).all()


@bounds
@pytest.mark.parametrize("x", [-800.0, 800.0])
def test_far_out_is_finite(bounds, x):
    value, slope = jax.value_and_grad(to_bounded)(x, *bounds)
    assert np.isfinite([value, slope, log_slope(x, *bounds)]).all()
    assert bounds[0] <= value <= bounds[1]


def test_each_element_has_its_own_bounds():
    lower, upper = (np.array(b) for b in zip(*BOUNDS.values(), strict=True))
    x = np.linspace(-2, 2, len(lower))
    together = to_bounded(x, lower, upper)
    single = [to_bounded(*args) for args in zip(x, lower, upper, strict=True)]
    np.testing.assert_array_equal(together, single)
    jacobian = jax.jacfwd(to_bounded)(x, lower, upper)
    np.testing.assert_allclose(np.diag(jacobian), np.exp(log_slope(x, lower, upper)), rtol=1e-12)
    assert np.isfinite(jacobian).all()


def test_gradient_of_the_inverse_is_finite_for_every_kind_of_bound():
    lower, upper = (np.array(b) for b in zip(*BOUNDS.values(), strict=True))
    y = np.asarray(to_bounded(np.full(len(lower), 0.3), lower, upper))
    jacobian = np.asarray(jax.jacfwd(to_real)(y, lower, upper))
    np.testing.assert_allclose(1 / np.diag(jacobian), np.exp(log_slope(0.3, lower, upper)), 1e-8)
