"""Conversion of sky positions between celestial frames, on the host (by astropy).

Angles within one frame are the business of `gjax.numerics.sphere`.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gjax.typing import ArrayLike
from gjax.units import to_internal

__all__ = ["convert", "lonlat"]


def convert(
    lon: ArrayLike, lat: ArrayLike, frame_from: str, frame_to: str
) -> tuple[np.ndarray, np.ndarray]:
    """Convert positions in deg from one frame ("icrs", "galactic", "fk5") to another.

    Returns
    -------
    lon, lat :
        In deg, lon in [0, 360); NaN stays NaN. Within one frame the numbers are left alone.
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    if frame_from == frame_to:
        return lon, lat
    from astropy.coordinates import SkyCoord  # takes long, and many fits have one frame only

    return lonlat(SkyCoord(lon, lat, unit="deg", frame=frame_from), frame_to)


def lonlat(position: Any, frame: str) -> tuple[Any, Any]:
    """Give longitude and latitude in deg of a SkyCoord in ``frame``, or of a (lon, lat) pair.

    A pair may hold numbers in deg or angles with units, and is taken as being in ``frame`` already.
    """
    coordinates = sys.modules.get("astropy.coordinates")  # without it nobody has a SkyCoord
    if coordinates is not None and isinstance(position, coordinates.SkyCoord):
        position = position.transform_to(frame)
        return position.spherical.lon.deg, position.spherical.lat.deg
    lon, lat = position
    return to_internal(lon, "deg", "longitude") % 360.0, to_internal(lat, "deg", "latitude")
