"""Responses refuse data that do not fit their axes."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap, RecoPSFMap
from gjax.maps.axis import MapAxis

TRUE = MapAxis.from_energy_bounds(0.5, 200.0, 3, name="energy_true")
AXES = {
    PSFMap: MapAxis.from_bounds(0.0, 0.5, 5, "rad", "deg"),
    EDispMap: MapAxis.from_bounds(0.2, 3.0, 5, "migra"),
    EDispKernelMap: MapAxis.from_energy_bounds(1.0, 100.0, 5),
}


@pytest.fixture(params=list(AXES), ids=lambda cls: cls.__name__)
def cls(request):
    return request.param


def test_axes_and_pixels_are_leaves_and_statics(cls, geom):
    exposure = np.ones((3, *geom.shape))
    response = cls(np.zeros((3, 5, *geom.shape)), exposure, geom, TRUE, AXES[cls])
    assert len(jax.tree_util.tree_leaves(response)) == 2
    doubled = jax.tree_util.tree_map(lambda a: 2 * a, response)
    np.testing.assert_array_equal(doubled.exposure, 2 * exposure)
    assert doubled.geom == geom


@pytest.mark.parametrize("shape", [(3, 4), (2, 5), (5, 3)])
def test_wrong_shape_of_data_lists_both(cls, geom, shape):
    with pytest.raises(ValueError, match=r"has shape .*, expected .* \(3, 5, 10, 12\)"):
        cls(np.zeros((*shape, *geom.shape)), np.ones((3, *geom.shape)), geom, TRUE, AXES[cls])


def test_wrong_shape_of_exposure_lists_both(cls, geom):
    with pytest.raises(
        ValueError, match=r"exposure has shape \(10, 12\), expected \(etrue, y, x\)"
    ):
        cls(np.zeros((3, 5, *geom.shape)), np.ones(geom.shape), geom, TRUE, AXES[cls])


def test_psf_in_reconstructed_energy_may_lack_an_exposure(geom):
    energy, rad = AXES[EDispKernelMap], AXES[PSFMap]
    psf = RecoPSFMap(np.zeros((5, 5, *geom.shape)), None, geom, energy, rad)
    assert len(jax.tree_util.tree_leaves(psf)) == 1
    with pytest.raises(ValueError, match=r"expected \(ereco, rad, y, x\) = \(5, 5, 10, 12\)"):
        RecoPSFMap(np.zeros((3, 5, *geom.shape)), None, geom, energy, rad)
    with pytest.raises(ValueError, match=r"expected \(ereco, y, x\) = \(5, 10, 12\)"):
        RecoPSFMap(psf.data, np.ones((3, *geom.shape)), geom, energy, rad)
