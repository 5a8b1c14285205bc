"""Spectra that bend: the log parabola and the exponentially cut-off power law.

Their bin integrals have no closed form and come from `AbstractQuadrature`.
"""

from __future__ import annotations

from typing import final

import jax.numpy as jnp

from gjax.model.spectral.abstract import AbstractQuadrature, AbstractSpectral
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["ExpCutoffPowerLaw", "LogParabola"]


@final
class LogParabola(AbstractQuadrature, AbstractSpectral):
    r"""A parabola in log-log space, with the natural logarithm.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_0}\right)^{-\alpha - \beta \ln(E/E_0)}

    Parameters
    ----------
    amplitude :
        Flux density :math:`A` at the reference energy, in cm-2 s-1 TeV-1.
    reference :
        Reference energy :math:`E_0` in TeV.
    alpha :
        Local photon index at the reference energy.
    beta :
        Curvature; half the slope of the local index in :math:`\ln E`.
    """

    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    reference: Scalar = param(10.0, unit="TeV", frozen=True)
    alpha: Scalar = param(2.0, scale=0.1)
    beta: Scalar = param(1.0, scale=0.1)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        x = jnp.log(energy / self.reference)
        return self.amplitude * jnp.exp(-(self.alpha + self.beta * x) * x)


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
        return power_law * jnp.exp(-((self.lambda_ * energy) ** self.alpha))
