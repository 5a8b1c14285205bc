"""The Gaussian, round or elongated."""

from __future__ import annotations

from typing import ClassVar, final

import equinox as eqx
import jax.numpy as jnp

from gjax.model.spatial.abstract import AbstractSpatial, check_frame
from gjax.model.spatial.ellipse import Axes, from_center, integrate_directions, semi_axes
from gjax.numerics.sphere import haversine
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["Gaussian"]


@final
class Gaussian(AbstractSpatial):
    r"""A Gaussian on the sphere.

    .. math:: \phi(r) = N \exp\left(-\frac{1 - \cos r}{2\,(1 - \cos\sigma(\theta))}\right)

    where :math:`\sigma(\theta)` is the radius, in the direction of the point, of an ellipse with
    semi-major axis :math:`\sigma`. For e = 0 it is exact on the sphere, with
    :math:`N^{-1} = 4\pi a (1 - e^{-1/a})` and :math:`a = 1 - \cos\sigma`. For e > 0 the norm is the
    average of the same expression over all directions; Gammapy takes there that of the flat sky,
    :math:`N^{-1} = 2\pi\sigma^2\sqrt{1 - e^2}`.

    Parameters
    ----------
    lon_0, lat_0 :
        Centre in deg.
    sigma :
        Standard deviation along the major axis, in deg.
    e :
        Eccentricity, 0 to 1.
    phi :
        Position angle of the major axis in deg, from north through east.
    frame :
        Sky frame of the centre: ``"icrs"`` or ``"galactic"``.
    """

    lon_0: Scalar = param(0.0, unit="deg", scale=0.1)
    lat_0: Scalar = param(0.0, unit="deg", min=-90.0, max=90.0, scale=0.1)
    sigma: Scalar = param(1.0, unit="deg", min=0.0, scale=0.1)
    e: Scalar = param(0.0, min=0.0, max=1.0, frozen=True, scale=0.1)
    phi: Scalar = param(0.0, unit="deg", min=-180.0, max=180.0, frozen=True, scale=10.0)
    frame: str = eqx.field(static=True, default="icrs")
    is_point: ClassVar[bool] = False
    is_smooth: ClassVar[bool] = True

    def __check_init__(self) -> None:
        check_frame(self.frame)

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """Longitude and latitude of the centre in deg."""
        return self.lon_0, self.lat_0

    @property
    def evaluation_radius(self) -> Scalar:
        """Five standard deviations, in deg."""
        return 5.0 * self.sigma

    @property
    def evaluation_bin_size(self) -> Scalar:
        """A third of the standard deviation, in deg."""
        return self.sigma / 3.0

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the density in sr-1, averaged over cells of a size of ``resolution``."""
        # The variances of source and cell add up.
        axes = Axes(*(a + jnp.square(resolution) for a in semi_axes(self.sigma, self.e)))
        versine, sigma2 = from_center(self.position, self.phi, axes, direction)
        density = jnp.exp(-0.5 * versine / _versine(sigma2))
        return density / integrate_directions(_solid_angle, axes)


def _versine(angle2: Array) -> Array:
    """Give 1 - cos of an angle (squared, in deg2), written as 2 sin^2 of half of it."""
    return 2.0 * haversine(0.0, 0.0, 0.0, jnp.sqrt(angle2))


def _solid_angle(sigma2: Array) -> Array:
    """Integrate the round Gaussian's profile over distance: solid angle per direction."""
    a = _versine(sigma2)
    return -2.0 * a * jnp.expm1(-1.0 / a)
