"""A smooth correction of the sky through values at chosen places."""

from __future__ import annotations

from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.model.spatial.abstract import AbstractSpatial, check_frame
from gjax.numerics import vector
from gjax.numerics.namespace import array_namespace
from gjax.parameters import ParameterSpec, param_tuple
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["PiecewiseNormSpatial"]

# Below this squared chord, kernel and slope of the spline count as zero.
_TINY = 1e-30


def _numbers(values: Any) -> tuple[float, ...]:
    values = values.to_value("deg") if hasattr(values, "to_value") else values
    return tuple(float(value) for value in values)


@final
class PiecewiseNormSpatial(AbstractSpatial):
    r"""A dimensionless factor that passes through a norm at each of some nodes on the sky.

    Between the nodes it is the thin-plate spline,

    .. math:: f(\vec x) = a + \vec b \cdot \vec x
              + \sum_k c_k\, d_k^2 \ln d_k^2 , \qquad d_k = |\vec x - \vec x_k| ,

    with unit vectors :math:`\vec x`, linear in the norms; equal norms give a constant. Gammapy
    interpolates on triangles in longitude and latitude and has no value outside the outermost
    nodes.

    Parameters
    ----------
    lon, lat :
        The nodes in deg, four or more that are not on one line.
    norms :
        Value at each node.
    interp :
        ``"lin"``, or ``"log"`` to interpolate the logarithm of the norms.
    frame :
        Sky frame of the nodes: ``"icrs"`` or ``"galactic"``.

    Raises
    ------
    ValueError
        If there are fewer than four nodes, or not as many norms.
    """

    lon: tuple[float, ...] = eqx.field(static=True, converter=_numbers)
    lat: tuple[float, ...] = eqx.field(static=True, converter=_numbers)
    norms: tuple[Scalar, ...] = param_tuple(
        lambda model: {f"norm_{i}": ParameterSpec(1.0) for i in range(len(model.norms))}
    )
    interp: str = eqx.field(static=True, default="lin")
    frame: str = eqx.field(static=True, default="icrs")
    is_point: ClassVar[bool] = False
    has_position: ClassVar[bool] = False

    def __check_init__(self) -> None:
        check_frame(self.frame)
        if not 4 <= len(self.lon) == len(self.lat) == len(self.norms):
            raise ValueError(
                f"there must be four nodes or more and as many norms, got {len(self.lon)} "
                f"longitudes, {len(self.lat)} latitudes and {len(self.norms)} norms"
            )
        if self.interp not in ("lin", "log"):
            raise ValueError(f"interp is {self.interp!r}, should be lin or log")

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """The mean direction of the nodes, in deg."""
        mean = np.asarray(vector.from_lonlat(np.array(self.lon), np.array(self.lat))).mean(axis=0)
        lon, lat = vector.to_lonlat(mean)
        return jnp.asarray(lon), jnp.asarray(lat)

    @property
    def evaluation_radius(self) -> Scalar:
        """The whole sphere: 180 deg."""
        return jnp.full((), 180.0)

    @property
    def evaluation_bin_size(self) -> Scalar:
        """As large as the sphere: it is smooth."""
        return jnp.full((), 180.0)

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the factor."""
        nodes, count = self._nodes(), len(self.lon)
        center, axes, solve = self._spline()
        norms = jnp.stack([jnp.asarray(norm) for norm in self.norms])
        weights = solve @ (jnp.log(norms) if self.interp == "log" else norms)
        points = jnp.asarray(direction)
        flat = (points - center) @ axes.T
        # A product of matrices, which keeps the derivatives with respect to many norms cheap.
        terms = jax.vmap(lambda node: _kernel(vector.squared_chord(points, node)))(nodes)
        value = weights[count] + flat @ weights[count + 1 :]
        value = value + jnp.tensordot(weights[:count], terms, axes=1)
        return jnp.exp(value) if self.interp == "log" else value

    def _nodes(self) -> np.ndarray:
        return np.asarray(vector.from_lonlat(np.array(self.lon), np.array(self.lat)))

    def _spline(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give centre and axes of the linear part, and the matrix from norms to coefficients."""
        nodes = self._nodes()
        count, center = len(nodes), nodes.mean(axis=0)
        axes = np.linalg.svd(nodes - center)[2][:2]
        linear = np.concatenate([np.ones((count, 1)), (nodes - center) @ axes.T], axis=1)
        chords = np.sum((nodes[:, None] - nodes[None]) ** 2, axis=-1)
        system = np.zeros((count + 3, count + 3))
        system[:count, :count] = np.asarray(_kernel(chords))
        system[:count, count:], system[count:, :count] = linear, linear.T
        return center, axes, np.linalg.pinv(system, rcond=1e-13)[:, :count]


def _kernel(chord2: ArrayLike) -> Array:
    """Give d^2 ln d^2, zero at zero."""
    xp = array_namespace(chord2)
    safe = xp.maximum(chord2, _TINY)
    return safe * xp.log(safe)
