"""Power laws and the constant spectrum: the models with analytic integrals.

Models without a closed form are in `gjax.model.spectral.curved`.
"""

from __future__ import annotations

from typing import final

import jax.numpy as jnp

from gjax.model.spectral.abstract import AbstractSpectral
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["Constant", "PowerLaw", "PowerLawNorm"]


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
        scaled = _integrate_power(energy_min, energy_max, self.reference, 1.0 - self.index)
        return self.amplitude * self.reference * scaled

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE in closed form, smoothly through an index of two."""
        scaled = _integrate_power(energy_min, energy_max, self.reference, 2.0 - self.index)
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
        scaled = _integrate_power(energy_min, energy_max, self.reference, 1.0 - self.tilt)
        return self.norm * self.reference * scaled

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate energy times the factor, in TeV2."""
        scaled = _integrate_power(energy_min, energy_max, self.reference, 2.0 - self.tilt)
        return self.norm * self.reference**2 * scaled


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


def _integrate_power(
    energy_min: ArrayLike, energy_max: ArrayLike, reference: ArrayLike, exponent: ArrayLike
) -> Array:
    r"""Integrate :math:`x^{p-1}` over x = E / reference, smoothly through p = 0.

    Written as :math:`x_1^p\, L\, \phi(pL)` with :math:`L = \ln(x_2/x_1)` and
    :math:`\phi(u) = (e^u - 1)/u`, because the textbook form is 0/0 where p vanishes.
    """
    span = jnp.log(jnp.asarray(energy_max) / energy_min)
    start = (jnp.asarray(energy_min) / reference) ** exponent
    return start * span * _relative_expm1(exponent * span)


def _relative_expm1(u: Array) -> Array:
    """Evaluate (exp(u) - 1) / u with all derivatives finite at zero.

    Near zero a Taylor series is used: the quotient is right there too, but its derivatives lose
    digits to cancellation (all of them at second order for u below 1e-8).
    """
    is_small = jnp.abs(u) < 0.25
    small = jnp.where(is_small, u, 0.0)
    series = jnp.ones_like(small)
    for k in range(13, 1, -1):
        series = 1.0 + small / k * series
    large = jnp.where(is_small, 1.0, u)
    return jnp.where(is_small, series, jnp.expm1(large) / large)
