"""Emission that is the same everywhere."""

from __future__ import annotations

from typing import ClassVar, final

import equinox as eqx
import jax.numpy as jnp

from gjax.model.spatial.abstract import AbstractSpatial, check_frame
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["ConstantFlux", "ConstantSpatial"]


@final
class ConstantSpatial(AbstractSpatial):
    r"""Isotropic emission: the same density in every direction, :math:`\phi = \mathrm{value}`.

    The spectrum that goes with it is then one per solid angle, as those of isotropic backgrounds
    are. It is not normalised, and has no position.

    Parameters
    ----------
    value :
        Density in sr-1.
    frame :
        Not used; all models have one.
    """

    value: Scalar = param(1.0, unit="sr-1", frozen=True)
    frame: str = eqx.field(static=True, default="icrs")
    is_point: ClassVar[bool] = False
    has_position: ClassVar[bool] = False

    def __check_init__(self) -> None:
        check_frame(self.frame)

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """The origin of the frame: any place is as good."""
        return jnp.zeros_like(self.value), jnp.zeros_like(self.value)

    @property
    def evaluation_radius(self) -> Scalar:
        """The whole sphere: 180 deg."""
        return jnp.full_like(self.value, 180.0)

    @property
    def evaluation_bin_size(self) -> Scalar:
        """As large as the sphere: there is nothing to resolve."""
        return jnp.full_like(self.value, 180.0)

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Give the density in sr-1."""
        return self.value * jnp.ones(jnp.shape(direction)[:-1])


@final
class ConstantFlux(AbstractSpatial):
    """The same flux in every pixel, whatever its solid angle.

    For spectra that are already those of a pixel or of a region. It has no parameters and no
    position.

    Parameters
    ----------
    frame :
        Not used; all models have one.
    """

    frame: str = eqx.field(static=True, default="icrs")
    is_point: ClassVar[bool] = False
    has_position: ClassVar[bool] = False
    is_per_pixel: ClassVar[bool] = True

    def __check_init__(self) -> None:
        check_frame(self.frame)

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """The origin of the frame: any place is as good."""
        return jnp.zeros(()), jnp.zeros(())

    @property
    def evaluation_radius(self) -> Scalar:
        """The whole sphere: 180 deg."""
        return jnp.full((), 180.0)

    @property
    def evaluation_bin_size(self) -> Scalar:
        """As large as the sphere: there is nothing to resolve."""
        return jnp.full((), 180.0)

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Give one, the share of each pixel."""
        return jnp.ones(jnp.shape(direction)[:-1])
