"""Prior densities between models files and numpyro.

A number in a prior is in the unit of its parameter, unless it has a unit of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpyro.distributions as dist
from astropy import units as u

from gjax.errors import ConfigError
from gjax.io.models.keys import check_keys, nearest
from gjax.parameters.distributions import GeneralizedNormal, Weighted

__all__ = ["prior_bounds", "prior_from_dict", "prior_to_dict"]

# Name in the file -> parameters with Gammapy's defaults, distribution, its fields in that order.
_PRIORS: dict[str, tuple[dict[str, float], Any, tuple[str, ...]]] = {
    "GaussianPrior": ({"mu": 0.0, "sigma": 1.0}, dist.Normal, ("loc", "scale")),
    "GeneralizedGaussianPrior": (
        {"mu": 0.0, "sigma": 1.0, "eta": 0.5},
        GeneralizedNormal,
        ("loc", "scale", "eta"),
    ),
    "UniformPrior": ({"min": 0.0, "max": 1.0}, dist.Uniform, ("low", "high")),
    "LogUniformPrior": ({"min": 1e-14, "max": 1e-10}, dist.LogUniform, ("low", "high")),
    "LogNormalPrior": ({"mu": 0.0, "sigma": 1.0}, dist.LogNormal, ("loc", "scale")),
}

_KEYS = {"type", "parameters", "weight"}
_PARAMETER_KEYS = {"name", "value", "unit", "error", "min", "max"}


def prior_from_dict(
    data: Mapping[str, Any], factor: float, unit: str, where: str
) -> dist.Distribution:
    """Read a prior.

    Parameters
    ----------
    data :
        The ``prior`` block.
    factor :
        Internal value of one unit of the parameter as written in the file.
    unit :
        Internal unit of the parameter.
    where :
        Place in the file, for errors.

    Raises
    ------
    gjax.errors.ConfigError
        If the type of prior or a key is not known, or a number cannot be.
    """
    check_keys(data, _KEYS, where)
    name = data.get("type")
    if name not in _PRIORS:
        raise ConfigError(
            f"prior {name!r} is not supported; {nearest(str(name), _PRIORS)}", key=where
        )
    defaults, distribution, _ = _PRIORS[name]
    values, scales = dict(defaults), dict.fromkeys(defaults, factor)
    for entry in data.get("parameters") or []:
        check_keys(entry, _PARAMETER_KEYS, where)
        check_keys([entry.get("name")], defaults, where)
        values[entry["name"]] = _number(
            entry.get("value", defaults[entry["name"]]), f"{where}.{entry['name']}"
        )
        if entry.get("unit"):
            try:
                scales[entry["name"]] = float(u.Unit(entry["unit"]).to(unit))
            except (ValueError, u.UnitConversionError) as error:
                raise ConfigError(str(error), key=f"{where}.{entry['name']}") from None
    if name == "LogNormalPrior":
        # The logarithm of a number in other units is shifted, not stretched.
        values["mu"] += math.log(scales["mu"])
        scales["mu"] = scales["sigma"] = 1.0
    scales["eta"] = 1.0
    numbers = {key: values[key] * scales[key] for key in defaults}
    _check_numbers(name, numbers, where)
    prior = distribution(*numbers.values())
    weight = _number(data.get("weight", 1), f"{where}.weight")
    if not weight > 0:
        raise ConfigError(f"weight is {weight}, should be positive", key=where)
    return prior if weight == 1 else Weighted(prior, weight)


def prior_bounds(prior: dist.Distribution) -> tuple[float, float] | None:
    """Give the ends of a uniform or log-uniform prior, which are also bounds; None for others."""
    if isinstance(prior, Weighted):
        return prior_bounds(prior.base)
    if isinstance(prior, (dist.Uniform, dist.LogUniform)):
        return float(prior.low), float(prior.high)
    return None


def prior_to_dict(prior: Any, bounds: tuple[float, float], unit: str, where: str) -> dict[str, Any]:
    """Write a prior, with numbers in internal units.

    A uniform or log-uniform prior is cut to the bounds of its parameter, because in the file its
    ends replace them.

    Raises
    ------
    gjax.errors.ConfigError
        If the file format has no such prior.
    """
    if isinstance(prior, Weighted):
        return prior_to_dict(prior.base, bounds, unit, where) | {"weight": float(prior.weight)}
    for name, (defaults, distribution, fields) in _PRIORS.items():
        if type(prior) is distribution:
            numbers = [float(getattr(prior, field)) for field in fields]
            if fields == ("low", "high"):
                numbers = [max(numbers[0], bounds[0]), min(numbers[1], bounds[1])]
            units = ["" if name == "LogNormalPrior" or key == "eta" else unit for key in defaults]
            parameters = [
                {"name": key, "value": value, "unit": unit}
                for key, value, unit in zip(defaults, numbers, units, strict=True)
            ]
            return {"type": name, "parameters": parameters, "weight": 1}
    raise ConfigError(
        f"a models file cannot hold a {type(prior).__name__} prior; it knows {', '.join(_PRIORS)}",
        key=where,
    )


def _number(value: Any, where: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{value!r} should be a number", key=where) from None


def _check_numbers(name: str, numbers: Mapping[str, float], where: str) -> None:
    if "min" in numbers and not numbers["min"] < numbers["max"]:
        raise ConfigError(f"min {numbers['min']} is not below max {numbers['max']}", key=where)
    if name == "LogUniformPrior" and numbers["min"] <= 0:
        raise ConfigError(f"min is {numbers['min']}, should be positive", key=where)
    for key in ("sigma", "eta"):
        if numbers.get(key, 1.0) <= 0:
            raise ConfigError(f"{key} is {numbers[key]}, should be positive", key=where)
