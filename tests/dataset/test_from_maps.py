"""Datasets put together from separate maps."""

import dataclasses

import numpy as np
import pytest

from gjax.dataset.from_maps import dataset_from_maps
from gjax.dataset.response import PSFMap
from gjax.maps.axis import MapAxis
from gjax.maps.healpix import HealpixMap
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom, everywhere

ENERGY = MapAxis.from_energy_bounds(0.01, 1.0, 2)
NODES = MapAxis.from_nodes([0.01, 0.1, 1.0], "energy_true", "TeV", "log")
TRUE = MapAxis.from_energy_bounds(0.01, 1.0, 4, name="energy_true")
GEOM = WcsGeom.create((0.0, 0.0), 0.2, npix=(6, 4), proj="TAN", frame="galactic")


@pytest.fixture
def counts():
    return Map(np.ones((2, *GEOM.shape)), GEOM, (ENERGY,))


@pytest.fixture
def exposure():
    """Make an exposure on coarser pixels, linear in log energy and longitude."""
    coarse = WcsGeom.create((0.0, 0.0), 0.5, npix=(8, 8), proj="CAR", frame="galactic")
    lon = (coarse.coords()[0] + 180.0) % 360.0 - 180.0
    data = np.array([1e11, 2e11, 3e11])[:, None, None] * (1 + 0.1 * lon)
    return Map(data, coarse, (NODES,), "cm2 s")


def test_exposure_and_psf_come_to_the_counts(counts, exposure):
    geom = everywhere()
    rad = MapAxis.from_bounds(0.0, 0.5, 2, "rad", "deg")
    psf = PSFMap(np.ones((3, 2, *geom.shape)), np.ones((3, *geom.shape)), geom, NODES, rad)
    dataset = dataset_from_maps("gc", counts, exposure, energy_true=TRUE, psf=psf, telescope="LAT")
    lon = (GEOM.coords()[0] + 180.0) % 360.0 - 180.0
    scale = np.array([1.25e11, 1.75e11, 2.25e11, 2.75e11])[:, None, None]
    np.testing.assert_allclose(dataset.exposure, scale * (1 + 0.1 * lon), rtol=1e-6)
    assert dataset.psf.energy_true == TRUE
    assert dataset.edisp is None
    assert dataset.telescope == "LAT"
    own = dataset_from_maps("gc", counts, exposure)
    assert own.energy_true == NODES


def test_exposure_in_healpix(counts):
    pytest.importorskip("astropy_healpix", reason="needs the extra healpix")
    data = np.array([1e11, 2e11, 3e11])[:, None] * np.ones(12 * 64)
    dataset = dataset_from_maps("gc", counts, HealpixMap(data, 8, "icrs", (NODES,)))
    np.testing.assert_allclose(dataset.exposure[1], 2e11)


def test_background_must_be_on_the_counts(counts, exposure):
    background = Map(0.5 * counts.data, GEOM, (ENERGY,))
    assert dataset_from_maps("x", counts, exposure, background=background).background.max() == 0.5
    other = dataclasses.replace(background, axes=(MapAxis.from_energy_bounds(0.01, 2.0, 2),))
    with pytest.raises(ValueError, match="not on the pixels and energies"):
        dataset_from_maps("x", counts, exposure, background=other)


def test_other_axes_and_units_are_refused(counts, exposure):
    with pytest.raises(ValueError, match="must have the axis 'energy'"):
        dataset_from_maps("x", exposure, exposure)
    with pytest.raises(ValueError, match="'cm2', not in 'cm2 s'"):
        dataset_from_maps("x", counts, dataclasses.replace(exposure, unit="cm2"))
