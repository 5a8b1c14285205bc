r"""Shells: spheres of emission with a hole, projected on the sky.

The distance from the centre enters through the squared chord :math:`\kappa = 2 (1 - \cos r)`, in
which solid angle is linear, :math:`d\Omega = \pi\,d\kappa` on average over directions. So the norm
is exact for a shell of any size, and edges can be softened without a change of it.
"""

from __future__ import annotations

from typing import ClassVar, final

import equinox as eqx
import jax.numpy as jnp

from gjax.model.spatial.abstract import AbstractSpatial, check_frame
from gjax.numerics.sphere import haversine
from gjax.numerics.vector import from_lonlat, squared_chord
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["Shell", "Shell2"]

# Edges are softer than this fraction of the radius, and shells thicker.
_MIN_EDGE = 2e-4
_MIN_WIDTH = 2e-4

# Smallest radius in deg: far below any instrument's resolution.
_MIN_SIZE = 1e-5

# Outer radius of the smallest shell that cells can show, in units of their rms size.
_LEAST_CELLS = 3.0

# Half the base of a triangle of unit variance.
_TRIANGLE = 6.0**0.5


@final
class Shell(AbstractSpatial):
    r"""A homogeneous spherical shell, given by its inner radius and its width.

    .. math:: \phi(r) = N \left[\sqrt{\kappa_o - \kappa(r)} - \sqrt{\kappa_i - \kappa(r)}\right]

    with :math:`\kappa(r) = 2 (1 - \cos r)`, :math:`\kappa_i` that of the inner and
    :math:`\kappa_o` that of the outer radius; roots of negative numbers count as zero. On the small
    scale this is :math:`\sqrt{r_o^2 - r^2} - \sqrt{r_i^2 - r^2}`, and its norm
    :math:`3 / (2 \pi (r_o^3 - r_i^3))`; Gammapy takes these for shells of any size.

    Parameters
    ----------
    lon_0, lat_0 :
        Centre in deg.
    radius :
        Inner radius in deg.
    width :
        Difference of the outer and the inner radius, in deg.
    frame :
        Sky frame of the centre: ``"icrs"`` or ``"galactic"``.
    """

    lon_0: Scalar = param(0.0, unit="deg", scale=0.1)
    lat_0: Scalar = param(0.0, unit="deg", min=-90.0, max=90.0, scale=0.1)
    radius: Scalar = param(1.0, unit="deg", min=0.0, scale=0.1)
    width: Scalar = param(0.2, unit="deg", min=0.0, scale=0.1)
    frame: str = eqx.field(static=True, default="icrs")
    is_point: ClassVar[bool] = False

    def __check_init__(self) -> None:
        check_frame(self.frame)

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """Longitude and latitude of the centre in deg."""
        return self.lon_0, self.lat_0

    @property
    def evaluation_radius(self) -> Scalar:
        """The outer radius in deg."""
        return self.radius + self.width

    @property
    def evaluation_bin_size(self) -> Scalar:
        """The width in deg."""
        return self.width

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the density in sr-1, with edges averaged over ``resolution``."""
        chord2 = squared_chord(direction, from_lonlat(*self.position))
        return _shell(chord2, self.radius, self.width, resolution)


@final
class Shell2(AbstractSpatial):
    r"""A homogeneous spherical shell, given by its outer radius and its relative width.

    The formula is that of `Shell` with :math:`r_o = r_0` and :math:`r_i = (1 - \eta)\,r_0`; with
    :math:`\eta = 1` it is a full sphere.

    Parameters
    ----------
    lon_0, lat_0 :
        Centre in deg.
    r_0 :
        Outer radius in deg.
    eta :
        Width as a fraction of the outer radius, 0.02 to 1.
    frame :
        Sky frame of the centre: ``"icrs"`` or ``"galactic"``.
    """

    lon_0: Scalar = param(0.0, unit="deg", scale=0.1)
    lat_0: Scalar = param(0.0, unit="deg", min=-90.0, max=90.0, scale=0.1)
    r_0: Scalar = param(1.0, unit="deg", min=0.0, scale=0.1)
    eta: Scalar = param(0.2, min=0.02, max=1.0, scale=0.1)
    frame: str = eqx.field(static=True, default="icrs")
    is_point: ClassVar[bool] = False

    def __check_init__(self) -> None:
        check_frame(self.frame)

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """Longitude and latitude of the centre in deg."""
        return self.lon_0, self.lat_0

    @property
    def evaluation_radius(self) -> Scalar:
        """The outer radius in deg."""
        return self.r_0

    @property
    def evaluation_bin_size(self) -> Scalar:
        """The width in deg."""
        return self.eta * self.r_0

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the density in sr-1, with edges averaged over ``resolution``."""
        chord2 = squared_chord(direction, from_lonlat(*self.position))
        width = self.eta * self.r_0
        return _shell(chord2, self.r_0 - width, width, resolution)


def _shell(chord2: Array, inner: ArrayLike, width: ArrayLike, resolution: ArrayLike) -> Array:
    """Evaluate a shell; radii and resolution in deg."""
    inner, width = jnp.asarray(inner), jnp.asarray(width)
    size2 = jnp.square(inner + width) + _MIN_SIZE**2
    outer = inner + jnp.sqrt(jnp.square(width) + _MIN_WIDTH**2 * size2)
    # A shell smaller than a cell is about as large as the cell, or it would fall between cells.
    least2 = _LEAST_CELLS**2 * jnp.square(resolution) + _MIN_SIZE**4
    steep = jnp.minimum(jnp.square(jnp.square(outer) / least2), 700.0)
    outer = jnp.sqrt(jnp.square(outer) + least2 * jnp.exp(-steep))
    cell2 = jnp.square(resolution) + _MIN_EDGE**2 * size2
    value, solid_angle = 0.0, 0.0
    for radius, sign in ((outer, 1.0), (inner, -1.0)):
        edge2 = 4.0 * haversine(0.0, 0.0, 0.0, radius)
        # How far the squared chord varies in a cell at the edge.
        half = _TRIANGLE * jnp.deg2rad(1.0) ** 2 * jnp.sqrt(cell2 * (4.0 * radius**2 + cell2))
        value = value + sign * _softened_power(edge2 - chord2, half, 0.5)
        solid_angle = solid_angle + sign * jnp.pi / 1.5 * _softened_power(edge2, half, 1.5)
    return value / solid_angle


def _softened_power(x: Array, half: Array, power: float) -> Array:
    """Average a power of x (zero for negative x) over a triangle with a base of 2 ``half``."""
    top = power + 2.0
    ends = _power(x + half, top) - 2.0 * _power(x, top) + _power(x - half, top)
    return ends / (top * (power + 1.0) * half**2)


def _power(x: Array, power: float) -> Array:
    return jnp.maximum(x, 0.0) ** power
