"""From observations to spectra: the order of the steps.

For each observation: counts and responses of the region, the background measured elsewhere, the
safe mask, and (if asked for) the sum of all.

Lives here: that order. Does not live here: the steps (`gjax.reduce.spectrum`,
`gjax.reduce.reflected`, `gjax.reduce.phase`, `gjax.reduce.safe_mask`), and maps
(`gjax.reduce.pipeline`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gjax.dataset.dataset import Dataset
from gjax.dataset.stack import stack as stack_datasets
from gjax.events.observation import Observation
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom
from gjax.reduce.phase import phase_background
from gjax.reduce.pipeline import each_observation
from gjax.reduce.reflected import reflected_background
from gjax.reduce.safe_mask import safe_mask as apply_safe_mask
from gjax.reduce.spectrum import reduce_spectrum_dataset

__all__ = ["SPECTRUM_BACKGROUNDS", "reduce_spectra"]

#: How the background of a spectrum can be measured.
SPECTRUM_BACKGROUNDS = ("reflected", "wobble", "phase")


def reduce_spectra(
    observations: Iterable[Observation],
    region_geom: RegionGeom,
    energy: MapAxis,
    energy_true: MapAxis | None = None,
    *,
    containment_correction: bool = False,
    use_region_center: bool = True,
    safe_mask: Sequence[str] = ("aeff-default",),
    safe_mask_parameters: Mapping[str, Any] | None = None,
    background: str | None = "reflected",
    background_parameters: Mapping[str, Any] | None = None,
    exclusion_mask: Map | None = None,
    stack: bool = False,
    names: Sequence[str] | None = None,
    progress: Callable[[int, int | None, str], None] | None = None,
    on_error: str = "raise",
) -> list[Dataset]:
    """Reduce observations to spectra of one region and, if asked for, stack them.

    Parameters
    ----------
    observations :
        The observations, taken one at a time.
    region_geom, energy, energy_true, containment_correction, use_region_center :
        As in `gjax.reduce.spectrum.reduce_spectrum_dataset`.
    safe_mask, safe_mask_parameters :
        Methods and further arguments of `gjax.reduce.safe_mask.safe_mask`.
    background :
        How it is measured: one of `SPECTRUM_BACKGROUNDS`. None takes the one that the responses
        predict.
    background_parameters :
        Further arguments of `gjax.reduce.reflected.reflected_background` or
        `gjax.reduce.phase.phase_background`. With ``missing="raise"`` an observation without off
        regions is an error; otherwise there is a warning, and a dataset in which nothing is safe.
    exclusion_mask :
        An image, true where there is no source, for off regions.
    stack :
        Whether to add all observations up into one dataset.
    names :
        Names of the datasets: one for a stack (by default ``stacked``), else one for each
        observation (by default ``obs-<id>``).
    progress, on_error :
        As in `gjax.reduce.pipeline.reduce_observations`.

    Returns
    -------
    One dataset, or one for each observation.

    Raises
    ------
    ValueError
        If an option is unknown, or an observation cannot be reduced: the message names it.
    """
    if background is not None and background not in SPECTRUM_BACKGROUNDS:
        raise ValueError(
            f"unknown background {background!r} of spectra; there are {SPECTRUM_BACKGROUNDS}"
        )
    if stack and names is not None and len(names) != 1:
        raise ValueError(f"a stack has one name, got {len(names)}")
    selection = ("counts", "exposure", "edisp", *(() if background else ("background",)))
    options = dict(background_parameters or {})

    def reduce_one(observation: Observation, name: str | None) -> Dataset:
        dataset = reduce_spectrum_dataset(
            observation,
            region_geom,
            energy,
            energy_true,
            containment_correction=containment_correction,
            use_region_center=use_region_center,
            selection=selection,
            name=name,
        )
        if background == "phase":
            dataset = phase_background(dataset, observation, **options)
        elif background is not None:
            dataset = reflected_background(
                dataset, observation, exclusion_mask, finder=background, **options
            )
            if not dataset.is_onoff:
                return dataset
        return apply_safe_mask(dataset, observation, safe_mask, **(safe_mask_parameters or {}))

    reduced = each_observation(
        observations,
        reduce_one,
        names=None if stack else names,
        progress=progress,
        on_error=on_error,
    )
    return [stack_datasets(reduced, (names or ["stacked"])[0])] if stack else list(reduced)
