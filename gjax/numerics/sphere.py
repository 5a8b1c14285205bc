"""Angles on the sphere. The only module that knows radians: arguments and results are in degrees.

All functions broadcast, work for numpy and jax arrays, and have finite gradients everywhere except
where a docstring says otherwise. Formulae are written with half angles, so that small separations
keep full relative precision (in float32 too). Frames and their conversion are in
`gjax.maps.frames`.
"""

from __future__ import annotations

from typing import Any

from gjax.numerics.namespace import array_namespace
from gjax.typing import ArrayLike

__all__ = [
    "fov_offsets",
    "haversine",
    "offset_by",
    "position_angle",
    "separation",
    "tangent_offset",
]

_RADIAN = 0.017453292519943295  # one degree


def haversine(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Any:
    r"""Compute :math:`\sin^2(\mathrm{sep} / 2)`, a smooth function of both positions.

    :math:`\sin^2(\Delta b/2) + \cos b_1 \cos b_2 \sin^2(\Delta l/2)`; arguments in deg.
    """
    xp = array_namespace(lon1, lat1, lon2, lat2)
    half_lon = _radians(xp, lon2, lon1) / 2
    half_lat = _radians(xp, lat2, lat1) / 2
    cosines = xp.cos(_radians(xp, lat1)) * xp.cos(_radians(xp, lat2))
    return xp.sin(half_lat) ** 2 + cosines * xp.sin(half_lon) ** 2


def separation(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Any:
    r"""Compute the angular separation of two positions in deg, from 0 to 180.

    :math:`2\,\mathrm{atan2}(\sqrt{h}, \sqrt{1 - h})` with h the haversine; 1 - h is computed
    as the haversine to the antipode, so that separations near 180 deg are accurate too. At zero
    separation (and at 180 deg) the slope has no direction; the gradient is zero there.
    """
    xp = array_namespace(lon1, lat1, lon2, lat2)
    near = haversine(lon1, lat1, lon2, lat2)
    half_lon = _radians(xp, lon2, lon1) / 2
    half_sum = (_radians(xp, lat1) + _radians(xp, lat2)) / 2
    cosines = xp.cos(_radians(xp, lat1)) * xp.cos(_radians(xp, lat2))
    far = xp.sin(half_sum) ** 2 + cosines * xp.cos(half_lon) ** 2
    return 2 * xp.arctan2(_root(xp, near), _root(xp, far)) / _RADIAN


def position_angle(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Any:
    """Compute the direction from the first to the second position, in deg east of north, [0, 360).

    For identical positions it is 0, with zero gradient.
    """
    xp = array_namespace(lon1, lat1, lon2, lat2)
    _, east, north = _local(xp, lon1, lat1, lon2, lat2)
    nowhere = (east == 0) & (north == 0)
    angle = xp.arctan2(xp.where(nowhere, 0.0, east), xp.where(nowhere, 1.0, north))
    return (angle / _RADIAN) % 360.0


def offset_by(
    lon: ArrayLike, lat: ArrayLike, position_angle: ArrayLike, separation: ArrayLike
) -> tuple[Any, Any]:
    """Move from a position by a separation in the direction of a position angle (all in deg).

    Returns
    -------
    lon, lat :
        In deg, lon in [0, 360).
    """
    xp = array_namespace(lon, lat, position_angle, separation)
    angle, distance = _radians(xp, position_angle), _radians(xp, separation)
    sin_lat, cos_lat = xp.sin(_radians(xp, lat)), xp.cos(_radians(xp, lat))
    up = xp.cos(distance)
    east = xp.sin(distance) * xp.sin(angle)
    north = xp.sin(distance) * xp.cos(angle)
    d_lon, new_lat = _to_angles(
        xp, cos_lat * up - sin_lat * north, east, sin_lat * up + cos_lat * north
    )
    return (xp.asarray(lon) + d_lon) % 360.0, new_lat


def tangent_offset(
    lon_c: ArrayLike, lat_c: ArrayLike, lon: ArrayLike, lat: ArrayLike
) -> tuple[Any, Any]:
    r"""Project positions on the plane tangent at the centre (gnomonic projection).

    Returns
    -------
    x, y :
        Offsets to the east and to the north, :math:`\tan` of the angle expressed in deg; NaN for
        positions 90 deg or more away, which have no projection.
    """
    xp = array_namespace(lon_c, lat_c, lon, lat)
    up, east, north = _local(xp, lon_c, lat_c, lon, lat)
    visible = up > 0
    depth = xp.where(visible, up, 1.0) * _RADIAN
    return xp.where(visible, east / depth, xp.nan), xp.where(visible, north / depth, xp.nan)


def fov_offsets(
    lon_pnt: ArrayLike, lat_pnt: ArrayLike, lon: ArrayLike, lat: ArrayLike
) -> tuple[Any, Any]:
    """Compute longitude and latitude in the frame centred on the pointing position.

    The sphere is rotated such that the pointing becomes (0, 0) with north kept up, as in astropy's
    ``SkyOffsetFrame`` without rotation.

    Returns
    -------
    fov_lon, fov_lat :
        In deg; fov_lon from -180 to 180, increasing with lon.
    """
    xp = array_namespace(lon_pnt, lat_pnt, lon, lat)
    return _to_angles(xp, *_local(xp, lon_pnt, lat_pnt, lon, lat))


def _radians(xp: Any, angle: ArrayLike, origin: ArrayLike | None = None) -> Any:
    # The difference is taken in degrees, before a rounding to radians can spoil a small one.
    angle = xp.asarray(angle) if origin is None else xp.asarray(angle) - xp.asarray(origin)
    return angle * _RADIAN


def _local(
    xp: Any, lon_c: ArrayLike, lat_c: ArrayLike, lon: ArrayLike, lat: ArrayLike
) -> tuple[Any, Any, Any]:
    """Give the unit vectors of positions, along up (the centre), east and north."""
    d_lon = _radians(xp, lon, lon_c)
    sin_c, cos_c = xp.sin(_radians(xp, lat_c)), xp.cos(_radians(xp, lat_c))
    cos_lat = xp.cos(_radians(xp, lat))
    versine = 2 * xp.sin(d_lon / 2) ** 2
    d_lat = _radians(xp, lat, lat_c)
    up = xp.cos(d_lat) - cos_c * cos_lat * versine
    north = xp.sin(d_lat) + sin_c * cos_lat * versine
    return up, cos_lat * xp.sin(d_lon), north


def _to_angles(xp: Any, x: Any, y: Any, z: Any) -> tuple[Any, Any]:
    """Give lon and lat in deg of a vector; at the poles lon is 0 with zero gradient."""
    polar = (x == 0) & (y == 0)
    x_safe = xp.where(polar, 1.0, x)
    equatorial = xp.sqrt(x_safe**2 + y**2)
    lon = xp.arctan2(y, x_safe) / _RADIAN
    lat = xp.arctan2(z, xp.where(polar, 0.0, equatorial)) / _RADIAN
    return lon, lat


def _root(xp: Any, square: Any) -> Any:
    """Take the square root, with zero gradient instead of an infinite one at zero."""
    positive = ~(square <= 0)  # true for NaN, which must not pass for zero
    return xp.where(positive, xp.sqrt(xp.where(positive, square, 1.0)), 0.0)
