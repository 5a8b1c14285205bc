"""A spectral line."""

from __future__ import annotations

import math
from typing import final

import jax.numpy as jnp
from jax.scipy.special import erfc

from gjax.model.spectral.abstract import AbstractSpectral
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["GaussianLine"]


@final
class GaussianLine(AbstractSpectral):
    r"""A line of Gaussian shape, given by its photon flux.

    .. math:: \frac{dN}{dE} = \frac{F}{\sqrt{2\pi}\,\sigma}
              \exp\left(-\frac{(E - \bar E)^2}{2\sigma^2}\right)

    The integrals are exact for bins of any width, however narrow the line is.

    Parameters
    ----------
    amplitude :
        Photon flux :math:`F` over all energies, negative ones included, in cm-2 s-1.
    mean :
        Energy :math:`\bar E` of the line in TeV.
    sigma :
        Width :math:`\sigma` in TeV.
    """

    amplitude: Scalar = param(1e-12, unit="cm-2 s-1")
    mean: Scalar = param(1.0, unit="TeV", scale=0.1)
    sigma: Scalar = param(2.0, unit="TeV", min=1e-9, scale=0.1)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        return self.amplitude * self._density(energy)

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate dN/dE by the error function."""
        return self.amplitude * self._fraction(energy_min, energy_max)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E dN/dE in closed form."""
        shift = self._density(energy_min) - self._density(energy_max)
        mean = self.mean * self._fraction(energy_min, energy_max)
        return self.amplitude * (mean + self.sigma**2 * shift)

    def _density(self, energy: ArrayLike) -> Array:
        z = (jnp.asarray(energy) - self.mean) / self.sigma
        return jnp.exp(-0.5 * z**2) / (math.sqrt(2.0 * math.pi) * self.sigma)

    def _fraction(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Give the fraction of the line between two energies."""
        start = (jnp.asarray(energy_min) - self.mean) / (math.sqrt(2.0) * self.sigma)
        stop = (jnp.asarray(energy_max) - self.mean) / (math.sqrt(2.0) * self.sigma)
        # Both tails are measured from their far end: in the middle they would be 1 - 1.
        is_above = start + stop > 0
        near, far = jnp.where(is_above, start, -stop), jnp.where(is_above, stop, -start)
        return 0.5 * (erfc(near) - erfc(far))
