"""What of a configuration gjax does not do yet, said by name."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from astropy import units as u

from gjax.cli.schema import Analysis, EnergyAxis, FluxPoints, Section
from gjax.errors import ConfigError

__all__ = ["check_support"]

_SAFE_MASK_PARAMETERS = ("aeff_percent", "bias_percent", "offset_max", "fixed_offset", "irfs")
_FOV_PARAMETERS = ("method", "min_counts", "min_npred_background")
_FLUX_POINTS_PARAMETERS = ("selection_optional", "n_sigma", "n_sigma_ul", "reoptimize")
_SELECTION = ("errn-errp", "ul", "scan")


def check_support(settings: Analysis) -> tuple[str, ...]:
    """Refuse what cannot be done; list what deserves a note.

    Returns
    -------
    notes :
        Sentences for the user.

    Raises
    ------
    ConfigError
        For a key, or a value of a key, that would change the result and is not supported.
    """
    notes: list[str] = []
    _check_general(settings, notes)
    _check_observations(settings)
    _check_datasets(settings, notes)
    _check_geometry(settings)
    _check_background(settings, notes)
    _check_safe_mask(settings)
    _check_estimators(settings, notes)
    if settings.gjax.sampler is not None and settings.gjax.sampler.chains < 1:
        raise ConfigError("at least one chain is needed", key="gjax.sampler.chains")
    return tuple(notes)


def _is_given(section: Section, *names: str) -> bool:
    """Whether keys were written that say more than their defaults do."""
    names = names or tuple(type(section).model_fields)
    default = type(section)()
    return any(
        name in section.model_fields_set
        and not _same(getattr(section, name), getattr(default, name))
        for name in names
    )


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Section):
        return isinstance(other, Section) and all(
            _same(getattr(one, name), getattr(other, name)) for name in type(one).model_fields
        )
    return one is other or bool(one == other)


def _check_general(settings: Analysis, notes: list[str]) -> None:
    general = settings.general
    if general.datasets_file is not None:
        raise ConfigError(
            "reading reduced datasets is not supported yet; without it, observations are reduced",
            key="general.datasets_file",
        )
    if general.n_jobs < 1:
        raise ConfigError(f"at least 1 is needed (got {general.n_jobs})", key="general.n_jobs")
    if general.n_jobs > 1:
        notes.append(
            f"general.n_jobs: {general.n_jobs} asked for; observations are reduced one by one"
        )
    level = general.log.level.upper()
    if level not in ("CRITICAL", "ERROR", "WARNING", "WARN", "INFO", "DEBUG", "NOTSET"):
        raise ConfigError(
            f"unknown level {general.log.level!r}; known: critical, error, warning, info, debug",
            key="general.log.level",
        )
    if general.log.filemode is not None and general.log.filemode not in ("a", "w", "x"):
        raise ConfigError(
            f"{general.log.filemode!r} is none of 'w' (overwrite), 'a' (append), 'x' (new file)",
            key="general.log.filemode",
        )


def _check_observations(settings: Analysis) -> None:
    observations = settings.observations
    if observations.obs_ids and observations.obs_file is not None:
        raise ConfigError(
            "given together with observations.obs_ids; use one of the two",
            key="observations.obs_file",
        )
    cone = observations.obs_cone
    parts = (cone.lon, cone.lat, cone.radius)  # without a frame: ICRS, as in Gammapy
    given = any(part is not None for part in (cone.frame, *parts))
    if given and any(part is None for part in parts):
        raise ConfigError("lon, lat and radius are all needed", key="observations.obs_cone")
    time = observations.obs_time
    if (time.start is None) != (time.stop is None):
        raise ConfigError("start and stop are both needed", key="observations.obs_time")
    if time.start is None or time.stop is None:
        return
    if time.start.shape != time.stop.shape:
        raise ConfigError(
            "start and stop must be lists of the same length", key="observations.obs_time"
        )
    if not np.all(time.start < time.stop):
        raise ConfigError("start must be before stop", key="observations.obs_time")


def _check_datasets(settings: Analysis, notes: list[str]) -> None:
    datasets = settings.datasets
    if datasets.type == "1d":
        default = "" if "type" in datasets.model_fields_set else " (the default, as in Gammapy)"
        raise ConfigError(
            f"spectral analyses ('1d'){default} are not supported yet; '3d' is", key="datasets.type"
        )
    missing = [
        name
        for name in ("counts", "exposure", "background", "psf", "edisp")
        if name not in datasets.map_selection
    ]
    if missing:
        raise ConfigError(
            f"the fit needs all five maps; without {', '.join(missing)} it is not supported",
            key="datasets.map_selection",
        )
    if _is_given(datasets.on_region):
        notes.append("datasets.on_region: has no effect in a 3d analysis")
    if not datasets.containment_correction:
        notes.append("datasets.containment_correction: has no effect in a 3d analysis")


def _check_geometry(settings: Analysis) -> None:
    geom = settings.datasets.geom
    position = geom.wcs.skydir
    for name in ("frame", "lon", "lat"):
        if getattr(position, name) is None:
            raise ConfigError(
                "the centre of the map is needed", key=f"datasets.geom.wcs.skydir.{name}"
            )
    for key, value in (
        ("wcs.binsize", geom.wcs.binsize),
        ("wcs.binsize_irf", geom.wcs.binsize_irf),
        ("wcs.width.width", geom.wcs.width.width),
        ("wcs.width.height", geom.wcs.width.height),
        ("selection.offset_max", geom.selection.offset_max),
    ):
        if not value.to_value("deg") > 0:
            raise ConfigError(f"must be positive (got {value})", key=f"datasets.geom.{key}")
    _check_axis(geom.axes.energy, "datasets.geom.axes.energy")
    if geom.axes.energy_true.min is not None:  # as in Gammapy: without it, the axis of energy
        _check_axis(geom.axes.energy_true, "datasets.geom.axes.energy_true")


def _check_axis(axis: EnergyAxis, key: str) -> None:
    for name in ("min", "max", "nbins"):
        if getattr(axis, name) is None:
            raise ConfigError("min, max and nbins are all needed", key=f"{key}.{name}")
    low, high, nbins = cast(tuple[u.Quantity, u.Quantity, int], (axis.min, axis.max, axis.nbins))
    if nbins < 1:
        raise ConfigError(f"at least one bin is needed (got {nbins})", key=f"{key}.nbins")
    if not 0 < low.to_value("TeV") < high.to_value("TeV"):
        raise ConfigError(f"min {low} must be positive and below max {high}", key=key)


def _check_background(settings: Analysis, notes: list[str]) -> None:
    background = settings.datasets.background
    key = "datasets.background"
    if background.method is None:
        notes.extend(
            f"{key}.{name}: has no effect without {key}.method"
            for name in ("exclusion", "parameters")
            if _is_given(background, name)
        )
        return
    if background.method != "fov_background":
        raise ConfigError(
            f"{background.method!r} is not supported yet; 'fov_background' is", key=f"{key}.method"
        )
    _check_names(background.parameters, _FOV_PARAMETERS, f"{key}.parameters")
    method = background.parameters.get("method", "scale")
    if method not in ("scale", "fit"):
        raise ConfigError(
            f"{method!r} is neither 'scale' nor 'fit'", key=f"{key}.parameters.method"
        )
    for name in ("min_counts", "min_npred_background"):
        _check_number(background.parameters.get(name, 0), f"{key}.parameters.{name}")


def _check_safe_mask(settings: Analysis) -> None:
    key = "datasets.safe_mask.parameters"
    parameters = settings.datasets.safe_mask.parameters
    _check_names(parameters, _SAFE_MASK_PARAMETERS, key)
    for name in ("aeff_percent", "bias_percent"):
        if not 0 < _check_number(parameters.get(name, 10), f"{key}.{name}") <= 100:
            raise ConfigError(
                f"a percentage is above 0 and at most 100 (got {parameters[name]!r})",
                key=f"{key}.{name}",
            )
    if parameters.get("irfs", "DL4") != "DL4":
        raise ConfigError(f"{parameters['irfs']!r} is not supported; 'DL4' is", key=f"{key}.irfs")


def _check_number(value: Any, key: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"should be a number (got {value!r})", key=key) from None


def _check_names(parameters: dict[str, Any], known: tuple[str, ...], key: str) -> None:
    for name in parameters:
        if name not in known:
            raise ConfigError(
                f"not supported; supported here: {', '.join(known)}", key=f"{key}.{name}"
            )


def _check_estimators(settings: Analysis, notes: list[str]) -> None:
    """Check the sections of estimators, unless they only spell out their defaults."""
    for name in ("excess_map", "light_curve"):
        if name not in settings.model_fields_set:
            continue
        section = getattr(settings, name)
        if _is_given(section) or not section.model_fields_set:
            raise ConfigError("not supported yet; remove the section to run the rest", key=name)
        notes.append(f"{name}: holds nothing but defaults and is taken as not asked for")
    if "flux_points" not in settings.model_fields_set:
        return
    if _is_given(settings.flux_points):
        _check_flux_points(settings.flux_points, notes)
    else:
        notes.append("flux_points: names no energies and is taken as not asked for")


def _check_flux_points(section: FluxPoints, notes: list[str]) -> None:
    _check_axis(section.energy, "flux_points.energy")
    parameters, key = section.parameters, "flux_points.parameters"
    _check_names(parameters, _FLUX_POINTS_PARAMETERS, key)
    for name in ("n_sigma", "n_sigma_ul"):
        if not _check_number(parameters.get(name, 1.0), f"{key}.{name}") > 0:
            raise ConfigError(f"must be positive (got {parameters[name]!r})", key=f"{key}.{name}")
    if parameters.get("reoptimize"):
        raise ConfigError(
            "fitting other parameters again in each band is not supported", key=f"{key}.reoptimize"
        )
    wanted = parameters.get("selection_optional") or []
    for name in [wanted] if isinstance(wanted, str) else wanted:
        if name not in (*_SELECTION, "all"):
            raise ConfigError(
                f"{name!r} is not supported; supported here: {', '.join(_SELECTION)}, all",
                key=f"{key}.selection_optional",
            )
        if name == "all" and "parameters" in section.model_fields_set:
            notes.append(
                f"{key}.selection_optional: all are {', '.join(_SELECTION)}; the sensitivity is "
                "not estimated"
            )
