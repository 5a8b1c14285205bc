"""What of the section ``datasets`` of a configuration can be done, said by name.

Also here are the checks of single values that other sections share.
"""

from __future__ import annotations

from typing import Any, cast

from astropy import units as u

from gjax.cli.schema import Datasets, EnergyAxis, Geom, Section
from gjax.errors import ConfigError

__all__ = [
    "REFLECTED_PARAMETERS",
    "RING_PARAMETERS",
    "check_axis",
    "check_names",
    "check_number",
    "check_reduction",
    "is_given",
]

_SAFE_MASK_PARAMETERS = ("aeff_percent", "bias_percent", "offset_max", "fixed_offset", "irfs")
_FOV_PARAMETERS = ("method", "min_counts", "min_npred_background")
#: Parameters of the background methods that are angles, and those that are numbers.
REFLECTED_PARAMETERS = {
    "angle_increment": "angle",
    "min_distance": "angle",
    "min_distance_input": "angle",
    "max_region_number": "number",
    "binsz": "angle",
    "n_off_regions": "number",
}
RING_PARAMETERS = {"r_in": "angle", "width": "angle"}
#: Which methods go with which type of analysis.
_METHODS = {"1d": ("reflected",), "3d": ("fov_background", "ring")}


def check_reduction(datasets: Datasets, notes: list[str]) -> None:
    """Refuse what cannot be done in the reduction; add to the notes what deserves one.

    Raises
    ------
    ConfigError
        For a key, or a value of a key, that would change the result and is not supported.
    """
    if datasets.type == "1d":
        _check_region(datasets, notes)
    else:
        _check_maps(datasets, notes)
        _check_geometry(datasets.geom)
    axes = datasets.geom.axes
    check_axis(axes.energy, "datasets.geom.axes.energy")
    if axes.energy_true.min is not None:  # as in Gammapy: without it, the axis of energy
        check_axis(axes.energy_true, "datasets.geom.axes.energy_true")
    _check_background(datasets, notes)
    _check_safe_mask(datasets)


def is_given(section: Section, *names: str) -> bool:
    """Tell whether keys were written that say more than their defaults do."""
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


def _check_region(datasets: Datasets, notes: list[str]) -> None:
    """Check what belongs to spectra only."""
    region, key = datasets.on_region, "datasets.on_region"
    for name in ("lon", "lat"):  # without a frame: ICRS
        if getattr(region, name) is None:
            default = "" if "type" in datasets.model_fields_set else " ('1d' is the default type)"
            raise ConfigError(
                f"the centre of the region is needed for spectra{default}", key=f"{key}.{name}"
            )
    if region.radius is None:
        notes.append(f"{key}.radius: not given, so the RAD_MAX of the responses is the radius")
    elif not region.radius.to_value("deg") > 0:
        raise ConfigError(f"must be positive (got {region.radius})", key=f"{key}.radius")
    if is_given(datasets, "map_selection"):
        notes.append("datasets.map_selection: has no effect in a 1d analysis")


def _check_maps(datasets: Datasets, notes: list[str]) -> None:
    """Check what belongs to maps only."""
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
    if is_given(datasets.on_region):
        notes.append("datasets.on_region: has no effect in a 3d analysis")
    if not datasets.containment_correction:
        notes.append("datasets.containment_correction: has no effect in a 3d analysis")


def _check_geometry(geom: Geom) -> None:
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


def _check_background(datasets: Datasets, notes: list[str]) -> None:
    background, key = datasets.background, "datasets.background"
    if background.method is None:
        notes.extend(
            f"{key}.{name}: has no effect without {key}.method"
            for name in ("exclusion", "parameters")
            if is_given(background, name)
        )
        if datasets.type == "1d":
            notes.append(f"{key}.method: none, so all counts of the region count as signal")
        return
    if background.method not in _METHODS[datasets.type]:
        raise ConfigError(
            f"{background.method!r} does not go with datasets.type {datasets.type!r}; "
            f"{' or '.join(map(repr, _METHODS[datasets.type]))} does",
            key=f"{key}.method",
        )
    if background.method == "fov_background":
        _check_scaling(background.parameters, f"{key}.parameters")
        return
    known = REFLECTED_PARAMETERS if background.method == "reflected" else RING_PARAMETERS
    check_names(background.parameters, tuple(known), f"{key}.parameters")
    for name, value in background.parameters.items():
        check = _check_angle if known[name] == "angle" else check_number
        check(value, f"{key}.parameters.{name}")
    if background.method == "ring":
        for name in ("r_in", "width"):
            if name not in background.parameters:
                raise ConfigError("needed for a ring", key=f"{key}.parameters.{name}")


def _check_scaling(parameters: dict[str, Any], key: str) -> None:
    """Check the parameters of the background of the field of view."""
    check_names(parameters, _FOV_PARAMETERS, key)
    method = parameters.get("method", "scale")
    if method not in ("scale", "fit"):
        raise ConfigError(f"{method!r} is neither 'scale' nor 'fit'", key=f"{key}.method")
    for name in ("min_counts", "min_npred_background"):
        check_number(parameters.get(name, 0), f"{key}.{name}")


def _check_safe_mask(datasets: Datasets) -> None:
    key = "datasets.safe_mask.parameters"
    parameters = datasets.safe_mask.parameters
    check_names(parameters, _SAFE_MASK_PARAMETERS, key)
    for name in ("aeff_percent", "bias_percent"):
        if not 0 < check_number(parameters.get(name, 10), f"{key}.{name}") <= 100:
            raise ConfigError(
                f"a percentage is above 0 and at most 100 (got {parameters[name]!r})",
                key=f"{key}.{name}",
            )
    if parameters.get("irfs", "DL4") != "DL4":
        raise ConfigError(f"{parameters['irfs']!r} is not supported; 'DL4' is", key=f"{key}.irfs")
    if datasets.type == "1d" and "bkg-peak" in datasets.safe_mask.methods:
        raise ConfigError(
            "'bkg-peak' needs a background model, which spectra do not have",
            key="datasets.safe_mask.methods",
        )


def check_axis(axis: EnergyAxis, key: str) -> None:
    """Refuse an energy axis that is not complete or has no bins."""
    for name in ("min", "max", "nbins"):
        if getattr(axis, name) is None:
            raise ConfigError("min, max and nbins are all needed", key=f"{key}.{name}")
    low, high, nbins = cast(tuple[u.Quantity, u.Quantity, int], (axis.min, axis.max, axis.nbins))
    if nbins < 1:
        raise ConfigError(f"at least one bin is needed (got {nbins})", key=f"{key}.nbins")
    if not 0 < low.to_value("TeV") < high.to_value("TeV"):
        raise ConfigError(f"min {low} must be positive and below max {high}", key=key)


def check_number(value: Any, key: str) -> float:
    """Convert to a number, or refuse it by name."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"should be a number (got {value!r})", key=key) from None


def check_names(parameters: dict[str, Any], known: tuple[str, ...], key: str) -> None:
    """Refuse the first parameter that is not known."""
    for name in parameters:
        if name not in known:
            raise ConfigError(
                f"not supported; supported here: {', '.join(known)}", key=f"{key}.{name}"
            )


def _check_angle(value: Any, key: str) -> float:
    try:
        return u.Quantity(value).to_value("deg")
    except (TypeError, u.UnitConversionError):
        raise ConfigError(
            f"should be an angle such as '0.5 deg' (got {value!r})", key=key
        ) from None
