"""How a model declares its parameters."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeAlias

import equinox as eqx
import jax
import numpy as np

from gjax.units import to_internal

__all__ = ["Key", "ParameterSpec", "param", "parameter_leaves", "specs"]

#: A parameter's key: source name, then the fields down to the parameter.
Key: TypeAlias = tuple[str, ...]


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
        Typical size of a step of the parameter; None means: of order one, or the size of the value
        itself where that is below 1e-3 or above 1e3.
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


def parameter_leaves(models: Any) -> list[tuple[Key, ParameterSpec, Any, int]]:
    """List the parameters of named models, in the order of the leaves of their tree.

    Parameters
    ----------
    models :
        A module whose leaves are those of its members, and whose ``items()`` gives the members with
        their names.

    Returns
    -------
    found :
        Key, declaration, value and number of the leaf of each parameter.
    """
    found, number = [], 0
    for name, member in models.items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(member):
            owner, key = member, [name]
            for step in path[:-1]:
                owner = getattr(owner, step.name) if hasattr(step, "name") else owner[_entry(step)]
                key.append(str(_entry(step)))
            last = _entry(path[-1])
            if isinstance(owner, eqx.Module) and str(last) in (declared := specs(owner)):
                found.append(((*key, str(last)), declared[str(last)], leaf, number))
            number += 1
    return found


def _entry(step: Any) -> Any:
    """Give what one step of a tree path names: a field, a position or a key."""
    for attribute in ("name", "idx", "key"):
        if hasattr(step, attribute):
            return getattr(step, attribute)
    raise TypeError(f"cannot follow the tree path entry {step!r}")
