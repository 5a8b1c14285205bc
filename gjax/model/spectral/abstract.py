"""What a spectral model is, the default bin integrals, and the composition of spectra.

The models themselves live in the other modules of this package; where energies come from (axes,
bins of a dataset) is not known here. Shapes: a model takes energies of any shape and returns the
same shape; integrals broadcast their two limits.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import equinox as eqx

from gjax.numerics.quadrature import integrate_log_energy
from gjax.typing import Array, ArrayLike

__all__ = ["AbstractQuadrature", "AbstractSpectral", "Product", "Sum"]

# A decade in which exp(-E/E_c) falls by forty orders of magnitude still integrates to 1e-11.
_N_NODES = 16


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


class AbstractQuadrature(eqx.Module):
    """The integrals of a spectrum that has no closed form; put before `AbstractSpectral`.

    ``class Mine(AbstractQuadrature, AbstractSpectral)`` has only ``__call__`` left to define. The
    integrals use Gauss-Legendre quadrature in log energy. The error is below 1e-8 for spectra that
    are smooth over a bin of up to a decade.
    """

    @abstractmethod
    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE."""

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate dN/dE by quadrature: the photon flux in cm-2 s-1."""
        return integrate_log_energy(self, energy_min, energy_max, _N_NODES)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE by quadrature: the energy flux in TeV cm-2 s-1."""
        return integrate_log_energy(
            lambda energy: energy * self(energy), energy_min, energy_max, _N_NODES
        )


@final
class Sum(AbstractSpectral):
    """The sum of two spectra, as built by ``first + second``."""

    first: AbstractSpectral
    second: AbstractSpectral

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
class Product(AbstractQuadrature, AbstractSpectral):
    """The product of two spectra, as built by ``first * second``."""

    first: AbstractSpectral
    second: AbstractSpectral

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the product of both."""
        return self.first(energy) * self.second(energy)
