"""Exposure and offsets."""

import dataclasses

import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from gjax.maps.wcs import WcsGeom
from gjax.reduce.exposure import exposure_cube, pixel_offsets

LON, LAT = 83.63, 22.01


def _astropy_offsets(geom):
    return (
        SkyCoord(*geom.coords_in("icrs"), unit="deg").separation(SkyCoord(LON, LAT, unit="deg")).deg
    )


def test_offsets_are_separations_in_any_frame(observation, geom):
    galactic = WcsGeom.create(SkyCoord(LON, LAT, unit="deg"), 0.3, 3.0, frame="galactic")
    for image in (geom, galactic):
        np.testing.assert_allclose(
            pixel_offsets(observation, image), _astropy_offsets(image), atol=1e-10
        )


def test_exposure_is_area_times_live_time_of_all_intervals(observation, geom, energy_true, truth):
    exposure = exposure_cube(observation, geom, energy_true)
    expected = truth.area(_astropy_offsets(geom)) * truth.livetime
    np.testing.assert_allclose(exposure, np.broadcast_to(expected, exposure.shape), rtol=1e-10)


def test_pixels_outside_the_projection_have_none(observation, energy_true):
    sky = WcsGeom.create((LON, LAT), 5.0, (360, 180), proj="AIT")
    exposure = exposure_cube(observation, sky, energy_true)
    assert np.isnan(sky.coords()[0]).any()
    assert np.isfinite(exposure).all()
    assert (exposure[:, np.isnan(sky.coords()[0])] == 0).all()


def test_missing_area_is_named(observation, geom, energy_true):
    without = dataclasses.replace(observation, aeff=None)
    with pytest.raises(ValueError, match="observation 7 has no effective area"):
        exposure_cube(without, geom, energy_true)
