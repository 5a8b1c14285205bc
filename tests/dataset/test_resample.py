"""PSFs at the energies of their dataset."""

import numpy as np
import pytest

from gjax.dataset.resample import psf_at_energies
from gjax.dataset.response import PSFMap
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import everywhere

RAD = MapAxis.from_bounds(0.0, 0.5, 2, "rad", "deg")


@pytest.fixture
def psf():
    """Make a PSF at nodes, linear in the logarithm of energy."""
    axis = MapAxis.from_nodes([0.01, 0.1, 1.0], "energy_true", "TeV", "log")
    geom = everywhere()
    data = np.array([3.0, 2.0, 1.0])[:, None, None, None] * np.ones((3, 2, *geom.shape))
    return PSFMap(data, data[:, 0], geom, axis, RAD)


def test_interpolation_is_linear_in_log_energy(psf):
    axis = MapAxis.from_energy_bounds(0.01, 1.0, 4, name="energy_true")
    other = psf_at_energies(psf, axis)
    np.testing.assert_allclose(other.data[:, 0, 0, 0], [2.75, 2.25, 1.75, 1.25])
    np.testing.assert_allclose(other.exposure[:, 0, 0], [2.75, 2.25, 1.75, 1.25])
    assert other.energy_true == axis


def test_continuation_is_never_negative(psf):
    axis = MapAxis.from_nodes([0.001, 10.0, 1e4], "energy_true", "TeV", "log")
    other = psf_at_energies(psf, axis)
    np.testing.assert_allclose(other.data[:, 0, 0, 0], [4.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(other.exposure[:, 0, 0], [3.0, 1.0, 1.0])


def test_equal_energies_keep_the_numbers(psf):
    assert psf_at_energies(psf, psf.energy_true).data is psf.data
