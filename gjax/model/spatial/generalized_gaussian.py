"""The generalised Gaussian: from a disk over a Gaussian to a cusp."""

from __future__ import annotations

from typing import ClassVar, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gjax.model.spatial.abstract import AbstractSpatial, check_frame
from gjax.model.spatial.ellipse import Axes, from_center, integrate_directions, semi_axes
from gjax.numerics.sphere import haversine
from gjax.numerics.vector import chord_to_separation
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["GeneralizedGaussian"]

# The integrand of the norm in v = ln s is analytic in a strip and falls off on both sides, so that
# the plain sum over equidistant nodes is exact to 1e-7.
_STEP = 0.5
_NODES = np.arange(-18.0, 4.0, _STEP)
_WEIGHTS = _STEP * np.exp(_NODES - np.exp(_NODES))

# Standard deviation of the edge in units of eta times the radius, for small eta.
_EDGE = 1.28

# Softening of the centre and of the edge that is always there, in deg and as a fraction.
_MIN_SIZE = 1e-5
_MIN_ETA = 1e-3


@final
class GeneralizedGaussian(AbstractSpatial):
    r"""A generalised Gaussian on the sphere.

    .. math:: \phi(r) = N \exp\left[-\left(\frac{r}{R(\theta)}\right)^{1/\eta}\right]

    where :math:`R(\theta)` is the radius, in the direction of the point, of an ellipse with
    semi-major axis :math:`r_0`. The shape goes from a disk (:math:`\eta \to 0`) over a Gaussian
    of standard deviation :math:`r_0 / \sqrt 2` (0.5) to an exponential with a cusp (1). The norm
    is exact on the sphere,

    .. math:: N^{-1} = \int d\theta \int_0^\infty
              \left(1 - \cos\left(R(\theta)\,s^\eta\right)\right) e^{-s}\,ds

    (by parts, with s the exponent, and distances end at 180 deg); Gammapy takes that of the flat
    sky, :math:`2 \pi r_0^2 \sqrt{1 - e^2}\,\eta\,\Gamma(2\eta)`.

    Parameters
    ----------
    lon_0, lat_0 :
        Centre in deg.
    r_0 :
        Semi-major axis in deg.
    eta :
        Shape, 0.01 to 1.
    e :
        Eccentricity, 0 to 1.
    phi :
        Position angle of the major axis in deg, from north through east.
    frame :
        Sky frame of the centre: ``"icrs"`` or ``"galactic"``.
    """

    lon_0: Scalar = param(0.0, unit="deg", scale=0.1)
    lat_0: Scalar = param(0.0, unit="deg", min=-90.0, max=90.0, scale=0.1)
    r_0: Scalar = param(1.0, unit="deg", min=0.0, scale=0.1)
    eta: Scalar = param(0.5, min=0.01, max=1.0, scale=0.1)
    e: Scalar = param(0.0, min=0.0, max=1.0, frozen=True, scale=0.1)
    phi: Scalar = param(0.0, unit="deg", min=-180.0, max=180.0, frozen=True, scale=10.0)
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
        """Radius in deg with all but 1e-5 of the source."""
        return self.r_0 * 15.0**self.eta

    @property
    def evaluation_bin_size(self) -> Scalar:
        """The semi-major axis divided by (3 + 8 eta) (1 + e), in deg."""
        return self.r_0 / (3.0 + 8.0 * self.eta) / (1.0 + self.e)

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the density in sr-1, with a cusp and an edge as soft as ``resolution``."""
        soft2 = jnp.square(resolution) + _MIN_SIZE**2
        # A source much smaller than a cell is about as large as the cell.
        axes = Axes(*(jnp.sqrt(a * a + 4.0 * soft2**2) for a in semi_axes(self.r_0, self.e)))
        versine, radius2 = from_center(self.position, self.phi, axes, direction)
        distance, _ = chord_to_separation(2.0 * versine)
        eta = self._eta(axes.minor2, soft2)
        # The mean of r over a cell is nearly the root of r^2 and the cell's mean square.
        x2 = (jnp.square(distance) + soft2) / radius2
        density = jnp.exp(-jnp.exp(0.5 * jnp.log(x2) / eta))
        return density / integrate_directions(lambda r2: _solid_angle(r2, soft2, eta), axes)

    def _eta(self, radius2: Array, soft2: Array) -> Array:
        """Give eta such that the edge is at least as wide as a cell."""
        least = jnp.square(soft2 / radius2 / _EDGE**2)
        return (self.eta**4 + least + _MIN_ETA**4) ** 0.25


def _solid_angle(radius2: Array, soft2: Array, eta: Array) -> Array:
    """Integrate the profile over distance: solid angle per direction."""
    r2 = radius2[..., None] * jnp.exp(2.0 * eta * _NODES) - soft2
    r2 = jnp.clip(r2, 0.0, 180.0**2)
    is_center = r2 == 0.0
    r = jnp.sqrt(jnp.where(is_center, 1.0, r2))
    versine = jnp.where(is_center, 0.0, 2.0 * haversine(0.0, 0.0, 0.0, r))
    return jnp.sum(versine * _WEIGHTS, axis=-1)
