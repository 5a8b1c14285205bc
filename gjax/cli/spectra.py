"""Reduction of spectra in a run: from observations to on/off datasets of one region.

Maps are reduced in `gjax.cli.reduction`, where observations are read as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from astropy import units as u

from gjax.cli.config import Configuration
from gjax.cli.progress import Progress
from gjax.cli.reduction import (
    check_content,
    exclusion_mask,
    map_axes,
    safe_mask_parameters,
)
from gjax.cli.schema import Datasets
from gjax.cli.support_datasets import REFLECTED_PARAMETERS
from gjax.dataset.dataset import Dataset
from gjax.dataset.stack import stack
from gjax.errors import ConfigError
from gjax.events.observation import Observation
from gjax.maps.region_geom import RegionGeom
from gjax.reduce.reflected import reflected_background
from gjax.reduce.safe_mask import safe_mask
from gjax.reduce.spectrum import reduce_spectrum_dataset
from gjax.units import to_internal

__all__ = ["off_region_options", "on_region", "reduce_spectra"]

#: What `gjax.reduce.reflected` says of an observation in which there is no room for one.
_NO_OFF_REGION = "off region"


def on_region(datasets: Datasets) -> RegionGeom:
    """Make the region that counts: a circle, or a point as large as RAD_MAX."""
    region = datasets.on_region
    position = (to_internal(region.lon, "deg"), to_internal(region.lat, "deg"))
    frame = region.frame or "icrs"
    if region.radius is None:
        return RegionGeom.point(*position, frame)
    return RegionGeom.circle(*position, to_internal(region.radius, "deg"), frame)


def off_region_options(datasets: Datasets) -> dict[str, Any]:
    """Give the arguments of `gjax.reduce.reflected.reflected_background` from a configuration.

    Regions at equal angles are looked for where their number is given, and for a point. Otherwise
    there are as many as find room.
    """
    given: dict[str, Any] = {}
    for name, value in datasets.background.parameters.items():
        is_angle = REFLECTED_PARAMETERS[name] == "angle"
        given[name] = u.Quantity(value).to_value("deg") if is_angle else int(float(value))
    wobble = "n_off_regions" in given or datasets.on_region.radius is None
    return {"finder": "wobble" if wobble else "reflected", **given}


def reduce_spectra(
    config: Configuration, observations: Iterable[Observation], progress: Progress
) -> list[Dataset]:
    """Reduce observations to spectra, stacked or one by one.

    Observations without any off region are left out, as in Gammapy; others that cannot be reduced
    end the run, unless ``gjax.on_error`` says that they are left out as well.

    Raises
    ------
    ConfigError
        If an observation cannot be reduced, or none is left.
    """
    datasets = config.settings.datasets
    reduced = list(_each(config, observations, progress))
    if not reduced:
        raise ConfigError("no observation is left; see the warnings", key="observations")
    if datasets.stack:
        reduced = [stack(reduced, "stacked")]
    check_content(reduced)
    return reduced


def _each(
    config: Configuration, observations: Iterable[Observation], progress: Progress
) -> Iterator[Dataset]:
    """Reduce one observation after the other, and leave out those that cannot be."""
    steps = _Steps(config)
    for observation in observations:
        label = f"observation {observation.obs_id}"
        try:
            dataset = steps.reduce(observation)
        except ValueError as error:
            problem = str(error).removeprefix(f"{label}: ")
            if config.settings.gjax.on_error != "skip" and _NO_OFF_REGION not in problem:
                raise ConfigError(f"{label}: {problem}", key="datasets") from error
            progress.leave_out(label, problem)
            continue
        progress.advance()
        progress.stage(f"reduced {label}")
        if not dataset.mask.any():
            progress.note(f"warning: {label} has no safe energy bin")
        yield dataset


class _Steps:
    """The steps of each observation, with what they share."""

    def __init__(self, config: Configuration) -> None:
        self.datasets = config.settings.datasets
        self.region = on_region(self.datasets)
        self.axes = map_axes(self.datasets)
        self.safe_mask = safe_mask_parameters(self.datasets)
        self.reflected = self.datasets.background.method == "reflected"
        if self.reflected:
            self.exclusion = exclusion_mask(config)
            self.options = off_region_options(self.datasets)

    def reduce(self, observation: Observation) -> Dataset:
        """Make a dataset of one observation."""
        dataset = reduce_spectrum_dataset(
            observation,
            self.region,
            *self.axes,
            containment_correction=self.datasets.containment_correction,
        )
        if self.reflected:
            options = {"missing": "raise", **self.options}
            dataset = reflected_background(dataset, observation, self.exclusion, **options)
        return safe_mask(dataset, observation, self.datasets.safe_mask.methods, **self.safe_mask)
