"""What of a configuration gjax does not do yet, said by name.

The section ``datasets`` is the business of `gjax.cli.support_datasets`.
"""

from __future__ import annotations

import numpy as np

from gjax.cli.schema import Analysis, FluxPoints
from gjax.cli.support_datasets import (
    check_axis,
    check_names,
    check_number,
    check_reduction,
    is_given,
)
from gjax.errors import ConfigError

__all__ = ["check_support"]

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
    if settings.general.datasets_file is None:
        _check_observations(settings)
        check_reduction(settings.datasets, notes)
    else:
        notes.extend(
            f"{name}: has no effect, since general.datasets_file names reduced datasets"
            for name in ("observations", "datasets")
            if name in settings.model_fields_set and is_given(getattr(settings, name))
        )
    _check_estimators(settings, notes)
    if settings.gjax.sampler is not None and settings.gjax.sampler.chains < 1:
        raise ConfigError("at least one chain is needed", key="gjax.sampler.chains")
    return tuple(notes)


def _check_general(settings: Analysis, notes: list[str]) -> None:
    general = settings.general
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


def _check_estimators(settings: Analysis, notes: list[str]) -> None:
    """Check the sections of estimators, unless they only spell out their defaults."""
    for name in ("excess_map", "light_curve"):
        if name not in settings.model_fields_set:
            continue
        section = getattr(settings, name)
        if is_given(section) or not section.model_fields_set:
            raise ConfigError("not supported yet; remove the section to run the rest", key=name)
        notes.append(f"{name}: holds nothing but defaults and is taken as not asked for")
    if "flux_points" not in settings.model_fields_set:
        return
    if is_given(settings.flux_points):
        _check_flux_points(settings.flux_points, notes)
    else:
        notes.append("flux_points: names no energies and is taken as not asked for")


def _check_flux_points(section: FluxPoints, notes: list[str]) -> None:
    check_axis(section.energy, "flux_points.energy")
    parameters, key = section.parameters, "flux_points.parameters"
    check_names(parameters, _FLUX_POINTS_PARAMETERS, key)
    for name in ("n_sigma", "n_sigma_ul"):
        if not check_number(parameters.get(name, 1.0), f"{key}.{name}") > 0:
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
