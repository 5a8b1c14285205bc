"""Power laws with an exponential cut-off.

The super-exponential forms of the catalogs from 4FGL on are in `gjax.model.spectral.pulsar`.
"""

from __future__ import annotations

from typing import final

import jax.numpy as jnp

from gjax.model.spectral.abstract import AbstractQuadrature, AbstractSpectral
from gjax.numerics.exponential import raise_power
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["ExpCutoffPowerLaw", "ExpCutoffPowerLaw3FGL", "ExpCutoffPowerLawNorm"]


@final
class ExpCutoffPowerLaw(AbstractQuadrature, AbstractSpectral):
    r"""A power law with an exponential cut-off.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_0}\right)^{-\Gamma}
              \exp\left(-(\lambda E)^\alpha\right)

    Parameters
    ----------
    index :
        Photon index :math:`\Gamma` far below the cut-off.
    amplitude :
        Flux density :math:`A` at the reference energy without the cut-off, in cm-2 s-1 TeV-1.
    reference :
        Reference energy :math:`E_0` in TeV.
    lambda_ :
        Inverse cut-off energy :math:`\lambda` in TeV-1; zero gives the pure power law.
    alpha :
        Sharpness of the cut-off.
    """

    index: Scalar = param(1.5, scale=0.1)
    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    reference: Scalar = param(1.0, unit="TeV", frozen=True)
    lambda_: Scalar = param(0.1, unit="TeV-1", scale=0.01)
    alpha: Scalar = param(1.0, scale=0.1, frozen=True)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        power_law = self.amplitude * (energy / self.reference) ** -self.index
        return power_law * jnp.exp(-raise_power(self.lambda_ * energy, self.alpha))


@final
class ExpCutoffPowerLawNorm(AbstractQuadrature, AbstractSpectral):
    r"""A dimensionless power law with an exponential cut-off that multiplies another spectrum.

    .. math:: f(E) = N \left(\frac{E}{E_0}\right)^{-\Gamma} \exp\left(-(\lambda E)^\alpha\right)

    Parameters
    ----------
    index :
        Change :math:`\Gamma` of the photon index.
    norm :
        Factor :math:`N` at the reference energy without the cut-off.
    reference :
        Reference energy :math:`E_0` in TeV.
    lambda_ :
        Inverse cut-off energy :math:`\lambda` in TeV-1.
    alpha :
        Sharpness of the cut-off.
    """

    index: Scalar = param(0.0, scale=0.1)
    norm: Scalar = param(1.0, scale=0.1)
    reference: Scalar = param(1.0, unit="TeV", frozen=True)
    lambda_: Scalar = param(0.1, unit="TeV-1", scale=0.01)
    alpha: Scalar = param(1.0, scale=0.1, frozen=True)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the factor, a pure number."""
        power_law = self.norm * (energy / self.reference) ** -self.index
        return power_law * jnp.exp(-raise_power(self.lambda_ * energy, self.alpha))


@final
class ExpCutoffPowerLaw3FGL(AbstractQuadrature, AbstractSpectral):
    r"""The exponentially cut-off power law of the Fermi-LAT 3FGL catalog.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_0}\right)^{-\Gamma}
              \exp\left(\frac{E_0 - E}{E_c}\right)

    Parameters
    ----------
    index :
        Photon index :math:`\Gamma` far below the cut-off.
    amplitude :
        Flux density :math:`A` at the reference energy, in cm-2 s-1 TeV-1.
    reference :
        Reference energy :math:`E_0` in TeV.
    ecut :
        Cut-off energy :math:`E_c` in TeV.
    """

    index: Scalar = param(1.5, scale=0.1)
    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    reference: Scalar = param(1.0, unit="TeV", frozen=True)
    ecut: Scalar = param(10.0, unit="TeV")

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        power_law = self.amplitude * (energy / self.reference) ** -self.index
        return power_law * jnp.exp((self.reference - energy) / self.ecut)
