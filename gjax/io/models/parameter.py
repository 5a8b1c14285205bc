"""One parameter of a models file: its value and what a fit should do with it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astropy import units as u

from gjax.errors import ConfigError
from gjax.io.models.keys import check_keys, nearest
from gjax.parameters import Key, ParameterSpec, own_values, specs

__all__ = ["Record", "read_parameters"]

# Keys that say how Gammapy's minimiser scales or scans a parameter; they do not change the model.
_TECHNICAL = {
    "factor",
    "interp",
    "is_norm",
    "scale",
    "scale_method",
    "scale_transform",
    "scan_max",
    "scan_min",
    "scan_n_sigma",
    "scan_n_values",
    "scan_values",
}
_KEYS = {"name", "value", "unit", "error", "min", "max", "frozen", "link", "prior"} | _TECHNICAL


@dataclass(frozen=True, eq=False)
class Record:
    """What the file says about a parameter, in internal units.

    Parameters
    ----------
    key :
        The parameter.
    value, error :
        Value and error (zero if not given).
    min, max :
        Bounds; infinite where unbounded.
    frozen :
        Whether a fit keeps it fixed.
    link :
        Label shared by parameters that are one; None if it stands alone.
    prior :
        A numpyro distribution, or None.
    factor :
        Internal value of one unit as written in the file; scales the covariance.
    """

    key: Key
    value: float
    error: float
    min: float
    max: float
    frozen: bool
    link: str | None
    prior: Any
    factor: float


def read_parameters(entries: Any, model: Any, key: Key, where: str) -> list[Record]:
    """Read the list of parameters of one model; what the file leaves out is as in ``model``.

    Parameters
    ----------
    entries :
        The ``parameters`` list of the file, or None.
    model :
        The model with default values.
    key :
        Key of the model; the names of the parameters are appended.
    where :
        Place in the file, for errors.

    Returns
    -------
    records :
        In the order of the file if it has all of them, else in that of the model.

    Raises
    ------
    gjax.errors.ConfigError
        If a parameter or a key is unknown or has a value that cannot be.
    """
    declared, defaults = specs(model), own_values(model)
    given: dict[str, Mapping[str, Any]] = {}
    for entry in entries or []:
        if not isinstance(entry, Mapping) or "name" not in entry:
            raise ConfigError(f"{entry!r} should be a mapping with a name", key=where)
        name = entry["name"]
        if name not in declared:
            raise ConfigError(
                f"unknown parameter {name!r}; {nearest(str(name), declared)}", key=where
            )
        if name in given:
            raise ConfigError(f"parameter {name!r} is given twice", key=where)
        given[name] = entry
    # A covariance file has the order of the models file.
    order = given if len(given) == len(declared) else declared
    return [
        _read_parameter(
            given.get(name, {}),
            dataclasses.replace(declared[name], default=float(defaults[name])),
            (*key, name),
            f"{where}.{name}",
        )
        for name in order
    ]


def _read_parameter(entry: Mapping[str, Any], spec: ParameterSpec, key: Key, where: str) -> Record:
    check_keys(entry, _KEYS, where)
    factor = _unit_factor(entry.get("unit"), spec.unit, where)

    def number(name: str, default: float) -> float:
        return _number(entry[name], f"{where}.{name}") * factor if name in entry else default

    low = number("min", -math.inf if spec.min is None else spec.min)
    high = number("max", math.inf if spec.max is None else spec.max)
    prior = entry.get("prior")
    if prior is not None:
        # NumPyro takes long to import, and few files have priors.
        from gjax.io.models.priors import prior_bounds, prior_from_dict

        prior = prior_from_dict(prior, factor, spec.unit, f"{where}.prior")
        low, high = prior_bounds(prior) or (low, high)
    low, high = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
    if not low < high:
        raise ConfigError(f"min {low} is not below max {high}", key=where)
    value = number("value", spec.default)
    if not math.isfinite(value):
        raise ConfigError(f"value is {value}, should be finite", key=where)
    frozen = entry.get("frozen", spec.frozen)
    if not isinstance(frozen, bool):
        raise ConfigError(f"frozen is {frozen!r}, should be true or false", key=where)
    error = number("error", 0.0)
    link = entry.get("link")
    return Record(
        key=key,
        value=value,
        error=error if math.isfinite(error) else 0.0,
        min=low,
        max=high,
        frozen=frozen,
        link=None if link is None else str(link),
        prior=prior,
        factor=factor,
    )


def _number(value: Any, where: str) -> float:
    # YAML takes 3e-11 (without a point) for text, so text is tried as a number too.
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{value!r} should be a number", key=where) from None


def _unit_factor(unit: str | None, internal: str, where: str) -> float:
    if unit is None:
        return 1.0
    try:
        factor = float(u.Unit(unit).to(internal or u.dimensionless_unscaled))
    except u.UnitConversionError:
        raise ConfigError(f"unit {unit!r} cannot be converted to {internal!r}", key=where) from None
    except (TypeError, ValueError) as error:
        raise ConfigError(str(error), key=where) from None
    # A unit that is the internal one in other words must not change the last digit of a value.
    return 1.0 if abs(factor - 1.0) < 1e-14 else factor
