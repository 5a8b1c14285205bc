"""Model parameters: the `param` field of a model."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np

from gjax.units import to_internal

__all__ = ["ParameterSpec", "param", "specs"]


@dataclass(frozen=True)
class ParameterSpec:
    """What a model class declares about one of its parameters.

    Parameters
    ----------
    default :
        Value that a new model gets.
    unit :
        Internal unit, a product of TeV, cm, s, deg and sr (an empty string for a pure number).
    min, max :
        Bounds of the physical domain; None means unbounded.
    frozen :
        Whether a fit leaves the parameter alone unless told otherwise.
    scale :
        Typical size of a step of the parameter; None means the size of the value itself.
    """

    default: float
    unit: str = ""
    min: float | None = None
    max: float | None = None
    frozen: bool = False
    scale: float | None = None


def param(
    default: float,
    *,
    unit: str = "",
    min: float | None = None,
    max: float | None = None,
    frozen: bool = False,
    scale: float | None = None,
) -> Any:
    """Declare a parameter: a scalar field of a model with its unit, domain and fit defaults.

    A Quantity given to the constructor is converted to ``unit`` once; a bare number is taken as
    already in ``unit``.

    Raises
    ------
    astropy.units.UnitConversionError
        At construction, if the unit given does not fit.
    """
    spec = ParameterSpec(default, unit, min, max, frozen, scale)

    def convert(value: Any) -> Any:
        value = to_internal(value, unit, "parameter")
        return np.asarray(value, float) if isinstance(value, (int, float)) else value

    return eqx.field(default=default, converter=convert, metadata={"parameter": spec})


def specs(model: Any) -> dict[str, ParameterSpec]:
    """List the parameters that a model (or model class) declares itself, in order."""
    return {
        field.name: field.metadata["parameter"]
        for field in dataclasses.fields(model)
        if "parameter" in field.metadata
    }
