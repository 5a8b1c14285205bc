"""A celestial source: a spectrum, a morphology and a light curve, factorised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import final

import equinox as eqx

from gjax.model.spatial.abstract import AbstractSpatial
from gjax.model.spectral.abstract import AbstractSpectral
from gjax.model.temporal.abstract import AbstractTemporal

__all__ = ["RESPONSES", "SkyModel", "as_names"]

#: Parts of an instrument's response through which a source is seen.
RESPONSES = ("exposure", "psf", "edisp")


def as_names(names: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...] | None:
    """Give names of datasets as a tuple, of which one may stand alone; None stays."""
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(names)


def _as_responses(responses: Mapping[str, bool] | Iterable[str]) -> tuple[str, ...]:
    if isinstance(responses, Mapping):
        responses = [name for name in RESPONSES if responses.get(name, True)] + [
            name for name in responses if name not in RESPONSES
        ]
    return tuple(responses)


@final
class SkyModel(eqx.Module):
    """A source on the sky; its density is spectrum times morphology times light curve.

    Parameters
    ----------
    spectral :
        Spectrum.
    spatial :
        Morphology; None where only the spectrum matters, as in a one-dimensional analysis.
    temporal :
        Light curve, a factor on the flux; None for a source that is steady.
    datasets_names :
        Names of the datasets in which the source appears; None means all of them.
    apply_irf :
        Which of `RESPONSES` are applied: their names, or a mapping such as ``{"psf": False}``. For
        what has been folded already, or is too smooth for a PSF to matter.

    Raises
    ------
    ValueError
        If names of datasets are given in the place of the light curve, or a response is unknown.

    Examples
    --------
    >>> from gjax.model.spatial import Point
    >>> from gjax.model.spectral import PowerLaw
    >>> crab = SkyModel(PowerLaw(index=2.6), Point(lon_0=83.63, lat_0=22.01))
    >>> crab.applies_to("stacked")
    True
    """

    spectral: AbstractSpectral
    spatial: AbstractSpatial | None = None
    temporal: AbstractTemporal | None = None
    datasets_names: tuple[str, ...] | None = eqx.field(
        static=True, default=None, converter=as_names
    )
    apply_irf: tuple[str, ...] = eqx.field(static=True, default=RESPONSES, converter=_as_responses)

    def __check_init__(self) -> None:
        if unknown := [name for name in self.apply_irf if name not in RESPONSES]:
            raise ValueError(
                f"apply_irf: unknown response {unknown[0]!r}; there are: {', '.join(RESPONSES)}"
            )
        # Names in the place of the light curve must not pass in silence.
        if isinstance(self.temporal, (str, tuple, list)):
            raise ValueError(
                f"temporal is {self.temporal!r}, should be a temporal model; "
                f"give names of datasets as datasets_names={self.temporal!r}"
            )

    def applies_to(self, dataset: str) -> bool:
        """Tell whether the source appears in the dataset of this name."""
        return self.datasets_names is None or dataset in self.datasets_names
