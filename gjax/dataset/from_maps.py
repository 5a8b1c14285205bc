"""A dataset from separate maps, as the tools of an instrument write them.

Lives here: putting the parts on the geometry of the counts. Does not live here: making them from
event lists and response tables (`gjax.reduce`), reading them (`gjax.io`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.resample import psf_at_energies
from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap, RecoPSFMap
from gjax.events.gti import GTI
from gjax.maps.axis import MapAxis
from gjax.maps.healpix import HealpixMap
from gjax.maps.map import Map

__all__ = ["dataset_from_maps"]


def dataset_from_maps(
    name: str,
    counts: Map,
    exposure: Map | HealpixMap,
    *,
    energy_true: MapAxis | None = None,
    background: Map | None = None,
    psf: PSFMap | RecoPSFMap | None = None,
    edisp: EDispMap | EDispKernelMap | None = None,
    mask_safe: np.ndarray | None = None,
    gti: GTI | None = None,
    telescope: str = "",
) -> Dataset:
    """Put a dataset together from maps that need not share pixels and energies.

    The exposure is interpolated to the pixels of the counts, and to the true energies if they are
    given; the PSF comes to the same energies. Without an energy dispersion energies are measured
    perfectly.

    Parameters
    ----------
    name :
        Name of the dataset.
    counts :
        Counts, with the axis ``energy``.
    exposure :
        Exposure in cm2 s, with the axis ``energy_true`` (at nodes or in bins).
    energy_true :
        True energies of the dataset; those of the exposure if not given.
    background :
        Predicted background counts, on the pixels and energies of the counts.
    psf, edisp :
        Responses.
    mask_safe :
        Bins that may be used, shape ``(energy, y, x)``.
    gti :
        Good time intervals.
    telescope :
        Name of the telescope.

    Raises
    ------
    ValueError
        If the axes of the counts, exposure or background are others, or the exposure is in another
        unit.
    """
    energy = _only_axis(counts, "energy")
    own = _only_axis(exposure, "energy_true")
    if exposure.unit not in ("cm2 s", ""):
        raise ValueError(f"the exposure is in {exposure.unit!r}, not in 'cm2 s'")
    true = own if energy_true is None else energy_true
    parts: dict[str, Any] = {"edisp": edisp, "mask_safe": mask_safe, "gti": gti}
    if background is not None:
        if background.geom != counts.geom or not _only_axis(background, "energy").is_allclose(
            energy
        ):
            raise ValueError("the background is not on the pixels and energies of the counts")
        parts["background"] = background.data
    if isinstance(exposure, HealpixMap):
        projected = exposure.interp_to_geom(counts.geom, (true,))
    else:
        projected = exposure.interp_to_geom(counts.geom, (true,), fill_value=None)
    return Dataset(
        name=name,
        geom=counts.geom,
        energy=energy,
        energy_true=true,
        counts=counts.data,
        exposure=np.maximum(projected.data, 0.0),
        psf=psf_at_energies(psf, true) if isinstance(psf, PSFMap) else psf,
        telescope=telescope,
        **parts,
    )


def _only_axis(map_: Map | HealpixMap, name: str) -> MapAxis:
    if [axis.name for axis in map_.axes] != [name]:
        found = [axis.name for axis in map_.axes]
        raise ValueError(f"map {map_.name!r} must have the axis {name!r}, not {found}")
    return map_.axes[0]
