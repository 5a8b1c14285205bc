"""Pulses against their special cases and the error function."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.special import erf, erfc, gammainc
from scipy.special import gamma as gamma_function

from gjax.model.temporal import Gaussian, GeneralizedGaussian
from gjax.parameters import own_values, with_values

DAY = 86400.0
EPOCH = 58000.0


def integral(model, start, stop) -> np.ndarray:
    """Integrate between times in days since the peak, in days."""
    start, stop = np.asarray(start, float), np.asarray(stop, float)
    return np.asarray(model.integral(DAY * start, DAY * stop, EPOCH)) / DAY


def gaussian(**values):
    return Gaussian(EPOCH, **values, scale="tt")


def pulse(**values):
    return GeneralizedGaussian(EPOCH, **values, scale="tt")


def test_gaussian_near_and_far_from_the_peak():
    root = np.sqrt(np.pi / 2) * 0.5
    found = integral(gaussian(sigma=0.5), [-1.0, -0.1, 3.0, -5.0], [2.0, 0.1, 4.0, -4.0])
    x = np.sqrt(2.0) * np.array([[-1.0, -0.1, 3.0, 4.0], [2.0, 0.1, 4.0, 5.0]])
    expected = erf(x[1]) - erf(x[0])
    expected[2:] = (erfc(x[0]) - erfc(x[1]))[2:]
    np.testing.assert_allclose(found, root * expected, rtol=1e-12)


def test_gaussian_over_a_moment():
    model = gaussian(sigma=100.0)
    mean = model.mean(50 * DAY, 50 * DAY + 1.0, EPOCH)
    assert float(mean) == pytest.approx(np.exp(-0.125), rel=1e-7)


def test_half_is_a_gaussian():
    start, stop = np.array([-3.0, -0.2, 0.1, 2.0]), np.array([-1.0, 0.3, 4.0, 40.0])
    general = pulse(t_rise=0.8, t_decay=0.8, eta=0.5)
    expected = integral(gaussian(sigma=0.8), start, stop)
    np.testing.assert_allclose(integral(general, start, stop), expected, rtol=1e-12, atol=1e-15)


def test_one_is_a_double_exponential():
    model = pulse(t_rise=0.5, t_decay=2.0, eta=1.0)
    expected = [1.0 * (1 - np.exp(-1.0)) + 4.0 * (1 - np.exp(-0.25))]
    np.testing.assert_allclose(integral(model, [-1.0], [1.0]), expected, rtol=1e-13)


@pytest.mark.parametrize("eta", [0.01, 0.05, 0.3, 0.9, 1.6, 4.0, 10.0])
def test_integral_is_the_incomplete_gamma_function(eta):
    x = np.array([1e-9, 0.01, 0.3, 1.0, 1.2, 3.0, 40.0])
    z = 0.5 * x ** (1 / eta)
    expected = 2**eta * eta * gamma_function(eta) * gammainc(eta, z)
    # Where the power underflows the factor is one.
    expected = np.where(z < 1e-290, x, expected)
    found = integral(pulse(eta=eta), np.zeros_like(x), x)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_second_derivatives_are_finite():
    for model in (gaussian(sigma=0.4), pulse(eta=0.7), pulse(eta=0.5, t_rise=0.1)):
        names = list(own_values(model))

        def mean(values, model=model, names=names):
            shifted = with_values(model, dict(zip(names, values, strict=True)))
            return shifted.mean(np.array([-0.4, 0.3]) * DAY, np.array([0.1, 0.8]) * DAY, EPOCH)

        values = np.array([float(v) for v in own_values(model).values()])
        hessian = jax.jit(jax.hessian(mean))(values)
        assert np.all(np.isfinite(hessian))
        np.testing.assert_allclose(hessian, hessian.T, rtol=1e-9, atol=1e-12)
