"""Quotients of exponentials against series and themselves."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.numerics.exponential import relative_expm1


def test_is_the_quotient():
    u = np.array([-50.0, -3.0, -0.26, -0.24, 0.24, 0.26, 3.0, 50.0])
    np.testing.assert_allclose(relative_expm1(u), np.expm1(u) / u, rtol=1e-14)


@pytest.mark.parametrize("u", [0.0, 1e-12, -1e-9, 1e-5])
def test_value_and_derivatives_near_zero(u):
    # (exp(u) - 1) / u = 1 + u / 2 + u^2 / 6 + ...
    assert relative_expm1(u) == pytest.approx(1 + u / 2 + u**2 / 6, rel=1e-14)
    assert jax.grad(relative_expm1)(u) == pytest.approx(1 / 2 + u / 3 + u**2 / 8, rel=1e-14)
    assert jax.grad(jax.grad(relative_expm1))(u) == pytest.approx(1 / 3 + u / 4, rel=1e-9)


def test_series_and_quotient_meet():
    for order in range(3):
        f = relative_expm1
        for _ in range(order):
            f = jax.grad(f)
        for end in (-0.25, 0.25):
            below, above = f(end * (1 - 1e-12)), f(end * (1 + 1e-12))
            assert below == pytest.approx(float(above), rel=1e-9)
