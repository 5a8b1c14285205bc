"""Reference spectra of the Crab Nebula, the standard candle of the field."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import final

import jax.numpy as jnp

from gjax.errors import UnknownNameError
from gjax.model.spectral.abstract import AbstractQuadrature, AbstractSpectral
from gjax.model.spectral.curved import LogParabola
from gjax.model.spectral.cutoff import ExpCutoffPowerLaw
from gjax.model.spectral.power_law import PowerLaw
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["MeyerCrab", "create_crab_spectral_model"]

# Appendix D of Meyer et al. 2010: decimal logarithm of E^2 dN/dE in erg cm-2 s-1, highest power
# of log10(E / TeV) first.
_MEYER = (-0.00449161, 0.0, 0.0473174, -0.179475, -0.53616, -10.2708)


@final
class MeyerCrab(AbstractQuadrature, AbstractSpectral):
    r"""The Crab Nebula as a polynomial in log-log space, from 1 GeV to 100 TeV.

    .. math:: \log_{10} \left(\frac{E^2\,dN/dE}{N\,\mathrm{erg\,cm^{-2}\,s^{-1}}}\right) =
              \sum_k c_k \left(\log_{10} E/\mathrm{TeV}\right)^k

    Appendix D of https://ui.adsabs.harvard.edu/abs/2010A%26A...523A...2M.

    Parameters
    ----------
    norm :
        Factor :math:`N` on the spectrum.
    """

    norm: Scalar = param(1.0, scale=0.1, frozen=True)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate dN/dE in cm-2 s-1 TeV-1."""
        x = jnp.log(jnp.asarray(energy, float)) / math.log(10.0)
        exponent = jnp.polyval(jnp.asarray(_MEYER), x) - 2.0 * x
        return self.norm * _TEV_PER_ERG * jnp.exp(math.log(10.0) * exponent)


# The electron volt is 1.602176634e-19 J by definition.
_TEV_PER_ERG = 1.0 / 1.602176634

_REFERENCES: dict[str, Callable[[], AbstractSpectral]] = {
    "meyer": MeyerCrab,
    "hegra": lambda: PowerLaw(amplitude=2.83e-11, index=2.62),
    "hess_pl": lambda: PowerLaw(amplitude=3.45e-11, index=2.63),
    "hess_ecpl": lambda: ExpCutoffPowerLaw(amplitude=3.76e-11, index=2.39, lambda_=1 / 14.3),
    "magic_lp": lambda: LogParabola.from_log10(
        amplitude=3.23e-11, alpha=2.47, beta=0.24, reference=1.0
    ),
    "magic_ecpl": lambda: ExpCutoffPowerLaw(amplitude=3.80e-11, index=2.21, lambda_=1 / 6.0),
}


def create_crab_spectral_model(reference: str = "meyer") -> AbstractSpectral:
    """Build a published spectrum of the Crab Nebula.

    Parameters
    ----------
    reference :
        ``"meyer"`` (2010A&A...523A...2M), ``"hegra"`` (2000ApJ...539..317A), ``"hess_pl"`` and
        ``"hess_ecpl"`` (2006A&A...457..899A), ``"magic_lp"`` and ``"magic_ecpl"``
        (2015JHEAp...5...30A).

    Raises
    ------
    gjax.errors.UnknownNameError
        If there is no such reference.

    Examples
    --------
    A flux in units of the Crab Nebula:

    >>> crab = create_crab_spectral_model("hess_pl")
    >>> flux = PowerLaw(index=2.3, amplitude=1e-12).integral(1.0, 10.0)
    >>> f"{flux / crab.integral(1.0, 10.0):.4f}"
    '0.0354'
    """
    if reference not in _REFERENCES:
        known = ", ".join(_REFERENCES)
        raise UnknownNameError(f"no spectrum of the Crab Nebula {reference!r}; there are: {known}")
    return _REFERENCES[reference]()
