"""A shape that changes with energy."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, final

import equinox as eqx
import jax.numpy as jnp

from gjax.model.spatial.abstract import AbstractSpatial
from gjax.parameters import specs
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["EnergyDependent"]

_POSITION = ("lon_0", "lat_0")


@final
class EnergyDependent(AbstractSpatial):
    r"""A spatial model whose parameters are multiplied by functions of energy.

    .. math:: \phi(\vec x, E) = \phi\big(\vec x;\; p_1\,f_1(E),\; p_2\,f_2(E),\; \dots\big)

    The functions are norm spectra (dimensionless, such as `gjax.model.spectral.PowerLawNorm`). The
    norm of such a spectrum and the parameter that it multiplies are degenerate: freeze one.

    Parameters
    ----------
    model :
        The shape, with the values of its parameters at the reference energy of the functions.
    factors :
        A norm spectrum for each parameter that depends on energy. The position cannot.

    Raises
    ------
    ValueError
        If a factor is for something that is not a parameter of the model or is its position.

    Examples
    --------
    A source that shrinks as the fourth root of energy:

    >>> from gjax.model.spatial import Gaussian
    >>> from gjax.model.spectral import PowerLawNorm
    >>> nebula = EnergyDependent(Gaussian(sigma=0.4), {"sigma": PowerLawNorm(tilt=0.25)})
    >>> float(nebula.at(16.0).sigma)
    0.2
    """

    model: AbstractSpatial
    factors: dict[str, Any] = eqx.field(converter=dict)
    is_point: ClassVar[bool] = False
    is_energy_dependent: ClassVar[bool] = True

    def __check_init__(self) -> None:
        known = [name for name in specs(self.model) if name not in _POSITION]
        for name in self.factors:
            if name not in known:
                raise ValueError(
                    f"{name!r} of {type(self.model).__name__} cannot depend on energy; "
                    f"these can: {', '.join(known) or 'none'}"
                )

    @property
    def frame(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Sky frame of the shape."""
        return self.model.frame

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """Longitude and latitude of the centre in deg."""
        return self.model.position

    @property
    def evaluation_radius(self) -> Scalar:
        """That of the shape where all factors are one, in deg."""
        return self.model.evaluation_radius

    @property
    def evaluation_bin_size(self) -> Scalar:
        """That of the shape where all factors are one, in deg."""
        return self.model.evaluation_bin_size

    def at(self, energy: ArrayLike) -> AbstractSpatial:
        """Give the shape at a true energy in TeV."""
        energy = jnp.asarray(energy)
        values = {
            name: getattr(self.model, name) * factor(energy)
            for name, factor in self.factors.items()
        }
        return dataclasses.replace(self.model, **values)

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the density in sr-1 at an energy.

        Raises
        ------
        ValueError
            Without an energy.
        """
        if energy is None:
            raise ValueError("the shape depends on energy: give one, in TeV")
        return self.at(energy).density(direction, resolution)
