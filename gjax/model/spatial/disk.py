"""The disk with a soft edge, round or elongated."""

from __future__ import annotations

from typing import ClassVar, final

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import erf

from gjax.model.spatial.abstract import AbstractSpatial, check_frame
from gjax.model.spatial.ellipse import SR_PER_DEG2, from_center, integrate_directions, semi_axes
from gjax.numerics.sphere import haversine
from gjax.numerics.vector import chord_to_separation
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["Disk"]

# The edge falls from 95% to 5% over its width: twice the inverse error function of 0.9.
_EDGE_SCALE = 2.326174307353347

# Narrowest edge in deg: keeps the slope finite for an edge width or a radius of zero.
_MIN_EDGE = 1e-5


@final
class Disk(AbstractSpatial):
    r"""A disk of constant density with an error-function edge.

    .. math:: \phi(r) = \frac{N}{2}
              \left[1 - \mathrm{erf}\left(2.326\,\frac{r - R(\theta)}{w R(\theta)}\right)\right]

    where :math:`R(\theta)` is the radius, in the direction of the point, of an ellipse with
    semi-major axis :math:`r_0`, and the edge falls from 95% to 5% over the fraction w of it. The
    norm includes the soft edge and is exact on the sphere up to 1e-5 at w = 1; Gammapy takes the
    solid angle of a sharp ellipse.

    Parameters
    ----------
    lon_0, lat_0 :
        Centre in deg.
    r_0 :
        Semi-major axis in deg.
    e :
        Eccentricity, 0 to 1.
    phi :
        Position angle of the major axis in deg, from north through east.
    edge_width :
        Width w of the edge as a fraction of the radius, 0 to 1.
    frame :
        Sky frame of the centre: ``"icrs"`` or ``"galactic"``.
    """

    lon_0: Scalar = param(0.0, unit="deg", scale=0.1)
    lat_0: Scalar = param(0.0, unit="deg", min=-90.0, max=90.0, scale=0.1)
    r_0: Scalar = param(1.0, unit="deg", min=0.0, scale=0.1)
    e: Scalar = param(0.0, min=0.0, max=1.0, frozen=True, scale=0.1)
    phi: Scalar = param(0.0, unit="deg", min=-180.0, max=180.0, frozen=True, scale=10.0)
    edge_width: Scalar = param(0.01, min=0.0, max=1.0, frozen=True, scale=0.01)
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
        """The semi-major axis with its edge and a tenth more, in deg."""
        return 1.1 * self.r_0 * (1.0 + self.edge_width)

    @property
    def evaluation_bin_size(self) -> Scalar:
        """A tenth of the inner radius, in deg."""
        return self.r_0 * (1.0 - self.edge_width) / 10.0

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the density in sr-1, with an edge at least as soft as ``resolution``."""
        axes = semi_axes(self.r_0, self.e)
        versine, radius2 = from_center(self.position, self.phi, axes, direction)
        distance, _ = chord_to_separation(2.0 * versine)
        edge = jnp.sqrt(self._edge2(radius2, resolution))
        inside = 0.5 * (1.0 - erf(_EDGE_SCALE * (distance - jnp.sqrt(radius2)) / edge))
        return inside / integrate_directions(
            lambda radius2: self._solid_angle(radius2, resolution), axes
        )

    def _edge2(self, radius2: Array, resolution: ArrayLike) -> Array:
        """Give the squared width of the edge in deg2, softened by a cell of some size."""
        softened = 2.0 * (_EDGE_SCALE * jnp.asarray(resolution)) ** 2
        return radius2 * jnp.square(self.edge_width) + _MIN_EDGE**2 + softened

    def _solid_angle(self, radius2: Array, resolution: ArrayLike) -> Array:
        r"""Integrate the profile over distance: solid angle per direction.

        By parts it is the mean of 1 - cos r over the edge's slope, a normal density of mean R and
        variance s2, which is :math:`1 - \cos R\,e^{-s^2/2}`.
        """
        half_versine = haversine(0.0, 0.0, 0.0, jnp.sqrt(radius2))
        edge2 = self._edge2(radius2, resolution) * SR_PER_DEG2
        damping = jnp.expm1(-edge2 / (4.0 * _EDGE_SCALE**2))
        return 2.0 * half_versine - (1.0 - 2.0 * half_versine) * damping
