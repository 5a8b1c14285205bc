"""What a fit sees: binned counts with everything needed to predict them.

One class serves every binned dataset. Which statistic applies follows from the data: counts with
``counts_off`` are an on/off measurement, otherwise the background is a model.
"""

from __future__ import annotations

import equinox as eqx
import numpy as np

from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap, RecoPSFMap
from gjax.events.gti import GTI
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.typing import ArrayLike

__all__ = ["Dataset"]


class Dataset(eqx.Module):
    """Binned counts of one or more observations, with their reduced responses.

    Cubes have shape ``(ereco, y, x)`` or ``(etrue, y, x)``; the geometry of a spectrum is
    a region with one pixel. Any part may be missing (``None``).

    Parameters
    ----------
    name :
        Name of the dataset; unique among those fitted together.
    geom :
        Sky geometry of counts, exposure, background and masks: an image, or a region.
    energy, energy_true :
        Axes of reconstructed and true energy.
    counts :
        Counts per bin.
    exposure :
        Effective area times live time in cm2 s at pixel and true-energy bin centres.
    background :
        Predicted background counts per bin, before any background model is applied.
    psf, edisp :
        Responses on a coarser sky grid.
    mask_safe, mask_fit :
        Bins that may be used because the instrument is understood there, and bins that the user
        wants in the fit. Missing masks are true everywhere.
    counts_off, acceptance, acceptance_off :
        On/off data: counts in the off region and the acceptances of both.
    geom_off :
        Where the off counts of a spectrum were taken.
    gti :
        Good time intervals.
    livetime :
        Live time in s.
    obs_ids :
        Identifiers of the observations in this dataset.
    telescope, instrument :
        Where the data come from, as written in the files.
    """

    name: str = eqx.field(static=True)
    geom: WcsGeom | RegionGeom = eqx.field(static=True)
    energy: MapAxis = eqx.field(static=True)
    energy_true: MapAxis = eqx.field(static=True)
    counts: ArrayLike | None = None
    exposure: ArrayLike | None = None
    background: ArrayLike | None = None
    psf: PSFMap | RecoPSFMap | None = None
    edisp: EDispMap | EDispKernelMap | None = None
    mask_safe: ArrayLike | None = None
    mask_fit: ArrayLike | None = None
    counts_off: ArrayLike | None = None
    acceptance: ArrayLike | None = None
    acceptance_off: ArrayLike | None = None
    gti: GTI | None = None
    livetime: ArrayLike | None = None
    obs_ids: tuple[int, ...] = eqx.field(static=True, default=())
    telescope: str = eqx.field(static=True, default="")
    instrument: str = eqx.field(static=True, default="")
    geom_off: RegionGeom | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        reco = (self.energy.nbin, *self.geom.shape)
        true = (self.energy_true.nbin, *self.geom.shape)
        shapes = dict.fromkeys(
            ("counts", "background", "mask_safe", "mask_fit", "counts_off"), reco
        ) | {"acceptance": reco, "acceptance_off": reco, "exposure": true}
        for field, expected in shapes.items():
            value = getattr(self, field)
            if value is not None and tuple(value.shape) != expected:
                axes = "(etrue, y, x)" if field == "exposure" else "(ereco, y, x)"
                raise ValueError(
                    f"dataset {self.name!r}: {field} has shape {tuple(value.shape)}, "
                    f"expected {axes} = {expected}"
                )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape ``(ereco, y, x)`` of the counts."""
        return (self.energy.nbin, *self.geom.shape)

    @property
    def mask(self) -> np.ndarray:
        """Bins that enter the statistic: ``mask_safe`` and ``mask_fit``."""
        mask = np.ones(self.shape, bool)
        for part in (self.mask_safe, self.mask_fit):
            if part is not None:
                mask &= np.asarray(part, bool)
        return mask

    @property
    def is_onoff(self) -> bool:
        """Whether the background was measured in an off region."""
        return self.counts_off is not None

    @property
    def is_region(self) -> bool:
        """Whether this is a spectrum: one pixel, which is a region of the sky."""
        return isinstance(self.geom, RegionGeom)

    @property
    def alpha(self) -> np.ndarray | None:
        """Ratio of on to off acceptance, shape ``(ereco, y, x)``; zero without off acceptance."""
        if self.acceptance is None or self.acceptance_off is None:
            return None
        on, off = np.asarray(self.acceptance, float), np.asarray(self.acceptance_off, float)
        return np.divide(on, off, out=np.zeros(self.shape), where=off > 0)

    @property
    def excess(self) -> np.ndarray:
        r"""Counts above background, :math:`n_{on} - \alpha n_{off}` or :math:`n - b`."""
        counts = np.zeros(self.shape) if self.counts is None else np.asarray(self.counts, float)
        if self.counts_off is not None and self.alpha is not None:
            return counts - self.alpha * np.asarray(self.counts_off, float)
        return counts if self.background is None else counts - np.asarray(self.background, float)
