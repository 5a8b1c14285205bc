"""Prior densities between models files and numpyro.

A number in a prior is in the unit of its parameter, unless it has a unit of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpyro.distributions as dist
from astropy import units as u

from gjax.errors import ConfigError
from gjax.io.models.keys import check_keys, nearest

__all__ = ["prior_bounds", "prior_from_dict", "prior_to_dict"]

# Name in the file -> the two parameters with Gammapy's defaults, and the distribution.
_PRIORS: dict[str, tuple[dict[str, float], Any]] = {
    "GaussianPrior": ({"mu": 0.0, "sigma": 1.0}, dist.Normal),
    "UniformPrior": ({"min": 0.0, "max": 1.0}, dist.Uniform),
    "LogUniformPrior": ({"min": 1e-14, "max": 1e-10}, dist.LogUniform),
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
        If the type of prior, a key or a weight is not supported.
    """
    check_keys(data, _KEYS, where)
    name = data.get("type")
    if name not in _PRIORS:
        raise ConfigError(
            f"prior {name!r} is not supported; {nearest(str(name), _PRIORS)}", key=where
        )
    if float(data.get("weight", 1)) != 1.0:
        raise ConfigError(f"a weight of {data['weight']} is not supported, only 1", key=where)
    defaults, distribution = _PRIORS[name]
    values = dict(defaults)
    scales = dict.fromkeys(defaults, factor)
    for entry in data.get("parameters") or []:
        check_keys(entry, _PARAMETER_KEYS, where)
        check_keys([entry.get("name")], defaults, where)
        values[entry["name"]] = float(entry.get("value", defaults[entry["name"]]))
        if entry.get("unit"):
            try:
                scales[entry["name"]] = float(u.Unit(entry["unit"]).to(unit))
            except (ValueError, u.UnitConversionError) as error:
                raise ConfigError(str(error), key=f"{where}.{entry['name']}") from None
    first, second = (values[key] * scales[key] for key in defaults)
    if name != "GaussianPrior" and not first < second:
        raise ConfigError(f"min {first} is not below max {second}", key=where)
    if name == "LogUniformPrior" and first <= 0:
        raise ConfigError(f"min is {first}, should be positive", key=where)
    if name == "GaussianPrior" and second <= 0:
        raise ConfigError(f"sigma is {second}, should be positive", key=where)
    return distribution(first, second)


def prior_bounds(prior: dist.Distribution) -> tuple[float, float] | None:
    """Give the ends of a uniform or log-uniform prior, which are also bounds; None for others."""
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
    for name, (defaults, distribution) in _PRIORS.items():
        if type(prior) is distribution:
            if name == "GaussianPrior":
                pair = prior.loc, prior.scale
            else:
                pair = max(float(prior.low), bounds[0]), min(float(prior.high), bounds[1])
            parameters = [
                {"name": key, "value": float(value), "unit": unit}
                for key, value in zip(defaults, pair, strict=True)
            ]
            return {"type": name, "parameters": parameters, "weight": 1}
    raise ConfigError(
        f"a models file cannot hold a {type(prior).__name__} prior; it knows {', '.join(_PRIORS)}",
        key=where,
    )
