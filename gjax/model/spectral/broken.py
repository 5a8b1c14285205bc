"""Power laws whose index changes at a break, abruptly or smoothly."""

from __future__ import annotations

from typing import final

import jax
import jax.numpy as jnp

from gjax.model.spectral.abstract import AbstractQuadrature, AbstractSpectral
from gjax.numerics.exponential import integrate_power
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["BrokenPowerLaw", "SmoothBrokenPowerLaw"]


@final
class BrokenPowerLaw(AbstractSpectral):
    r"""Two power laws that meet at a break.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_b}\right)^{-\Gamma}, \quad
              \Gamma = \Gamma_1 \text{ below the break, } \Gamma_2 \text{ above}

    Parameters
    ----------
    index1, index2 :
        Photon indices below and above the break.
    amplitude :
        Flux density :math:`A` at the break, in cm-2 s-1 TeV-1.
    ebreak :
        Energy of the break :math:`E_b` in TeV.
    """

    index1: Scalar = param(2.0, scale=0.1)
    index2: Scalar = param(2.0, scale=0.1)
    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    ebreak: Scalar = param(1.0, unit="TeV", scale=0.1)

    @property
    def breaks(self) -> Array:
        """The energy of the break, shape ``(1,)``."""
        return jnp.reshape(self.ebreak, (1,))

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        index = jnp.where(jnp.asarray(energy) < self.ebreak, self.index1, self.index2)
        return self.amplitude * (energy / self.ebreak) ** -index

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate dN/dE in closed form on both sides of the break."""
        return self.amplitude * self.ebreak * self._scaled(energy_min, energy_max, 1.0)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE in closed form on both sides of the break."""
        return self.amplitude * self.ebreak**2 * self._scaled(energy_min, energy_max, 2.0)

    def _scaled(self, energy_min: ArrayLike, energy_max: ArrayLike, power: float) -> Array:
        # Limits beyond the break are drawn to it, where an interval then has no length.
        low, high = (
            jnp.stack([jnp.minimum(limit, self.ebreak), jnp.maximum(limit, self.ebreak)], axis=-1)
            for limit in jnp.broadcast_arrays(jnp.asarray(energy_min), jnp.asarray(energy_max))
        )
        exponents = power - jnp.stack([jnp.asarray(self.index1), jnp.asarray(self.index2)])
        return integrate_power(low, high, self.ebreak, exponents).sum(-1)


@final
class SmoothBrokenPowerLaw(AbstractQuadrature, AbstractSpectral):
    r"""Two power laws with a smooth transition.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_0}\right)^{-\Gamma_1}
              \left[1 + \left(\frac{E}{E_b}\right)^{(\Gamma_2 - \Gamma_1)/b}\right]^{-b},
              \quad b = \beta\,\mathrm{sign}(\Gamma_2 - \Gamma_1)

    The sign of :math:`b` changes where both indices are equal, and there the spectrum jumps from
    :math:`2^{-\beta}` to :math:`2^{\beta}` times a power law. Equal indices count as softening.

    Parameters
    ----------
    index1, index2 :
        Photon indices far below and far above the break.
    amplitude :
        Flux density :math:`A` in cm-2 s-1 TeV-1 that the first power law has at the reference
        energy.
    ebreak :
        Energy of the break :math:`E_b` in TeV.
    reference :
        Reference energy :math:`E_0` in TeV.
    beta :
        Width :math:`\beta` of the transition, positive; small is sharp.
    """

    index1: Scalar = param(2.0, scale=0.1)
    index2: Scalar = param(2.0, scale=0.1)
    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    ebreak: Scalar = param(1.0, unit="TeV", scale=0.1)
    reference: Scalar = param(1.0, unit="TeV", frozen=True)
    beta: Scalar = param(1.0, scale=0.1, frozen=True)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        change = jnp.asarray(self.index2) - self.index1
        sign = jnp.where(change >= 0, 1.0, -1.0)
        bend = sign * change / self.beta * jnp.log(energy / self.ebreak)
        # softplus(x) = ln(1 + exp(x)) does not overflow far above the break.
        logarithm = -self.index1 * jnp.log(energy / self.reference)
        return self.amplitude * jnp.exp(logarithm - sign * self.beta * jax.nn.softplus(bend))
