"""Coordinates in the field of view, and how they turn about the pointing.

Lives here: positions of pixels relative to the pointing, along the celestial axes and along the
horizon. Does not live here: the direction in which a detector counts longitude
(`gjax.irf.background.detector_lon`).
"""

from __future__ import annotations

import numpy as np
from astropy.coordinates import AltAz, SkyCoord
from astropy.utils import iers

from gjax.events.epoch import as_time
from gjax.events.observation import Observation
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.numerics.sphere import fov_offsets, offset_by, position_angle
from gjax.reduce.exposure import pointing_in

__all__ = ["celestial_field", "field_rotation", "horizontal_field", "rotation_times"]

_DEGREES_PER_SECOND = 360.0 / 86400.0
#: Shortest step in s between two evaluations of a rotating field.
_SHORTEST_STEP = 1.0


def celestial_field(
    observation: Observation, geom: WcsGeom | RegionGeom
) -> tuple[np.ndarray, np.ndarray]:
    """Give the pixel centres relative to the pointing, along right ascension and declination.

    Returns
    -------
    fov_lon, fov_lat :
        In deg, ``fov_lon`` increasing to the east, shape ``(y, x)``. Pixels outside the projection
        are at (180, 90).
    """
    lon, lat = fov_offsets(*pointing_in(observation, "icrs"), *geom.coords_in("icrs"))
    return np.nan_to_num(lon, nan=180.0), np.nan_to_num(lat, nan=90.0)


def _altaz(observation: Observation, time: float, lon: object, lat: object) -> SkyCoord:
    location = observation.pointing.earth_location
    if location is None:
        raise ValueError(
            f"observation {observation.obs_id}: its place on Earth is needed and not known"
        )
    # The rotation is wanted to some arc minutes: no need for the newest Earth orientation data.
    with (
        iers.conf.set_temp("auto_download", False),
        iers.conf.set_temp("iers_degraded_accuracy", "ignore"),
    ):
        frame = AltAz(obstime=as_time(time, observation.gti.reference), location=location)
        return SkyCoord(lon, lat, unit="deg", frame="icrs").transform_to(frame)


def rotation_times(
    observation: Observation, start: float, stop: float, rotation: float
) -> np.ndarray:
    r"""Divide an interval such that the field turns by at most about ``rotation`` deg in each step.

    The field turns at the rate
    :math:`\omega \cos\phi\,|\cos A| / \cos h`, with the rotation of the Earth, the latitude of the
    observatory, and azimuth and altitude of the pointing.

    Parameters
    ----------
    observation :
        Where pointing and place come from.
    start, stop :
        In s since the reference epoch of the observation.
    rotation :
        In deg.

    Returns
    -------
    Times from start to stop in s.
    """
    times = [start]
    while times[-1] < stop:
        pointing = _altaz(observation, times[-1], *pointing_in(observation, "icrs"))
        latitude = observation.pointing.location[1]  # type: ignore[index]
        rate = _DEGREES_PER_SECOND * np.cos(np.deg2rad(latitude)) * abs(np.cos(pointing.az.rad))
        step = (stop - start) if rate == 0 else rotation * np.cos(pointing.alt.rad) / rate
        times.append(min(times[-1] + max(float(step), _SHORTEST_STEP), stop))
    return np.array(times)


def field_rotation(observation: Observation, time: float) -> float:
    """Angle from the zenith to celestial north at the pointing in deg, towards larger azimuth.

    Parameters
    ----------
    observation :
        Where pointing and place come from.
    time :
        In s since the reference epoch of the observation.
    """
    lon, lat = pointing_in(observation, "icrs")
    north = offset_by(lon, lat, 0.0, 0.5)
    pair = _altaz(observation, time, [lon, float(north[0])], [lat, float(north[1])])
    azimuth, altitude = pair.az.deg, pair.alt.deg
    return float(position_angle(azimuth[0], altitude[0], azimuth[1], altitude[1]))


def horizontal_field(
    observation: Observation, time: float, fov_lon: np.ndarray, fov_lat: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Turn celestial coordinates in the field of view into horizontal ones.

    With the angle :math:`\varphi` of `field_rotation` and the components east E and north N of a
    direction, those along azimuth and altitude are
    :math:`-E\cos\varphi + N\sin\varphi` and :math:`E\sin\varphi + N\cos\varphi`: azimuth increases
    clockwise as seen on the sky, right ascension counter-clockwise.

    Parameters
    ----------
    observation :
        Where pointing and place come from.
    time :
        In s since the reference epoch of the observation.
    fov_lon, fov_lat :
        Celestial coordinates in the field of view in deg (`celestial_field`).

    Returns
    -------
    fov_lon, fov_lat :
        In deg, along azimuth and altitude.
    """
    angle = np.deg2rad(field_rotation(observation, time))
    lon, lat = np.deg2rad(fov_lon), np.deg2rad(fov_lat)
    forward = np.cos(lat) * np.cos(lon)
    east, north = np.cos(lat) * np.sin(lon), np.sin(lat)
    azimuthal = -east * np.cos(angle) + north * np.sin(angle)
    vertical = east * np.sin(angle) + north * np.cos(angle)
    return (
        np.rad2deg(np.arctan2(azimuthal, forward)),
        np.rad2deg(np.arcsin(np.clip(vertical, -1.0, 1.0))),
    )
