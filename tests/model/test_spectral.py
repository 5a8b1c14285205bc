"""Spectral models: special points of the domain, composition and quadrature.

What holds for every model is in tests/registry.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import units as u

from gjax.model.spectral import (
    AbstractQuadrature,
    AbstractSpectral,
    Constant,
    ExpCutoffPowerLaw,
    LogParabola,
    PowerLaw,
    PowerLawNorm,
)

LOW, HIGH = np.array([0.1, 1.0, 3.0]), np.array([1.0, 1.05, 80.0])


def flux(index):
    return PowerLaw(index=index, amplitude=1.0).integral(LOW, HIGH)


def energy_flux(index):
    return PowerLaw(index=index, amplitude=1.0).energy_flux(LOW, HIGH)


def test_power_law_has_the_logarithm_at_index_one_and_two():
    np.testing.assert_allclose(flux(1.0), np.log(HIGH / LOW), rtol=1e-14)
    np.testing.assert_allclose(energy_flux(2.0), np.log(HIGH / LOW), rtol=1e-14)


@pytest.mark.parametrize(("function", "special"), [(flux, 1.0), (energy_flux, 2.0)])
def test_power_law_is_smooth_through_the_special_index(function, special):
    """Derivatives at the special index are moments of the logarithm, and nothing jumps around."""
    logs = [
        (-1) ** k * (np.log(HIGH) ** (k + 1) - np.log(LOW) ** (k + 1)) / (k + 1) for k in range(3)
    ]
    value, first = jax.jit(function), jax.jit(jax.jacfwd(function))
    second = jax.jit(jax.jacfwd(jax.jacfwd(function)))
    np.testing.assert_allclose(first(special), logs[1], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(second(special), logs[2], rtol=1e-11)
    for distance in (1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 0.1, 0.11, 2.0):
        index = special + distance
        textbook = (HIGH ** (special - index) - LOW ** (special - index)) / (special - index)
        rounding = 1e-15 / min(distance, 1.0)
        np.testing.assert_allclose(value(index), textbook, rtol=1e-12 + 10 * rounding)
        assert np.all(np.isfinite(second(index)))


def test_steep_power_law_over_many_decades():
    found = PowerLaw(index=40.0, amplitude=1.0).integral(1.0, 1e4)
    assert float(found) == pytest.approx(1 / 39, rel=1e-13)


def test_norm_model_is_a_power_law():
    norm = PowerLawNorm(tilt=0.3, norm=2.0, reference=3.0)
    law = PowerLaw(index=0.3, amplitude=2.0, reference=3.0)
    np.testing.assert_allclose(norm(LOW), law(LOW), rtol=1e-15)
    np.testing.assert_allclose(norm.integral(LOW, HIGH), law.integral(LOW, HIGH), rtol=1e-15)


def test_log_parabola_without_curvature_is_a_power_law():
    curved = LogParabola(alpha=2.3, beta=0.0, amplitude=3e-11, reference=1.0)
    straight = PowerLaw(index=2.3, amplitude=3e-11)
    np.testing.assert_allclose(curved(LOW), straight(LOW), rtol=1e-14)
    np.testing.assert_allclose(curved.integral(LOW, HIGH), straight.integral(LOW, HIGH), rtol=1e-9)


def test_cutoff_at_infinity_is_a_power_law_with_a_slope():
    """At lambda = 0 the slope must lead away from the border, or a fit would stay there."""
    model = ExpCutoffPowerLaw(index=2.0, amplitude=1e-11, lambda_=0.0)
    np.testing.assert_allclose(model(LOW), PowerLaw(index=2.0, amplitude=1e-11)(LOW), rtol=1e-14)
    slope = jax.jit(jax.jacfwd(lambda model: model(LOW)))(model)
    np.testing.assert_allclose(slope.lambda_, -LOW * model(LOW), rtol=1e-13)
    assert np.all(np.isfinite(slope.alpha))


@pytest.mark.parametrize("model", [LogParabola(), ExpCutoffPowerLaw(), LogParabola(beta=2.0)])
def test_quadrature_over_a_decade(model):
    """One bin of a decade agrees with the sum of a hundred."""
    edges = np.geomspace(10.0, 100.0, 101)
    for method in (model.integral, model.energy_flux):
        fine = float(np.sum(method(edges[:-1], edges[1:])))
        assert float(method(10.0, 100.0)) == pytest.approx(fine, rel=1e-8)


def test_sum_and_product():
    first, second, tilt = PowerLaw(index=2.2), LogParabola(), PowerLawNorm(tilt=0.4)
    total = first + second
    np.testing.assert_allclose(total(LOW), first(LOW) + second(LOW), rtol=1e-15)
    for method in ("integral", "energy_flux"):
        parts = [getattr(m, method)(LOW, HIGH) for m in (first, second)]
        np.testing.assert_allclose(getattr(total, method)(LOW, HIGH), sum(parts), rtol=1e-15)
    np.testing.assert_allclose((first * tilt)(LOW), PowerLaw(index=2.6)(LOW), rtol=1e-14)
    np.testing.assert_allclose(
        (first * tilt).integral(LOW, HIGH), PowerLaw(index=2.6).integral(LOW, HIGH), rtol=1e-8
    )
    with pytest.raises(TypeError):
        first + 3.0


def test_constant():
    model = Constant(const=2.0)
    np.testing.assert_allclose(model(LOW), 2.0)
    np.testing.assert_allclose(model.integral(LOW, HIGH), 2.0 * (HIGH - LOW))
    np.testing.assert_allclose(model.energy_flux(LOW, HIGH), HIGH**2 - LOW**2)


def test_units_of_the_constructor():
    model = PowerLaw(amplitude=3e-7 * u.Unit("m-2 s-1 TeV-1"), reference=500 * u.GeV)
    assert float(model.amplitude) == pytest.approx(3e-11)
    assert float(model.reference) == pytest.approx(0.5)
    with pytest.raises(u.UnitConversionError, match="TeV"):
        PowerLaw(reference=3 * u.m)


def test_a_new_model_needs_only_its_formula():
    class Line(AbstractQuadrature, AbstractSpectral):
        def __call__(self, energy):
            return jnp.exp(-jnp.square(jnp.log(energy)))

    expected = np.sqrt(np.pi) * np.exp(0.25)
    edges = np.geomspace(1e-4, 1e4, 21)
    assert float(Line().integral(edges[:-1], edges[1:]).sum()) == pytest.approx(expected, rel=1e-8)
    with pytest.raises(TypeError, match="abstract"):
        AbstractSpectral()
