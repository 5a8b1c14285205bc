"""Power laws and the constant spectrum: the models with analytic integrals.

Power laws with a break are in `gjax.model.spectral.broken`, with a cut-off in
`gjax.model.spectral.cutoff`.
"""

from __future__ import annotations

from typing import final

import jax.numpy as jnp

from gjax.model.spectral.abstract import AbstractSpectral
from gjax.numerics.exponential import integrate_power
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["Constant", "PowerLaw", "PowerLaw2", "PowerLawNorm"]


@final
class PowerLaw(AbstractSpectral):
    r"""A power law in energy.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_0}\right)^{-\Gamma}

    Parameters
    ----------
    index :
        Photon index :math:`\Gamma`.
    amplitude :
        Flux density :math:`A` at the reference energy, in cm-2 s-1 TeV-1.
    reference :
        Reference energy :math:`E_0` in TeV.

    Examples
    --------
    >>> crab = PowerLaw(index=2.6, amplitude=3.45e-11)
    >>> f"{crab.integral(1.0, 10.0):.3e} cm-2 s-1"
    '2.102e-11 cm-2 s-1'
    """

    index: Scalar = param(2.0, scale=0.1)
    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    reference: Scalar = param(1.0, unit="TeV", frozen=True)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        return self.amplitude * (energy / self.reference) ** -self.index

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate dN/dE in closed form, smoothly through an index of one."""
        scaled = integrate_power(energy_min, energy_max, self.reference, 1.0 - self.index)
        return self.amplitude * self.reference * scaled

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE in closed form, smoothly through an index of two."""
        scaled = integrate_power(energy_min, energy_max, self.reference, 2.0 - self.index)
        return self.amplitude * self.reference**2 * scaled


@final
class PowerLawNorm(AbstractSpectral):
    r"""A dimensionless power law that multiplies another spectrum or a background.

    .. math:: f(E) = N \left(\frac{E}{E_0}\right)^{-t}

    Parameters
    ----------
    tilt :
        Tilt :math:`t`; frozen unless freed.
    norm :
        Factor :math:`N` at the reference energy.
    reference :
        Reference energy :math:`E_0` in TeV.
    """

    tilt: Scalar = param(0.0, scale=0.1, frozen=True)
    norm: Scalar = param(1.0, scale=0.1)
    reference: Scalar = param(1.0, unit="TeV", frozen=True)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the factor, a pure number."""
        return self.norm * (energy / self.reference) ** -self.tilt

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate the factor over energy, in TeV."""
        scaled = integrate_power(energy_min, energy_max, self.reference, 1.0 - self.tilt)
        return self.norm * self.reference * scaled

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate energy times the factor, in TeV2."""
        scaled = integrate_power(energy_min, energy_max, self.reference, 2.0 - self.tilt)
        return self.norm * self.reference**2 * scaled


@final
class PowerLaw2(AbstractSpectral):
    r"""A power law given by its photon flux between two energies.

    .. math:: \frac{dN}{dE} = F \frac{(1 - \Gamma)\, E^{-\Gamma}}
              {E_{\max}^{1-\Gamma} - E_{\min}^{1-\Gamma}}

    Parameters
    ----------
    amplitude :
        Photon flux :math:`F` from `emin` to `emax`, in cm-2 s-1.
    index :
        Photon index :math:`\Gamma`; nothing is special at one.
    emin, emax :
        Limits :math:`E_{\min}, E_{\max}` in TeV.
    """

    amplitude: Scalar = param(1e-12, unit="cm-2 s-1")
    index: Scalar = param(2.0, scale=0.1)
    emin: Scalar = param(0.1, unit="TeV", frozen=True)
    emax: Scalar = param(100.0, unit="TeV", frozen=True)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        return self._density * (energy / self.emin) ** -self.index

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate dN/dE in closed form, smoothly through an index of one."""
        scaled = integrate_power(energy_min, energy_max, self.emin, 1.0 - self.index)
        return self._density * self.emin * scaled

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE in closed form, smoothly through an index of two."""
        scaled = integrate_power(energy_min, energy_max, self.emin, 2.0 - self.index)
        return self._density * self.emin**2 * scaled

    @property
    def _density(self) -> Array:
        """Flux density at `emin`."""
        width = self.emin * integrate_power(self.emin, self.emax, self.emin, 1.0 - self.index)
        return self.amplitude / width


@final
class Constant(AbstractSpectral):
    """A flux density that does not depend on energy.

    Parameters
    ----------
    const :
        Flux density in cm-2 s-1 TeV-1.
    """

    const: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        return self.const * jnp.ones_like(energy, dtype=jnp.result_type(float))

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate dN/dE: the constant times the width."""
        return self.const * (jnp.asarray(energy_max) - energy_min)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE in closed form."""
        return 0.5 * self.const * (jnp.asarray(energy_max) - energy_min) * (energy_max + energy_min)
