"""What a spectral model is, the default bin integrals, and the composition of spectra.

The models themselves live in the other modules of this package; where energies come from (axes,
bins of a dataset) is not known here. Shapes: a model takes energies of any shape and returns the
same shape; integrals broadcast their two limits.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax.numpy as jnp

from gjax.numerics.pieces import integrate_smooth_pieces
from gjax.numerics.quadrature import integrate_log_energy
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = [
    "AbstractQuadrature",
    "AbstractSpectral",
    "Difference",
    "Product",
    "Scale",
    "Sum",
    "breaks_of",
]

# A decade in which exp(-E/E_c) falls by forty orders of magnitude still integrates to 1e-11.
_N_NODES = 16
# Between the nodes of a table with many of them a spectrum bends little.
_N_NODES_TABLE, _N_BREAKS_TABLE = 6, 32


class AbstractSpectral(eqx.Module):
    """A differential photon spectrum, or a dimensionless factor on one.

    Calling it gives dN/dE in cm-2 s-1 TeV-1 (a pure number for a norm model) at ``energy`` in TeV.
    """

    @abstractmethod
    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE.

        Parameters
        ----------
        energy :
            Energy in TeV, positive, any shape.
        """

    @abstractmethod
    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate dN/dE over energy: the photon flux in cm-2 s-1.

        Parameters
        ----------
        energy_min, energy_max :
            Limits in TeV, positive, broadcast against each other.
        """

    @abstractmethod
    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE over energy: the energy flux in TeV cm-2 s-1.

        Parameters
        ----------
        energy_min, energy_max :
            Limits in TeV, positive, broadcast against each other.
        """

    def __add__(self, other: AbstractSpectral) -> Sum:
        """Add two spectra."""
        return Sum(self, other) if isinstance(other, AbstractSpectral) else NotImplemented

    def __mul__(self, other: AbstractSpectral) -> Product:
        """Multiply two spectra, one of which is usually a norm model."""
        return Product(self, other) if isinstance(other, AbstractSpectral) else NotImplemented

    def __sub__(self, other: AbstractSpectral) -> Difference:
        """Subtract a spectrum."""
        return Difference(self, other) if isinstance(other, AbstractSpectral) else NotImplemented


def breaks_of(model: AbstractSpectral) -> Array:
    """Give the energies in TeV at which a spectrum has kinks, shape ``(k,)``; mostly none.

    A model class with kinks gives them by a property ``breaks``; integrals over bins are cut there.
    """
    return jnp.asarray(getattr(model, "breaks", ()), float)


class AbstractQuadrature(eqx.Module):
    """The integrals of a spectrum that has no closed form; put before `AbstractSpectral`.

    ``class Mine(AbstractQuadrature, AbstractSpectral)`` has only ``__call__`` left to define. The
    integrals use Gauss-Legendre quadrature in log energy. The error is below 1e-8 for spectra that
    are smooth over a bin of up to a decade. A spectrum with kinks says where they are by a property
    ``breaks``, an array of energies in TeV: bins are cut there.
    """

    @abstractmethod
    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE."""

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate dN/dE by quadrature: the photon flux in cm-2 s-1."""
        return _integrate(self, self, energy_min, energy_max)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE by quadrature: the energy flux in TeV cm-2 s-1."""
        return _integrate(self, lambda energy: energy * self(energy), energy_min, energy_max)


def _integrate(
    model: Any, f: Callable[[Any], Any], energy_min: ArrayLike, energy_max: ArrayLike
) -> Array:
    breaks = breaks_of(model)
    if breaks.size == 0:
        return integrate_log_energy(f, energy_min, energy_max, _N_NODES)
    n = _N_NODES if breaks.size < _N_BREAKS_TABLE else _N_NODES_TABLE
    return integrate_smooth_pieces(f, energy_min, energy_max, breaks, n)


@final
class Sum(AbstractSpectral):
    """The sum of two spectra, as built by ``first + second``."""

    first: AbstractSpectral
    second: AbstractSpectral

    @property
    def breaks(self) -> Array:
        """Energies of the kinks of both, in TeV."""
        return jnp.concatenate([breaks_of(self.first), breaks_of(self.second)])

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the sum of both dN/dE."""
        return self.first(energy) + self.second(energy)

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Add both photon fluxes."""
        first = self.first.integral(energy_min, energy_max)
        return first + self.second.integral(energy_min, energy_max)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Add both energy fluxes."""
        first = self.first.energy_flux(energy_min, energy_max)
        return first + self.second.energy_flux(energy_min, energy_max)


@final
class Difference(AbstractSpectral):
    """One spectrum less another, as built by ``first - second``; it may be negative."""

    first: AbstractSpectral
    second: AbstractSpectral

    @property
    def breaks(self) -> Array:
        """Energies of the kinks of both, in TeV."""
        return jnp.concatenate([breaks_of(self.first), breaks_of(self.second)])

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the difference of both dN/dE."""
        return self.first(energy) - self.second(energy)

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Subtract the photon fluxes."""
        first = self.first.integral(energy_min, energy_max)
        return first - self.second.integral(energy_min, energy_max)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Subtract the energy fluxes."""
        first = self.first.energy_flux(energy_min, energy_max)
        return first - self.second.energy_flux(energy_min, energy_max)


@final
class Product(AbstractQuadrature, AbstractSpectral):
    """The product of two spectra, as built by ``first * second``.

    Its integrals are cut where either of the two has a kink.
    """

    first: AbstractSpectral
    second: AbstractSpectral

    @property
    def breaks(self) -> Array:
        """Energies of the kinks of both, in TeV."""
        return jnp.concatenate([breaks_of(self.first), breaks_of(self.second)])

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the product of both."""
        return self.first(energy) * self.second(energy)


@final
class Scale(AbstractSpectral):
    """A spectrum times a number.

    Parameters
    ----------
    model :
        The spectrum. Its own parameters stay parameters; freeze them to fit the norm alone.
    norm :
        The factor.
    """

    model: AbstractSpectral
    norm: Scalar = param(1.0, scale=0.1)

    @property
    def breaks(self) -> Array:
        """Energies of the kinks of the spectrum, in TeV."""
        return breaks_of(self.model)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the scaled dN/dE."""
        return self.norm * self.model(energy)

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Scale the photon flux."""
        return self.norm * self.model.integral(energy_min, energy_max)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Scale the energy flux."""
        return self.norm * self.model.energy_flux(energy_min, energy_max)
