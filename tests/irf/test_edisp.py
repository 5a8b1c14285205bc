"""Energy dispersion: kernels against the normal distribution."""

import numpy as np
import pytest
from scipy.stats import norm

from gjax.irf import EnergyDispersion, Table
from gjax.irf.edisp import integrate_migra, normalize_migra
from gjax.maps.axis import MapAxis

ENERGY_TRUE = MapAxis.from_energy_bounds(0.1, 100, 30, name="energy_true")
MIGRA = MapAxis.from_edges(np.linspace(0.2, 3, 281), "migra")
OFFSET = MapAxis.from_edges([0.0, 1.0, 2.0], "offset")


@pytest.fixture(scope="module")
def edisp():
    density = norm.pdf(MIGRA.center, 1.05, 0.15)
    data = np.broadcast_to(density[None, :, None], (30, 280, 2))
    return EnergyDispersion(Table(3.0 * data, (ENERGY_TRUE, MIGRA, OFFSET)))


def test_kernel_is_the_integral_of_the_distribution(edisp):
    energy = MapAxis.from_energy_bounds(0.5, 20, 12)
    true = MapAxis.from_energy_bounds(0.3, 30, 20, name="energy_true")
    kernel = edisp.kernel(0.7, true, energy)
    ratio = energy.edges / true.center[:, None]
    want = np.diff(norm.cdf(ratio, 1.05, 0.15), axis=1)
    np.testing.assert_allclose(kernel, want, atol=2e-3)
    assert kernel.shape == (20, 12)


def test_kernel_over_all_energies_has_unit_rows_and_a_cut_one_less(edisp):
    wide = edisp.kernel(0.5, ENERGY_TRUE, MapAxis.from_energy_bounds(1e-3, 1e4, 40))
    # Entries below 1e-8 are dropped as rounding noise.
    np.testing.assert_allclose(wide.sum(axis=1), 1.0, rtol=1e-7)
    narrow = edisp.kernel(0.5, ENERGY_TRUE, MapAxis.from_energy_bounds(1, 10, 5))
    assert np.all(narrow.sum(axis=1) <= 1 + 1e-12)
    assert narrow.sum(axis=1).min() == 0.0


def test_zero_outside_the_field_of_view(edisp):
    energy = MapAxis.from_energy_bounds(1, 10, 5)
    assert not edisp.kernel(2.5, ENERGY_TRUE, energy).any()


def test_only_energy_and_migra_together_are_outside(edisp):
    assert edisp.evaluate(1.0, 1.0, 0.5) > 0
    assert edisp.evaluate(200.0, 1.0, 0.5) > 0
    assert edisp.evaluate(200.0, 5.0, 0.5) == 0
    assert edisp.evaluate(1.0, 1.0, 2.5) == 0


def test_extra_dimensions_are_carried_along(edisp):
    density = edisp.evaluate(ENERGY_TRUE.center[:, None], MIGRA.center, 0.5)
    density = normalize_migra(density, MIGRA, 1)
    energy = MapAxis.from_energy_bounds(1, 10, 5)
    flat = integrate_migra(density, MIGRA, ENERGY_TRUE, energy)
    cube = np.broadcast_to(density[..., None, None], (*density.shape, 2, 3))
    maps = integrate_migra(cube, MIGRA, ENERGY_TRUE, energy)
    assert maps.shape == (30, 5, 2, 3)
    np.testing.assert_allclose(maps[..., 1, 2], flat, rtol=1e-13)


def test_empty_distributions_stay_empty():
    assert not normalize_migra(np.zeros((2, 280)), MIGRA, 1).any()
