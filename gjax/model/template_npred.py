"""A cube of predicted counts, scaled by a spectrum: what was folded elsewhere, or measured."""

from __future__ import annotations

from typing import final

import equinox as eqx
import jax.numpy as jnp

from gjax.maps.map import Map
from gjax.model.sky import as_names
from gjax.model.spatial.abstract import AbstractSpatial
from gjax.model.spectral.abstract import AbstractSpectral
from gjax.model.spectral.power_law import PowerLawNorm
from gjax.typing import Array

__all__ = ["TemplateNPred"]


@final
class TemplateNPred(eqx.Module):
    """Predicted counts in bins of reconstructed energy, times a dimensionless spectrum.

    Nothing is folded: the cube is added to the prediction as it is, where its pixels are.

    Parameters
    ----------
    map :
        Counts, shape ``(ereco, y, x)``; its one axis is called ``energy``.
    spectral :
        Factor at the centre of each bin of energy; by default a `PowerLawNorm` with free norm and
        frozen tilt.
    spatial :
        Factor over the field, evaluated at the centres of the pixels; None for one. Its parameters
        are free unless frozen.
    datasets_names :
        Names of the datasets to which the counts belong; None means all of them.
    filename :
        File that holds the map, for models files.

    Raises
    ------
    ValueError
        If the map has other axes than ``energy``.

    Examples
    --------
    >>> import numpy as np
    >>> from gjax.maps import MapAxis, WcsGeom
    >>> geom = WcsGeom.create(skydir=(0.0, 0.0), binsz=1.0, npix=(3, 2))
    >>> axis = MapAxis.from_energy_bounds(0.1, 10.0, 2)
    >>> template = TemplateNPred(Map(np.ones((2, 2, 3)), geom, (axis,)), PowerLawNorm(norm=3.0))
    >>> float(template.npred().sum())
    36.0
    """

    map: Map
    spectral: AbstractSpectral = eqx.field(default_factory=PowerLawNorm)
    spatial: AbstractSpatial | None = None
    datasets_names: tuple[str, ...] | None = eqx.field(
        static=True, default=None, converter=as_names
    )
    filename: str | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        names = [axis.name for axis in self.map.axes]
        if names != ["energy"]:
            raise ValueError(f"the map has the axes {names}, should have ['energy']")

    def npred(self) -> Array:
        """Give the counts times the spectrum, shape ``(ereco, y, x)``.

        The spatial factor is not in: it needs positions in its frame, which the folding has.
        """
        factor = self.spectral(jnp.asarray(self.map.axes[0].center))
        return jnp.asarray(self.map.data) * factor[:, None, None]

    def applies_to(self, dataset: str) -> bool:
        """Tell whether the counts belong to the dataset of this name."""
        return self.datasets_names is None or dataset in self.datasets_names
