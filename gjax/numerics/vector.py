"""Directions on the sphere as unit vectors, the form in which a sky grid is stored.

Unit vectors have no pole and no seam, and the square of the chord between two of them is a smooth
function of both.
"""

from __future__ import annotations

import jax.numpy as jnp

from gjax.numerics.namespace import array_namespace
from gjax.typing import ArrayLike

__all__ = ["chord_to_separation", "dot", "from_lonlat", "squared_chord", "to_lonlat"]


def from_lonlat(lon: ArrayLike, lat: ArrayLike) -> ArrayLike:
    """Give the unit vector of a direction.

    Parameters
    ----------
    lon, lat :
        Longitude and latitude in deg, broadcast against each other.

    Returns
    -------
    vector :
        Shape ``(..., 3)``.
    """
    xp = array_namespace(lon, lat)
    lon, lat = xp.broadcast_arrays(xp.deg2rad(lon), xp.deg2rad(lat))
    cos_lat = xp.cos(lat)
    return xp.stack([cos_lat * xp.cos(lon), cos_lat * xp.sin(lon), xp.sin(lat)], axis=-1)


def to_lonlat(vector: ArrayLike) -> tuple[ArrayLike, ArrayLike]:
    """Give longitude (0 to 360) and latitude in deg of vectors of any length, ``(..., 3)``."""
    xp = array_namespace(vector)
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    lon = xp.rad2deg(xp.arctan2(y, x)) % 360.0
    return lon, xp.rad2deg(xp.arctan2(z, xp.sqrt(x * x + y * y)))


def squared_chord(a: ArrayLike, b: ArrayLike) -> ArrayLike:
    """Give the squared distance of the end points of two unit vectors, ``4 sin^2(sep / 2)``."""
    difference = a - b
    return dot(difference, difference)


def dot(a: ArrayLike, b: ArrayLike) -> ArrayLike:
    """Give the scalar product of two vectors along the last axis.

    Written out, since a compiler takes no advantage of a sum over three.
    """
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def chord_to_separation(squared: ArrayLike) -> tuple[ArrayLike, ArrayLike]:
    """Convert a squared chord to the angular separation in deg.

    Returns
    -------
    separation, slope :
        The angle and its derivative with respect to the squared chord, finite also at zero (where
        the slope times that of an even function of the angle has the right limit).
    """
    tiny = 1e-28  # far below the square of any angle of interest, far above underflow
    safe = jnp.clip(squared, 0.0, 4.0 - 1e-12) + tiny
    root = jnp.sqrt(safe)
    slope = jnp.rad2deg(1.0 / (root * jnp.sqrt(4.0 - safe)))
    return 2.0 * jnp.rad2deg(jnp.arcsin(root / 2.0)), slope
