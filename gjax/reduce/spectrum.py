"""From an observation to a spectrum: counts and responses of one region of the sky.

Lives here: the dataset of a region. Does not live here: the background measured elsewhere in the
field (`gjax.reduce.reflected`, `gjax.reduce.phase`), and the order of steps over many observations
(`gjax.reduce.spectra`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import EDispKernelMap
from gjax.events.observation import Observation
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.reduce.aperture import check_aperture
from gjax.reduce.background import background_cube
from gjax.reduce.counts import observed_counts
from gjax.reduce.edisp import edisp_kernel_map
from gjax.reduce.exposure import exposure_cube, pixel_offsets, require

__all__ = ["SELECTION", "containment", "reduce_spectrum_dataset"]

#: What can be reduced on a region.
SELECTION = ("counts", "exposure", "background", "edisp")

#: Pixels across a region over which responses are averaged.
_PIXELS_ACROSS = 25


def reduce_spectrum_dataset(
    observation: Observation,
    region_geom: RegionGeom,
    energy: MapAxis,
    energy_true: MapAxis | None = None,
    *,
    containment_correction: bool = False,
    use_region_center: bool = True,
    selection: Sequence[str] = ("counts", "exposure", "edisp"),
    name: str | None = None,
) -> Dataset:
    """Count the events of one observation in a region, with the responses there.

    Parameters
    ----------
    observation :
        Events, intervals, pointing and responses.
    region_geom :
        The region. A point is as large as the RAD_MAX of the observation, at each energy.
    energy, energy_true :
        Axes of reconstructed and true energy; by default they are the same.
    containment_correction :
        Whether to multiply the exposure by the part of a point source's events that the PSF leaves
        in the region (a circle), see `containment`.
    use_region_center :
        Whether to take the responses at the centre of the region. Otherwise they are averaged over
        it: exposure with the solid angle, energy dispersion with solid angle and exposure; the
        background is then summed over the region.
    selection :
        What to make, out of `SELECTION`. The background predicted by the response is not made
        unless asked for: where it is measured (on/off), it has no use.
    name :
        Name of the dataset; by default ``obs-<id>``.

    Returns
    -------
    Dataset with cubes of shape ``(energy, 1, 1)``.

    Raises
    ------
    ValueError
        If something unknown is selected, a response is missing in the observation, the region does
        not fit a point-like response (`gjax.reduce.aperture.check_aperture`), or a containment
        correction is impossible.
    """
    unknown = [key for key in selection if key not in SELECTION]
    if unknown:
        raise ValueError(f"unknown selection {unknown}; there are {list(SELECTION)}")
    if energy_true is None:
        energy_true = MapAxis.from_edges(energy.edges, "energy_true", interp=energy.interp)
    check_aperture(observation, region_geom)
    shape = (energy.nbin, *region_geom.shape)
    parts: dict[str, Any] = {"counts": np.zeros(shape)}
    if "counts" in selection:
        events = require(observation.events, observation, "events")
        parts["counts"] = observed_counts(observation, events, region_geom, energy)
    within = None if use_region_center else _Within(region_geom)
    if "exposure" in selection:
        parts["exposure"] = _exposure(observation, region_geom, within, energy_true)
        if containment_correction:
            parts["exposure"] *= containment(observation, region_geom, energy_true)
    if "background" in selection:
        parts["background"] = _background(observation, region_geom, within, energy)
    if "edisp" in selection:
        parts["edisp"] = _edisp(observation, region_geom, within, energy_true, energy)
    return Dataset(
        name=name or f"obs-{observation.obs_id}",
        geom=region_geom,
        energy=energy,
        energy_true=energy_true,
        **parts,
        mask_safe=np.ones(shape, bool),
        gti=observation.gti,
        livetime=np.asarray(float(observation.livetime)),
        obs_ids=(int(observation.obs_id),),
        telescope=observation.telescope,
        instrument=observation.instrument,
    )


def containment(
    observation: Observation, region_geom: RegionGeom, energy_true: MapAxis
) -> np.ndarray:
    """Part of the events of a point source at the centre of a circle that the PSF leaves in it.

    Parameters
    ----------
    observation :
        Where PSF and pointing come from.
    region_geom :
        One circle.
    energy_true :
        Axis of true energy; the PSF is taken at the bin centres.

    Returns
    -------
    Fractions, shape ``(etrue, 1, 1)``.

    Raises
    ------
    ValueError
        If the responses are point-like (they contain it already), the region is no circle, or there
        is no PSF.
    """
    label = f"observation {observation.obs_id}"
    if observation.aeff is not None and observation.aeff.is_pointlike:
        raise ValueError(
            f"{label}: a containment correction cannot be applied to point-like responses, which "
            "contain it already"
        )
    if len(region_geom.shapes) != 1 or region_geom.shapes[0].kind != "circle":
        kinds = ", ".join(shape.kind for shape in region_geom.shapes)
        raise ValueError(f"a containment correction needs one circle as region, not: {kinds}")
    psf = require(observation.psf, observation, "PSF")
    return psf.containment(
        rad=region_geom.shapes[0].values[2],
        energy_true=energy_true.center[:, None, None],
        offset=pixel_offsets(observation, region_geom)[None],
    )


class _Within:
    """Pixels of a fine image whose centres are in a region, and their solid angles."""

    def __init__(self, region_geom: RegionGeom) -> None:
        if region_geom.reach == 0:
            raise ValueError("responses cannot be averaged over a point; use its centre")
        self.image: WcsGeom = region_geom.wcs_geom(2 * region_geom.reach / _PIXELS_ACROSS)
        self.inside = region_geom.contains(*self.image.coords())
        if not self.inside.any():
            raise ValueError("the region is too thin to average responses over it")
        self.solid_angle = self.image.solid_angle()[self.inside]

    def mean(self, cube: np.ndarray, weights: np.ndarray | float = 1.0) -> np.ndarray:
        """Average over the region, shape ``(..., 1, 1)``; zero where all weights are."""
        weights = self.solid_angle * weights
        total = np.sum(np.broadcast_to(weights, cube[..., self.inside].shape), axis=-1)
        summed = np.sum(cube[..., self.inside] * weights, axis=-1)
        mean = np.divide(summed, total, out=np.zeros_like(summed), where=total > 0)
        return mean[..., None, None]


def _exposure(
    observation: Observation, region_geom: RegionGeom, within: _Within | None, energy_true: MapAxis
) -> np.ndarray:
    if within is None:
        return exposure_cube(observation, region_geom, energy_true)
    return within.mean(exposure_cube(observation, within.image, energy_true))


def _background(
    observation: Observation, region_geom: RegionGeom, within: _Within | None, energy: MapAxis
) -> np.ndarray:
    if within is None:
        return background_cube(observation, region_geom, energy)
    # Counts per solid angle, so that pixels cut by the border do not matter.
    density = background_cube(observation, within.image, energy) / within.image.solid_angle()
    return within.mean(density) * region_geom.solid_angle()


def _edisp(
    observation: Observation,
    region_geom: RegionGeom,
    within: _Within | None,
    energy_true: MapAxis,
    energy: MapAxis,
) -> EDispKernelMap:
    if within is None:
        return edisp_kernel_map(observation, region_geom, energy_true, energy)
    fine = edisp_kernel_map(observation, within.image, energy_true, energy)
    exposure = np.asarray(fine.exposure)
    kernel = within.mean(np.asarray(fine.data), exposure[:, None][..., within.inside])
    return EDispKernelMap(kernel, within.mean(exposure), region_geom, energy_true, energy)
