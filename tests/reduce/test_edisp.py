"""Projection and look-up of the energy dispersion."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from gjax.reduce.edisp import MIGRA_AXIS, edisp_kernel_map, edisp_map, kernel_at


@pytest.fixture(scope="module")
def coarse(geom):
    return geom.to_binsz(0.5)


def test_kernel_is_the_integral_of_the_distribution(
    observation, coarse, energy_true, energy, truth
):
    kernel = edisp_kernel_map(observation, coarse, energy_true, energy).data
    ratio = energy.edges / energy_true.center[:, None]
    expected = np.diff(norm.cdf(ratio, 1.0, truth.migra_width), axis=1)
    # The table has bins of a sixth of the width, in which the density is flat.
    np.testing.assert_allclose(
        kernel, np.broadcast_to(expected[..., None, None], kernel.shape), atol=2e-3
    )
    assert (kernel.sum(axis=1) <= 1 + 1e-12).all()


def test_distribution_is_normalised_along_migra(observation, coarse, energy_true):
    edisp = edisp_map(observation, coarse, energy_true)
    total = np.einsum("emyx,m->eyx", edisp.data, MIGRA_AXIS.bin_width)
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)


def test_both_kinds_give_the_kernel_of_the_table(observation, coarse, energy_true, energy):
    lon, lat = coarse.center
    direct = observation.edisp.kernel(0.3, energy_true, energy)
    kernels = edisp_kernel_map(observation, coarse, energy_true, energy)
    np.testing.assert_allclose(kernel_at(kernels, lon, lat, energy), direct, atol=1e-12)
    fine = observation.edisp.table.axis("migra")
    migra = edisp_map(observation, coarse, energy_true, fine)
    np.testing.assert_allclose(kernel_at(migra, lon, lat, energy), direct, atol=1e-12)


def test_lookup_goes_to_the_nearest_pixel_with_a_response(observation, coarse, energy_true, energy):
    kernels = edisp_kernel_map(observation, coarse, energy_true, energy)
    data = np.zeros_like(kernels.data)
    data[:, :, 2, 1] = 0.25
    sparse = dataclasses.replace(kernels, data=data)
    for position in (coarse.center, (0.0, -60.0)):
        np.testing.assert_array_equal(kernel_at(sparse, *position, energy), 0.25)
