"""The first stages of a run: from the configuration to observations and reduced maps.

Spectra are reduced in `gjax.cli.spectra`, and datasets that exist already are read in
`gjax.cli.reduced`.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from astropy import units as u
from astropy.time import Time

from gjax.cli.config import Configuration
from gjax.cli.paths import find_file
from gjax.cli.progress import Progress
from gjax.cli.schema import Datasets, EnergyAxis, TimeRange
from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.dataset.edit import with_mask_fit
from gjax.errors import ConfigError, FileFormatError
from gjax.events.gti import GTI
from gjax.events.observation import Observation
from gjax.io.gadf import DataStore
from gjax.io.maps import read_mask
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom
from gjax.reduce.pipeline import reduce_observations
from gjax.units import to_internal

__all__ = [
    "apply_fit_range",
    "check_content",
    "exclusion_mask",
    "iter_observations",
    "map_axes",
    "map_geometry",
    "open_data_store",
    "reduce_datasets",
    "safe_mask_parameters",
    "select_observations",
]

log = logging.getLogger(__name__)


def open_data_store(config: Configuration) -> DataStore:
    """Open the index of the data store that the configuration names."""
    key = "observations.datastore"
    path = find_file(config.settings.observations.datastore, beside=config.folder, key=key)
    return DataStore(path)


def select_observations(config: Configuration, store: DataStore) -> list[int]:
    """List the identifiers of the observations to analyse, in the order asked for.

    Raises
    ------
    ConfigError
        If none is left, or one that is asked for is not in the store.
    """
    wanted = _wanted_ids(config)
    missing = [obs_id for obs_id in wanted if obs_id not in store.obs_ids]
    if missing:
        raise ConfigError(
            f"not in the data store: {', '.join(map(str, missing))}", key="observations.obs_ids"
        )
    chosen = wanted or list(store.obs_ids)
    cone = config.settings.observations.obs_cone
    if cone.lon is not None:
        inside = store.select_cone(cone.lon, cone.lat, cone.radius, cone.frame or "icrs")
        chosen = [obs_id for obs_id in chosen if obs_id in inside]
    if not chosen:
        raise ConfigError("the selection leaves no observation", key="observations")
    return list(dict.fromkeys(chosen))


def _wanted_ids(config: Configuration) -> list[int]:
    observations = config.settings.observations
    if observations.obs_file is None:
        return list(observations.obs_ids)
    key = "observations.obs_file"
    return _read_ids(find_file(observations.obs_file, beside=config.folder, key=key), key)


def _read_ids(path: Path, key: str) -> list[int]:
    """Read the first column of a text file; a first line that is no number is its header."""
    found = []
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file", key=key) from None
    for number, line in enumerate(line for line in lines if line and not line.startswith("#")):
        first = line.replace(",", " ").split()[0]
        if first.isdigit():
            found.append(int(first))
        elif number > 0:
            raise ConfigError(f"{path} has {first!r} where an identifier should be", key=key)
    if not found:
        raise ConfigError(f"{path} lists no observations", key=key)
    return found


def iter_observations(
    config: Configuration, store: DataStore, obs_ids: Sequence[int], progress: Progress
) -> Iterator[Observation]:
    """Read observations one at a time, cut to the times asked for.

    Those without a required response are left out with a note; so are those that cannot be read, if
    ``gjax.on_error`` says so.
    """
    settings = config.settings.observations
    time = settings.obs_time
    for obs_id in obs_ids:
        missing = set(settings.required_irf) - set(store.available(obs_id))
        if missing:
            progress.leave_out(f"observation {obs_id}", f"it has no {', '.join(sorted(missing))}")
            continue
        try:
            observation = store.observation(obs_id, settings.required_irf)
        except FileFormatError as error:
            if config.settings.gjax.on_error != "skip":
                raise
            progress.leave_out(f"observation {obs_id}", str(error))
            continue
        if time.start is not None:
            observation = _select_times(observation, time)
        if observation.gti.total > 0:
            yield observation
        else:
            progress.note(f"observation {obs_id} is left out: it has no good time in the selection")


def _select_times(observation: Observation, time: TimeRange) -> Observation:
    """Cut an observation to one interval, or to the union of several."""
    starts, stops = (cast(Time, ends).reshape(-1) for ends in (time.start, time.stop))
    parts = [observation.gti.select_time(*ends) for ends in zip(starts, stops, strict=True)]
    gti = GTI.stack(parts).union()
    events = observation.events
    chosen = None if events is None else events.select(gti.contains(events.time))
    return dataclasses.replace(observation, gti=gti, events=chosen)


def map_geometry(datasets: Datasets) -> WcsGeom:
    """Make the sky geometry of the maps."""
    wcs = datasets.geom.wcs
    return WcsGeom.create(
        skydir=(to_internal(wcs.skydir.lon, "deg"), to_internal(wcs.skydir.lat, "deg")),
        binsz=to_internal(wcs.binsize, "deg"),
        width=(to_internal(wcs.width.width, "deg"), to_internal(wcs.width.height, "deg")),
        frame=wcs.skydir.frame or "icrs",
    )


def map_axes(datasets: Datasets) -> tuple[MapAxis, MapAxis]:
    """Make the axes of reconstructed and true energy; without the latter, both are the same."""
    axes = datasets.geom.axes
    energy = _energy_axis(axes.energy, "energy")
    has_true = axes.energy_true.min is not None
    return energy, _energy_axis(axes.energy_true if has_true else axes.energy, "energy_true")


def _energy_axis(axis: EnergyAxis, name: str) -> MapAxis:
    assert axis.nbins is not None
    return MapAxis.from_energy_bounds(axis.min, axis.max, axis.nbins, name=name)


def reduce_datasets(
    config: Configuration, observations: Iterator[Observation], progress: Progress
) -> list[Dataset]:
    """Reduce observations to maps, stacked or one by one."""
    datasets = config.settings.datasets
    energy, energy_true = map_axes(datasets)
    method = datasets.background.method
    on_error = config.settings.gjax.on_error
    seen: list[int] = []

    def report(done: int, total: int | None, label: str) -> None:
        seen.append(int(label))
        progress.advance()
        progress.stage(f"reduced observation {label}")

    try:
        reduced = reduce_observations(
            observations,
            map_geometry(datasets),
            energy,
            energy_true,
            offset_max=datasets.geom.selection.offset_max,
            binsize_irf=datasets.geom.wcs.binsize_irf,
            selection=datasets.map_selection,
            safe_mask=datasets.safe_mask.methods,
            safe_mask_parameters=safe_mask_parameters(datasets),
            background=method,
            background_parameters=_background_parameters(datasets) if method else None,
            exclusion_mask=exclusion_mask(config) if method else None,
            stack=datasets.stack,
            progress=report,
            on_error="skip" if on_error == "skip" else "raise",
        )
    except ValueError as error:
        if isinstance(error, ConfigError) or type(error) is not ValueError:
            raise
        raise ConfigError(str(error), key="datasets") from error
    if on_error == "skip":
        used = {obs_id for dataset in reduced for obs_id in dataset.obs_ids}
        missing = [obs_id for obs_id in seen if obs_id not in used]
        progress.left_out.extend(f"observation {obs_id}: see the warnings" for obs_id in missing)
    check_content(reduced)
    return reduced


def check_content(datasets: Sequence[Dataset]) -> None:
    """Refuse datasets with nothing in them to fit."""
    if not any(dataset.mask.any() for dataset in datasets):
        raise ConfigError(
            "no bin is left: none is safe, or the background could not be scaled (see the "
            "warnings); the energy axis and the thresholds may be beyond the responses",
            key="datasets.safe_mask",
        )
    exposures = [np.asarray(dataset.exposure, float) for dataset in datasets]
    if not any(np.nan_to_num(exposure).any() for exposure in exposures):
        raise ConfigError(
            "the exposure is zero: the responses hold nothing at these energies",
            key="datasets.geom.axes.energy_true",
        )


def exclusion_mask(config: Configuration) -> Any:
    """Read the exclusion mask of the background, if there is one."""
    key = "datasets.background.exclusion"
    path = config.settings.datasets.background.exclusion
    return None if path is None else read_mask(find_file(path, beside=config.folder, key=key))


def _background_parameters(datasets: Datasets) -> dict[str, Any]:
    """Give thresholds as numbers (YAML takes 1e3, without a point, for text), and angles in deg."""
    given = datasets.background.parameters
    if datasets.background.method == "ring":
        return {key: u.Quantity(value).to_value("deg") for key, value in given.items()}
    return {key: value if key == "method" else float(value) for key, value in given.items()}


def safe_mask_parameters(datasets: Datasets) -> dict[str, Any]:
    """Give the parameters of the safe masks as numbers in deg and percent."""
    values = dict(datasets.safe_mask.parameters)
    values.pop("irfs", None)
    for name, value in values.items():
        key = f"datasets.safe_mask.parameters.{name}"
        is_angle = name in ("offset_max", "fixed_offset")
        try:
            values[name] = u.Quantity(value).to_value("deg") if is_angle else float(value)
        except (TypeError, ValueError, u.UnitConversionError):
            what = "an angle such as '2.5 deg'" if is_angle else "a number"
            raise ConfigError(f"should be {what} (got {value!r})", key=key) from None
    return values


def apply_fit_range(config: Configuration, datasets: Sequence[AnyDataset]) -> list[AnyDataset]:
    """Restrict the fit to the bins wholly within the energy ranges of the configuration.

    Of flux points those count whose reference energy lies within it. Where there is no range, masks
    stay as they are.

    Raises
    ------
    ConfigError
        If no bin of any dataset is left, or a range is for a dataset that is not there.
    """
    ranges = config.settings.gjax.fit_ranges
    names = [dataset.name for dataset in datasets]
    for pattern in ranges:
        if not fnmatch.filter(names, pattern):
            raise ConfigError(
                f"matches none of the datasets {', '.join(names)}",
                key=f"gjax.fit_ranges.{pattern}",
            )
    masked: list[AnyDataset] = []
    for dataset in datasets:
        own = [ranges[key] for key in ranges if fnmatch.fnmatchcase(dataset.name, key)]
        wanted = own[0] if own else config.settings.fit.fit_range
        ends = (wanted.min, wanted.max)
        if ends == (None, None):
            masked.append(dataset)
        elif isinstance(dataset, Dataset):
            masked.append(with_mask_fit(dataset, *ends))
        else:
            masked.append(dataset.with_mask_fit(*ends))
    if not any(np.any(dataset.mask) for dataset in masked):
        raise ConfigError("no bin is left within the range", key="fit.fit_range")
    return masked
