"""The super-exponentially cut-off power laws that the Fermi-LAT catalogs use for pulsars."""

from __future__ import annotations

from typing import final

import jax.numpy as jnp

from gjax.model.spectral.abstract import AbstractQuadrature, AbstractSpectral
from gjax.numerics.exponential import relative_exp2
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = [
    "SuperExpCutoffPowerLaw3FGL",
    "SuperExpCutoffPowerLaw4FGL",
    "SuperExpCutoffPowerLaw4FGLDR3",
]

_MEV_IN_TEV = 1e6


@final
class SuperExpCutoffPowerLaw3FGL(AbstractQuadrature, AbstractSpectral):
    r"""The super-exponentially cut-off power law of the Fermi-LAT 3FGL catalog.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_0}\right)^{-\Gamma_1} \exp\left(
              \left(\frac{E_0}{E_c}\right)^{\Gamma_2} - \left(\frac{E}{E_c}\right)^{\Gamma_2}
              \right)

    Parameters
    ----------
    amplitude :
        Flux density :math:`A` at the reference energy, in cm-2 s-1 TeV-1.
    reference :
        Reference energy :math:`E_0` in TeV.
    ecut :
        Cut-off energy :math:`E_c` in TeV.
    index_1 :
        Photon index :math:`\Gamma_1` far below the cut-off.
    index_2 :
        Sharpness :math:`\Gamma_2` of the cut-off.
    """

    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    reference: Scalar = param(1.0, unit="TeV", frozen=True)
    ecut: Scalar = param(10.0, unit="TeV")
    index_1: Scalar = param(1.5, scale=0.1)
    index_2: Scalar = param(2.0, scale=0.1)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        power_law = self.amplitude * (energy / self.reference) ** -self.index_1
        start = (self.reference / self.ecut) ** self.index_2
        return power_law * jnp.exp(start - (energy / self.ecut) ** self.index_2)


@final
class SuperExpCutoffPowerLaw4FGL(AbstractQuadrature, AbstractSpectral):
    r"""The super-exponentially cut-off power law of the Fermi-LAT 4FGL catalog and its DR2.

    .. math:: \frac{dN}{dE} = A \left(\frac{E}{E_0}\right)^{-\Gamma_1}
              \exp\left(a (E_0^{\Gamma_2} - E^{\Gamma_2})\right)

    Equation 4 of https://arxiv.org/abs/1902.10045.

    Parameters
    ----------
    amplitude :
        Flux density :math:`A` at the reference energy, in cm-2 s-1 TeV-1.
    reference :
        Reference energy :math:`E_0` in TeV.
    expfactor :
        Factor :math:`a`: a pure number, with both energies in the exponent in MeV.
    index_1 :
        Photon index :math:`\Gamma_1` far below the cut-off.
    index_2 :
        Sharpness :math:`\Gamma_2` of the cut-off.
    """

    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    reference: Scalar = param(1.0, unit="TeV", frozen=True)
    expfactor: Scalar = param(1e-14)
    index_1: Scalar = param(1.5, scale=0.1)
    index_2: Scalar = param(2.0, scale=0.1)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        power_law = self.amplitude * (energy / self.reference) ** -self.index_1
        start = (_MEV_IN_TEV * jnp.asarray(self.reference)) ** self.index_2
        change = start - (_MEV_IN_TEV * jnp.asarray(energy)) ** self.index_2
        return power_law * jnp.exp(self.expfactor * change)


@final
class SuperExpCutoffPowerLaw4FGLDR3(AbstractQuadrature, AbstractSpectral):
    r"""The super-exponentially cut-off power law of the Fermi-LAT 4FGL-DR3 catalog.

    .. math:: \frac{dN}{dE} = A\, x^{-\Gamma_1 + d/b} \exp\left(\frac{d}{b^2}(1 - x^b)\right),
              \quad x = E/E_0

    Written as :math:`A \exp(-\Gamma_1 l - d\, l^2\, g(b l))` with :math:`l = \ln x` and
    :math:`g(u) = (e^u - 1 - u)/u^2`, it is the same and smooth through :math:`b = 0` and
    :math:`x = 1`, where the catalog's own form is 0/0. Equations 2 and 3 of
    https://arxiv.org/abs/2201.11184.

    Parameters
    ----------
    amplitude :
        Flux density :math:`A` at the reference energy, in cm-2 s-1 TeV-1.
    reference :
        Reference energy :math:`E_0` in TeV.
    expfactor :
        Curvature :math:`d` at the reference energy.
    index_1 :
        Local photon index :math:`\Gamma_1` at the reference energy.
    index_2 :
        Sharpness :math:`b` of the cut-off; a log parabola at zero.
    """

    amplitude: Scalar = param(1e-12, unit="cm-2 s-1 TeV-1")
    reference: Scalar = param(1.0, unit="TeV", frozen=True)
    expfactor: Scalar = param(1e-2, scale=0.01)
    index_1: Scalar = param(1.5, scale=0.1)
    index_2: Scalar = param(2.0, scale=0.1)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        x = jnp.log(energy / self.reference)
        curved = self.expfactor * x**2 * relative_exp2(self.index_2 * x)
        return self.amplitude * jnp.exp(-self.index_1 * x - curved)
