"""Field types of the configuration: how energies, angles, times and paths are written in YAML.

Each type turns what YAML gives into an astropy object and back into a string. Which keys there are
is the business of `gjax.cli.schema`; what they mean, of `gjax.cli.stages`.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from astropy import units as u
from astropy.coordinates import Angle as AstropyAngle
from astropy.time import Time as AstropyTime
from pydantic import BeforeValidator, PlainSerializer

__all__ = ["Angle", "Energy", "FilePath", "Time", "format_quantity", "format_time"]


def format_quantity(value: u.Quantity) -> str:
    """Write a scalar quantity as a configuration does, e.g. ``"0.5 TeV"``."""
    return f"{value.value:g} {value.unit}" if _short(value) else f"{value.value!r} {value.unit}"


def _short(value: u.Quantity) -> bool:
    return float(f"{value.value:g}") == float(value.value)


def format_time(value: AstropyTime) -> str | list[str]:
    """Write a time or a list of times as ISO strings."""
    return value.iso if value.isscalar else [str(item) for item in value.iso]


def _scalar(value: Any, kind: str, example: str) -> Any:
    if not value.isscalar:
        raise ValueError(f"one {kind} is needed here, such as {example!r}, not a list")
    return value


def _energy(value: Any) -> u.Quantity:
    try:
        quantity = u.Quantity(value)
    except TypeError:
        raise ValueError("not an energy: write it as '0.5 TeV'") from None
    if quantity.unit is None or quantity.unit.physical_type != "energy":
        raise ValueError(f"the unit {str(quantity.unit)!r} is not one of energy: write '0.5 TeV'")
    return _scalar(quantity, "energy", "0.5 TeV")


def _angle(value: Any) -> u.Quantity:
    try:
        angle = AstropyAngle(value)
    except u.UnitsError:
        raise ValueError("an angle needs an angular unit, such as '2.5 deg'") from None
    except (ValueError, TypeError):
        raise ValueError("not an angle: write it with an angular unit, as '2.5 deg'") from None
    return u.Quantity(_scalar(angle, "angle", "2.5 deg"))


def _time(value: Any) -> AstropyTime:
    items = value if isinstance(value, (list, tuple)) else [value]
    if isinstance(value, AstropyTime):
        return value
    # YAML itself turns an unquoted 2019-12-01 into a date, which astropy does not take.
    texts = [
        item.isoformat() if isinstance(item, (datetime.date, datetime.datetime)) else item
        for item in items
    ]
    try:
        times = AstropyTime(texts)
    except (ValueError, TypeError):
        raise ValueError("not a time: write it as '2019-12-01 03:04:05' (UTC)") from None
    return times if isinstance(value, (list, tuple)) else times[0]


def _path(value: Any) -> Path:
    if not isinstance(value, (str, Path)):
        raise ValueError("a path is written as text")
    return Path(value)


#: An energy with its unit, e.g. ``0.5 TeV``.
Energy: TypeAlias = Annotated[
    u.Quantity, BeforeValidator(_energy), PlainSerializer(format_quantity)
]
#: An angle with its unit, e.g. ``2.5 deg`` or ``5h34m31s``.
Angle: TypeAlias = Annotated[u.Quantity, BeforeValidator(_angle), PlainSerializer(format_quantity)]
#: A time, or a list of times, in UTC unless written otherwise.
Time: TypeAlias = Annotated[AstropyTime, BeforeValidator(_time), PlainSerializer(format_time)]
#: A path as written; `gjax.cli.paths.find_file` says where it is looked for.
FilePath: TypeAlias = Annotated[Path, BeforeValidator(_path), PlainSerializer(str)]
