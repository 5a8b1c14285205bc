"""A correction of the background of one dataset over its field of view."""

from __future__ import annotations

from typing import final

import equinox as eqx

from gjax.model.spatial.abstract import AbstractSpatial
from gjax.model.spectral.abstract import AbstractSpectral
from gjax.model.spectral.power_law import PowerLawNorm

__all__ = ["FoVBackground"]


@final
class FoVBackground(eqx.Module):
    """Dimensionless factors that multiply the predicted background counts of a dataset.

    The spectrum is evaluated at the centre of each bin of reconstructed energy, the spatial factor
    at the centre of each pixel.

    Parameters
    ----------
    dataset :
        Name of the dataset.
    spectral :
        Factor as a function of energy; by default a `PowerLawNorm` with free norm and frozen tilt.
    spatial :
        Factor as a function of the position, such as a `PiecewiseNormSpatial`; None for one
        everywhere. Its parameters are free unless frozen. Freeze the norm of the spectrum then, or
        one of the norms: the data see their product only.
    """

    dataset: str = eqx.field(static=True)
    spectral: AbstractSpectral = eqx.field(default_factory=PowerLawNorm)
    spatial: AbstractSpatial | None = None

    def __check_init__(self) -> None:
        if not isinstance(self.dataset, str):
            raise ValueError(f"dataset is {self.dataset!r}, should be the name of one dataset")

    @property
    def default_name(self) -> str:
        """Name that the model has in a models file: the dataset's with ``-bkg`` behind."""
        return f"{self.dataset}-bkg"

    @property
    def datasets_names(self) -> tuple[str, ...]:
        """The dataset, as a tuple of one name."""
        return (self.dataset,)

    def applies_to(self, dataset: str) -> bool:
        """Tell whether this is the background of the dataset of this name."""
        return dataset == self.dataset
