"""From observations to datasets: the order of the steps.

For each observation: a cutout of the reference geometry around the pointing, the maps and
responses, the safe mask, the scaling of the background, and (if asked for) the sum of all.

Lives here: that order, and nothing it is made of. Reading files is `gjax.io.gadf`, progress bars
and configurations are `gjax.cli`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap
from gjax.dataset.stack import stack as stack_datasets
from gjax.events.observation import Observation
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.reduce.background import background_cube, scale_fov_background
from gjax.reduce.counts import counts_cube
from gjax.reduce.edisp import edisp_kernel_map, edisp_map
from gjax.reduce.exposure import exposure_cube, pointing_in, require
from gjax.reduce.psf import RAD_AXIS, psf_map
from gjax.reduce.ring import adaptive_ring_background, ring_background
from gjax.reduce.safe_mask import safe_mask as apply_safe_mask
from gjax.units import to_internal

__all__ = [
    "BACKGROUNDS",
    "SELECTION",
    "each_observation",
    "empty_dataset",
    "reduce_map_dataset",
    "reduce_observations",
]

log = logging.getLogger(__name__)

#: What can be reduced.
SELECTION = ("counts", "exposure", "background", "psf", "edisp")

#: What can be done to the background of a map.
BACKGROUNDS: dict[str, Callable[..., Dataset]] = {
    "fov_background": scale_fov_background,
    "ring": ring_background,
    "adaptive_ring": adaptive_ring_background,
}

#: A cutout of a coarse geometry keeps at least so many pixels, so that it can be interpolated.
_MIN_RESPONSE_PIXELS = 3


def reduce_map_dataset(
    observation: Observation,
    geom: WcsGeom,
    energy: MapAxis,
    energy_true: MapAxis | None = None,
    *,
    binsize_irf: Any = 0.2,
    geom_irf: WcsGeom | None = None,
    selection: Sequence[str] = SELECTION,
    rad_axis: MapAxis | None = None,
    migra_axis: MapAxis | None = None,
    name: str | None = None,
) -> Dataset:
    """Bin one observation and project its responses.

    Parameters
    ----------
    observation :
        Events, intervals, pointing and responses.
    geom :
        Sky geometry of the dataset.
    energy, energy_true :
        Axes of reconstructed and true energy; by default they are the same.
    binsize_irf :
        Pixel size of the geometry of PSF and energy dispersion, deg or Quantity.
    geom_irf :
        That geometry itself, if it is not to be made from ``geom``.
    selection :
        What to make, out of `SELECTION`.
    rad_axis :
        Radial axis of the PSF map; by default 66 bins up to 0.66 deg.
    migra_axis :
        Axis of energy / energy_true. By default the energy dispersion is a map of kernels.
    name :
        Name of the dataset; by default ``obs-<id>``.

    Raises
    ------
    ValueError
        If something unknown is selected, or a response is missing in the observation.
    """
    _check_selection(selection)
    energy_true = _as_energy_true(energy, energy_true)
    if geom_irf is None:
        geom_irf = geom.to_binsz(to_internal(binsize_irf, "deg", "binsize_irf"))
    parts: dict[str, Any] = {"counts": np.zeros((energy.nbin, *geom.shape))}
    if "counts" in selection:
        events = require(observation.events, observation, "events")
        parts["counts"] = counts_cube(events, geom, energy)
    if "exposure" in selection:
        parts["exposure"] = exposure_cube(observation, geom, energy_true)
    if "background" in selection:
        parts["background"] = background_cube(observation, geom, energy)
    if "psf" in selection:
        parts["psf"] = psf_map(observation, geom_irf, energy_true, rad_axis or RAD_AXIS)
    if "edisp" in selection and migra_axis is not None:
        parts["edisp"] = edisp_map(observation, geom_irf, energy_true, migra_axis)
    elif "edisp" in selection:
        parts["edisp"] = edisp_kernel_map(observation, geom_irf, energy_true, energy)
    return Dataset(
        name=name or f"obs-{observation.obs_id}",
        geom=geom,
        energy=energy,
        energy_true=energy_true,
        **parts,
        mask_safe=np.ones((energy.nbin, *geom.shape), bool),
        gti=observation.gti,
        livetime=np.asarray(float(observation.livetime)),
        obs_ids=(int(observation.obs_id),),
        telescope=observation.telescope,
        instrument=observation.instrument,
    )


def empty_dataset(
    geom: WcsGeom,
    energy: MapAxis,
    energy_true: MapAxis | None = None,
    *,
    binsize_irf: Any = 0.2,
    selection: Sequence[str] = SELECTION,
    rad_axis: MapAxis | None = None,
    migra_axis: MapAxis | None = None,
    name: str = "empty",
) -> Dataset:
    """Make a dataset of zeros: the geometries of a stack. Parameters as in `reduce_map_dataset`."""
    _check_selection(selection)
    energy_true = _as_energy_true(energy, energy_true)
    geom_irf = geom.to_binsz(to_internal(binsize_irf, "deg", "binsize_irf"))
    true, coarse = energy_true.nbin, geom_irf.shape
    exposure = np.zeros((true, *coarse))
    parts: dict[str, Any] = {"counts": np.zeros((energy.nbin, *geom.shape))}
    if "exposure" in selection:
        parts["exposure"] = np.zeros((true, *geom.shape))
    if "background" in selection:
        parts["background"] = np.zeros((energy.nbin, *geom.shape))
    if "psf" in selection:
        rad = rad_axis or RAD_AXIS
        data = np.zeros((true, rad.nbin, *coarse))
        parts["psf"] = PSFMap(data, exposure, geom_irf, energy_true, rad)
    if "edisp" in selection and migra_axis is not None:
        data = np.zeros((true, migra_axis.nbin, *coarse))
        parts["edisp"] = EDispMap(data, exposure, geom_irf, energy_true, migra_axis)
    elif "edisp" in selection:
        data = np.zeros((true, energy.nbin, *coarse))
        parts["edisp"] = EDispKernelMap(data, exposure, geom_irf, energy_true, energy)
    mask = np.zeros((energy.nbin, *geom.shape), bool)
    return Dataset(name, geom, energy, energy_true, **parts, mask_safe=mask)


def reduce_observations(
    observations: Iterable[Observation],
    geom: WcsGeom,
    energy: MapAxis,
    energy_true: MapAxis | None = None,
    *,
    offset_max: Any = 2.5,
    binsize_irf: Any = 0.2,
    selection: Sequence[str] = SELECTION,
    rad_axis: MapAxis | None = None,
    migra_axis: MapAxis | None = None,
    safe_mask: Sequence[str] = ("aeff-default",),
    safe_mask_parameters: Mapping[str, Any] | None = None,
    background: str | None = None,
    background_parameters: Mapping[str, Any] | None = None,
    exclusion_mask: Map | None = None,
    stack: bool = True,
    names: Sequence[str] | None = None,
    progress: Callable[[int, int | None, str], None] | None = None,
    on_error: str = "raise",
) -> list[Dataset]:
    """Reduce observations on cutouts of one geometry and, by default, stack them.

    Observations are taken one at a time: given a generator, and with ``stack``, only one of them is
    in memory.

    Parameters
    ----------
    observations :
        The observations.
    geom, energy, energy_true, binsize_irf, selection, rad_axis, migra_axis :
        As in `reduce_map_dataset`.
    offset_max :
        Half width of the cutout around each pointing, deg or Quantity; None for no cutout.
    safe_mask, safe_mask_parameters :
        Methods and further arguments of `gjax.reduce.safe_mask.safe_mask`.
    background :
        ``"fov_background"`` scales the background of each observation to its counts outside the
        exclusion mask, ``"ring"`` and ``"adaptive_ring"`` measure it around each pixel; None leaves
        it as it is.
    background_parameters :
        Further arguments of the function in `BACKGROUNDS`.
    exclusion_mask :
        An image, true where there is no source.
    stack :
        Whether to add all observations up into one dataset.
    names :
        Names of the datasets: one for a stack (by default ``stacked``), else one for each
        observation (by default ``obs-<id>``).
    progress :
        Called after each observation with how many are done, how many there are (None if that is
        not known) and the name of the observation.
    on_error :
        ``"skip"`` leaves observations that cannot be reduced out, with a warning; ``"raise"``
        raises.

    Returns
    -------
    One dataset, or one for each observation that overlaps with the geometry.

    Raises
    ------
    ValueError
        If an option is unknown, no observation overlaps with the geometry, or an observation cannot
        be reduced: the message names it.
    """
    _check_selection(selection)
    if background is not None and background not in BACKGROUNDS:
        raise ValueError(f"unknown background {background!r}; there are {sorted(BACKGROUNDS)}")
    if stack and names is not None and len(names) != 1:
        raise ValueError(f"a stack has one name, got {len(names)}")
    projection = {
        "binsize_irf": binsize_irf,
        "selection": tuple(selection),
        "rad_axis": rad_axis,
        "migra_axis": migra_axis,
    }
    reference = empty_dataset(geom, energy, energy_true, **projection)

    def reduce_one(observation: Observation, name: str | None) -> Dataset | None:
        pieces = _cutouts(geom, binsize_irf, observation, offset_max)
        if pieces is None:
            return None
        dataset = reduce_map_dataset(
            observation, pieces[0], energy, energy_true, geom_irf=pieces[1], name=name, **projection
        )
        dataset = apply_safe_mask(dataset, observation, safe_mask, **(safe_mask_parameters or {}))
        if background is not None:
            options = background_parameters or {}
            dataset = BACKGROUNDS[background](dataset, exclusion_mask, **options)
        return dataset

    reduced = each_observation(
        observations,
        reduce_one,
        names=None if stack else names,
        progress=progress,
        on_error=on_error,
    )
    if not stack:
        return list(reduced)
    return [stack_datasets(reduced, (names or ["stacked"])[0], reference=reference)]


def each_observation(
    observations: Iterable[Observation],
    reduce_one: Callable[[Observation, str | None], Dataset | None],
    *,
    names: Sequence[str] | None = None,
    progress: Callable[[int, int | None, str], None] | None = None,
    on_error: str = "raise",
) -> Iterator[Dataset]:
    """Reduce one observation after the other.

    Parameters
    ----------
    observations :
        The observations; any iterable, of which one is held at a time.
    reduce_one :
        Makes a dataset of an observation and the name given to it; None if it is outside.
    names, progress, on_error :
        As in `reduce_observations`.

    Raises
    ------
    ValueError
        If an observation cannot be reduced (the message names it), or none is left.
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f"on_error must be 'raise' or 'skip', got {on_error!r}")
    total = len(observations) if isinstance(observations, Sized) else None
    if names is not None and total is not None and len(names) != total:
        raise ValueError(f"got {len(names)} names for {total} observations")
    done = kept = failed = 0
    for number, observation in enumerate(observations):
        label = str(observation.obs_id)
        dataset = None
        try:
            dataset = reduce_one(observation, None if names is None else names[number])
            if dataset is None:
                log.warning("observation %s lies outside the geometry and is left out", label)
        except ValueError as error:
            reason = str(error).removeprefix(f"observation {label}: ")
            if on_error == "raise":
                raise ValueError(f"observation {label} cannot be reduced: {reason}") from error
            failed += 1
            log.warning("observation %s is left out, it cannot be reduced: %s", label, reason)
        except Exception as error:
            error.add_note(f"while reducing observation {label}")
            raise
        done += 1
        if progress is not None:
            progress(done, total, label)
        if dataset is not None:
            kept += 1
            yield dataset
    if done == 0:
        raise ValueError("there is no observation to reduce")
    if kept == 0 and failed == 0:
        raise ValueError("no observation overlaps with the geometry")
    if kept == 0:
        raise ValueError(f"none of the {done} observations could be reduced; see the warnings")


def _cutouts(
    geom: WcsGeom, binsize_irf: Any, observation: Observation, offset_max: Any
) -> tuple[WcsGeom, WcsGeom] | None:
    """Geometry and coarse geometry around the pointing of an observation."""
    coarse = geom.to_binsz(to_internal(binsize_irf, "deg", "binsize_irf"))
    if offset_max is None:
        return geom, coarse
    position = pointing_in(observation, geom.frame)
    width = 2 * float(to_internal(offset_max, "deg", "offset_max"))
    try:
        piece, _ = geom.cutout(position, width)
        coarse_width = [max(width, _MIN_RESPONSE_PIXELS * size) for size in coarse.pixel_scale]
        coarse_piece, _ = coarse.cutout(position, coarse_width)
    except ValueError:
        return None
    return piece, coarse_piece


def _check_selection(selection: Sequence[str]) -> None:
    unknown = [name for name in selection if name not in SELECTION]
    if unknown:
        raise ValueError(f"unknown selection {unknown}; there are {list(SELECTION)}")


def _as_energy_true(energy: MapAxis, energy_true: MapAxis | None) -> MapAxis:
    if energy_true is not None:
        return energy_true
    return MapAxis.from_edges(energy.edges, "energy_true", interp=energy.interp)
