"""The battery for every registered spectral model."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from gjax.model.registry import REGISTRY, lookup
from tests.registry.conftest import borders, entries, instances, reference

SPECTRAL = entries("spectral")
ENERGY = np.geomspace(0.05, 60.0, 6)
REFERENCE = reference()


@jax.jit
def observe(model):
    """Evaluate, integrate and weight; one compilation for each class serves most tests."""
    low, high = ENERGY[:-1], ENERGY[1:]
    return jnp.concatenate([model(ENERGY), model.integral(low, high), model.energy_flux(low, high)])


@jax.jit
def slopes(model):
    """Differentiate `observe` by every parameter."""
    return jax.jacfwd(observe)(model)


def leaves(tree):
    return jax.tree.leaves(tree)


@pytest.mark.parametrize("cls", SPECTRAL)
def test_gradient_is_the_finite_difference(cls):
    for model in instances(cls):
        values, structure = jax.tree.flatten(model)
        for i, slope in enumerate(leaves(slopes(model))):
            step = 3e-4 * max(abs(float(values[i])), 1e-14)

            def shifted(n, i=i, step=step, values=values, structure=structure):
                moved = [v + n * step * (j == i) for j, v in enumerate(values)]
                return observe(jax.tree.unflatten(structure, moved))

            numeric = (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * step)
            # A slope far below value / parameter is lost in the rounding of the difference.
            floor = 1e-6 * np.abs(observe(model)) / abs(float(values[i]))
            assert np.all(np.abs(slope - numeric) <= 1e-6 * np.abs(numeric) + floor)


@pytest.mark.parametrize("cls", SPECTRAL)
def test_integrals_are_those_of_quad(cls):
    for model in instances(cls)[:2]:
        dnde = jax.jit(lambda energy, model=model: model(energy))
        values = np.asarray(observe(model))
        flux, energy_flux = values[len(ENERGY) :].reshape(2, -1)
        for i in range(len(ENERGY) - 1):
            limits = np.log(ENERGY[i : i + 2])
            for power, found in ((1, flux[i]), (2, energy_flux[i])):
                expected, _ = quad(
                    lambda x, power=power, dnde=dnde: float(dnde(np.exp(x))) * np.exp(power * x),
                    *limits,
                    epsabs=0,
                    epsrel=1e-9,
                )
                assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("cls", SPECTRAL)
def test_finite_on_the_borders(cls):
    for model in borders(cls):
        assert np.all(np.isfinite(observe(model)))
        assert all(np.all(np.isfinite(leaf)) for leaf in leaves(slopes(model)))


@pytest.mark.parametrize("cls", SPECTRAL)
def test_vmap_is_the_loop(cls):
    models = instances(cls)
    stacked = jax.tree.map(lambda *values: jnp.stack(values), *models)
    expected = np.stack([observe(model) for model in models])
    np.testing.assert_allclose(jax.vmap(observe)(stacked), expected, rtol=1e-12)


@pytest.mark.parametrize("case", REFERENCE["spectral"], ids=lambda case: case["tag"])
def test_values_are_those_of_gammapy(case):
    model = lookup("spectral", case["tag"])(**case["parameters"])
    edges = np.array(REFERENCE["edges"])
    np.testing.assert_allclose(model(edges), case["dnde"], rtol=1e-6)
    # Gammapy has closed forms for some; for the others its trapezia are good to a few 1e-4.
    tolerance = 1e-6 if case["is_closed"] else 1e-3
    integral = model.integral(edges[:-1], edges[1:])
    np.testing.assert_allclose(integral, case["integral"], rtol=tolerance)


def test_every_model_is_compared_with_gammapy():
    """A model that Gammapy does not have would be listed here, with its reason."""
    compared = {case["tag"] for case in REFERENCE["spectral"]}
    assert set(REGISTRY["spectral"]) == compared
