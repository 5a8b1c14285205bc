"""A systematic error of an instrument, as something that a fit can vary."""

from __future__ import annotations

from typing import final

import equinox as eqx

from gjax.model.spectral.abstract import AbstractSpectral

__all__ = ["ResponseModifier"]


def _as_names(names: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


@final
class ResponseModifier(eqx.Module):
    r"""Factors on the response of named datasets: effective area, energy scale, background.

    Each is a dimensionless spectrum, usually a `PowerLawNorm`, whose ``norm`` is a scale (or, of an
    energy, a shift in its logarithm) and whose ``tilt`` is a slope. The prediction of every source
    becomes, for any kind of dataset,

    .. math:: F_t = a(E_t) \int_{E_t/s(E_t)}^{E_{t+1}/s(E_{t+1})} \frac{dN}{dE}\, dE

    where a is ``aeff`` and s ``energy``: what arrives at E is taken for :math:`s(E)\,E` by the
    instrument. ``background`` multiplies the predicted background, and the acceptance ratio of
    on/off data, at the reconstructed energy. What is not given stays as it is.

    A modifier stands among the models, and its parameters are parameters like others: give them a
    prior, as wide as the systematic error is large, or nothing holds them.

    Parameters
    ----------
    datasets_names :
        Names of the datasets that share this response.
    aeff :
        Factor on the effective area as a function of true energy.
    energy :
        Measured over true energy, as a function of the measured one.
    background :
        Factor on the background as a function of reconstructed energy.

    Examples
    --------
    >>> from gjax.model.spectral import PowerLawNorm
    >>> scale = ResponseModifier("hess", energy=PowerLawNorm())
    >>> scale.applies_to("hess"), scale.applies_to("magic")
    (True, False)
    """

    datasets_names: tuple[str, ...] = eqx.field(static=True, converter=_as_names)
    aeff: AbstractSpectral | None = None
    energy: AbstractSpectral | None = None
    background: AbstractSpectral | None = None

    def __check_init__(self) -> None:
        if not self.datasets_names or not all(isinstance(n, str) for n in self.datasets_names):
            raise ValueError("a response modifier needs the names of its datasets")
        if self.aeff is None and self.energy is None and self.background is None:
            raise ValueError("a response modifier needs aeff, energy or background")

    @property
    def default_name(self) -> str:
        """Name that the modifier has if none is given."""
        return f"{'-'.join(self.datasets_names)}-response"

    def applies_to(self, dataset: str) -> bool:
        """Tell whether the dataset of this name has this response."""
        return dataset in self.datasets_names
