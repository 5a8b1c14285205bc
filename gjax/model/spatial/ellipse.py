r"""Ellipses on the sphere: the effective radius by direction, and averages over direction.

An ellipse with semi-axes M and :math:`m = M\sqrt{1 - e^2}` has in the direction :math:`\theta` from
its major axis the radius

.. math:: R(\theta)^2 = \frac{M^2 m^2}{M^2 \sin^2\theta + m^2 \cos^2\theta}

which is drawn on the sphere as it is, without a projection. The profiles that use it are not here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp

from gjax.numerics.vector import dot, from_lonlat, squared_chord
from gjax.typing import Array, ArrayLike

__all__ = ["SR_PER_DEG2", "Axes", "from_center", "integrate_directions", "semi_axes"]

#: Solid angle of a small square of one degree.
SR_PER_DEG2 = math.radians(1.0) ** 2

# Sizes below this (in deg) count as this size: far below any instrument's resolution, and it keeps
# values and slopes finite for a source that shrinks to a point or to a line.
_MIN_SIZE = 1e-5

# The averaged functions are smooth and even in cos 2t, so that the midpoint rule converges
# geometrically; 16 nodes reach 1e-12 for every eccentricity.
_N_DIRECTIONS = 16


class Axes(NamedTuple):
    """Squares of the semi-axes of an ellipse, in deg2."""

    major2: Array
    minor2: Array


def semi_axes(major: ArrayLike, e: ArrayLike) -> Axes:
    """Give the squared semi-axes for a semi-major axis in deg and an eccentricity.

    Both are floored smoothly at 1e-5 deg.
    """
    floor = _MIN_SIZE**2
    return Axes(jnp.square(major) + floor, jnp.square(major) * (1.0 - jnp.square(e)) + floor)


def from_center(
    center: tuple[ArrayLike, ArrayLike],
    phi: ArrayLike,
    axes: Axes,
    points: ArrayLike,
) -> tuple[Array, Array]:
    r"""Look at points from the centre of an ellipse.

    Parameters
    ----------
    center :
        Longitude and latitude of the centre in deg.
    phi :
        Position angle of the major axis in deg, from north through east.
    axes :
        Squared semi-axes in deg2.
    points :
        Unit vectors, shape ``(..., 3)``.

    Returns
    -------
    versine :
        :math:`1 - \cos r` of the distance r to the centre, written without cancellation.
    radius2 :
        Square of the radius of the ellipse in the direction of each point, in deg2; at the centre
        itself, where there is no direction, that of the minor axis.
    """
    lon_0, lat_0 = center
    versine = 0.5 * squared_chord(points, from_lonlat(lon_0, lat_0))
    north = from_lonlat(lon_0, lat_0 + 90.0)
    east = from_lonlat(lon_0 + 90.0, jnp.zeros_like(lon_0))
    turn = from_lonlat(phi, jnp.zeros_like(phi))
    # Components along the axes of the ellipse: the orthographic projection, free of arc tangents.
    along = dot(points, turn[0] * north + turn[1] * east)
    across = dot(points, turn[0] * east - turn[1] * north)
    length2 = along**2 + across**2
    is_center = length2 == 0.0
    sin2 = jnp.where(is_center, 1.0, across**2 / jnp.where(is_center, 1.0, length2))
    mixed = axes.major2 * sin2 + axes.minor2 * (1.0 - sin2)
    return versine, axes.major2 * axes.minor2 / mixed


def integrate_directions(function: Callable[[Array], Array], axes: Axes) -> Array:
    r"""Integrate a function of the squared radius over all directions, :math:`\int f(R^2) d\theta`.

    With :math:`\tan\theta = (m/M) \tan t` the squared radius is :math:`M^2\cos^2 t + m^2\sin^2 t`
    and :math:`d\theta = M m\,dt / R^2`, which is smooth however flat the ellipse is.

    Parameters
    ----------
    function :
        Takes the squared radius in deg2, any shape.
    axes :
        Squared semi-axes in deg2, scalars.
    """
    step = 0.5 * math.pi / _N_DIRECTIONS
    cos2 = jnp.square(jnp.cos(step * (jnp.arange(_N_DIRECTIONS) + 0.5)))
    radius2 = axes.major2 * cos2 + axes.minor2 * (1.0 - cos2)
    mean = jnp.mean(function(radius2) / radius2)
    return 2.0 * math.pi * jnp.sqrt(axes.major2 * axes.minor2) * mean
