"""Log parabolas: spectra whose index changes linearly with the logarithm of energy."""

from __future__ import annotations

import math
from typing import Any, final

import jax.numpy as jnp

from gjax.model.spectral.abstract import AbstractQuadrature, AbstractSpectral
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["LogParabola", "LogParabola2", "LogParabolaNorm"]


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

    @classmethod
    def from_log10(cls, *, beta: Any, **others: Any) -> LogParabola:
        """Build from a curvature that goes with the decimal logarithm, as some papers quote it.

        Parameters
        ----------
        beta :
            Curvature with respect to the decimal logarithm of energy.
        **others :
            The other parameters, as for the class.
        """
        return cls(beta=beta / math.log(10.0), **others)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        x = jnp.log(energy / self.reference)
        return self.amplitude * jnp.exp(-(self.alpha + self.beta * x) * x)


@final
class LogParabola2(AbstractQuadrature, AbstractSpectral):
    r"""A log parabola with an energy of its own for the curvature.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_0}\right)^{-\alpha - \beta \ln(E/E_s)}

    Parameters
    ----------
    amplitude :
        Flux density :math:`A` at the reference energy, in cm-2 s-1 TeV-1.
    reference :
        Reference energy :math:`E_0` in TeV.
    alpha, beta :
        Index and curvature, as for `LogParabola`.
    escale :
        Energy :math:`E_s` of the curvature in TeV.
    """

    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    reference: Scalar = param(10.0, unit="TeV", frozen=True)
    alpha: Scalar = param(2.0, scale=0.1)
    beta: Scalar = param(1.0, scale=0.1)
    escale: Scalar = param(1.0, unit="TeV", frozen=True)

    @classmethod
    def from_log10(cls, *, beta: Any, **others: Any) -> LogParabola2:
        """Build from a curvature that goes with the decimal logarithm; see `LogParabola`."""
        return cls(beta=beta / math.log(10.0), **others)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        x = jnp.log(energy / self.reference)
        index = self.alpha + self.beta * jnp.log(energy / self.escale)
        return self.amplitude * jnp.exp(-index * x)


@final
class LogParabolaNorm(AbstractQuadrature, AbstractSpectral):
    r"""A dimensionless log parabola that multiplies another spectrum.

    .. math:: f(E) = N \left(\frac{E}{E_0}\right)^{-\alpha - \beta \ln(E/E_0)}

    Parameters
    ----------
    norm :
        Factor :math:`N` at the reference energy.
    reference :
        Reference energy :math:`E_0` in TeV.
    alpha, beta :
        Changes of index and curvature, as for `LogParabola`.
    """

    norm: Scalar = param(1.0, scale=0.1)
    reference: Scalar = param(10.0, unit="TeV", frozen=True)
    alpha: Scalar = param(0.0, scale=0.1)
    beta: Scalar = param(0.0, scale=0.1)

    @classmethod
    def from_log10(cls, *, beta: Any, **others: Any) -> LogParabolaNorm:
        """Build from a curvature that goes with the decimal logarithm; see `LogParabola`."""
        return cls(beta=beta / math.log(10.0), **others)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the factor, a pure number."""
        x = jnp.log(energy / self.reference)
        return self.norm * jnp.exp(-(self.alpha + self.beta * x) * x)
