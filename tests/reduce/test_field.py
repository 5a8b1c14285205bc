"""Coordinates in the field of view against astropy."""

import dataclasses

import numpy as np
import pytest
from astropy.coordinates import AltAz, SkyCoord
from astropy.utils import iers

from gjax.events.epoch import as_time
from gjax.events.pointing import Pointing
from gjax.reduce.field import celestial_field, field_rotation, horizontal_field, rotation_times

LON, LAT = 83.63, 22.01


def _astropy_field(observation, geom, time):
    """Field of view coordinates by transforming every pixel to the horizon."""
    location = observation.pointing.earth_location
    with iers.conf.set_temp("auto_download", False):
        frame = AltAz(obstime=as_time(time, observation.gti.reference), location=location)
        sky = SkyCoord(*geom.coords_in("icrs"), unit="deg").transform_to(frame)
        pointing = SkyCoord(LON, LAT, unit="deg").transform_to(frame)
        offsets = sky.transform_to(pointing.skyoffset_frame())
    return offsets.lon.wrap_at("180d").deg, offsets.lat.deg


@pytest.mark.parametrize("time", [0.0, 7000.0, 15000.0])
def test_turned_field_agrees_with_a_full_transformation(observation, geom, time):
    turned = horizontal_field(observation, time, *celestial_field(observation, geom))
    for ours, theirs in zip(turned, _astropy_field(observation, geom, time), strict=True):
        # Aberration differs by less than an arc second over the field.
        np.testing.assert_allclose(ours, theirs, atol=5e-4)


def test_celestial_field_points_east_and_north(observation, geom):
    lon, lat = celestial_field(observation, geom)
    sky = SkyCoord(*geom.coords(), unit="deg")
    frame = SkyCoord(LON, LAT, unit="deg").skyoffset_frame()
    offsets = sky.transform_to(frame)
    np.testing.assert_allclose(lon, offsets.lon.wrap_at("180d").deg, atol=1e-10)
    np.testing.assert_allclose(lat, offsets.lat.deg, atol=1e-10)


def test_steps_turn_the_field_by_the_angle_asked_for(observation):
    times = rotation_times(observation, 0.0, 1800.0, 1.0)
    assert times[0] == 0.0
    assert times[-1] == 1800.0
    angles = np.unwrap([field_rotation(observation, time) for time in times], period=360)
    steps = np.abs(np.diff(angles))
    np.testing.assert_allclose(steps[:-1], 1.0, atol=0.05)
    assert steps[-1] <= 1.05


def test_unknown_place_is_named(observation):
    lost = dataclasses.replace(observation, pointing=Pointing(LON, LAT))
    with pytest.raises(ValueError, match="observation 7: its place on Earth"):
        field_rotation(lost, 0.0)
