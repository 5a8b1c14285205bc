"""How a model declares its parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import equinox as eqx
import jax
import numpy as np

from gjax.errors import UnknownNameError
from gjax.units import to_internal

__all__ = [
    "Key",
    "ParameterSpec",
    "own_values",
    "param",
    "param_tuple",
    "parameter_leaves",
    "specs",
    "with_values",
]

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
        return _as_scalar(to_internal(value, unit, "parameter"))

    return eqx.field(default=default, converter=convert, metadata={"parameter": spec})


def param_tuple(declare: Callable[[Any], Mapping[str, ParameterSpec]], *, unit: str = "") -> Any:
    """Declare parameters whose number is known only once the model exists: a tuple field.

    Parameters
    ----------
    declare :
        Takes the model and gives the name and declaration of each element, in order. The names
        stand beside those of the model's other parameters: in keys, tables and models files.
    unit :
        Unit of the elements, as for `param`, where they share one.

    Examples
    --------
    >>> class Steps(eqx.Module):
    ...     norms: tuple[float, ...] = param_tuple(
    ...         lambda model: {f"norm_{i}": ParameterSpec(1.0) for i in range(len(model.norms))}
    ...     )
    >>> list(specs(Steps(norms=(1.0, 2.0))))
    ['norm_0', 'norm_1']
    """

    def convert(values: Any) -> tuple[Any, ...]:
        if hasattr(values, "unit"):
            values = to_internal(values, unit, "parameters")
        return tuple(_as_scalar(to_internal(value, unit, "parameter")) for value in values)

    return eqx.field(converter=convert, metadata={"parameters": declare})


def specs(model: Any) -> dict[str, ParameterSpec]:
    """List the parameters that a model declares itself, in order.

    A class may be given as well; parameters that are known only once the model exists
    (`param_tuple`) are then left out.
    """
    declared: dict[str, ParameterSpec] = {}
    for field in dataclasses.fields(model):
        if "parameter" in field.metadata:
            declared[field.name] = field.metadata["parameter"]
        elif "parameters" in field.metadata and not isinstance(model, type):
            declared.update(field.metadata["parameters"](model))
    return declared


def own_values(model: Any) -> dict[str, Any]:
    """Give the values of the parameters that a model declares itself, in the order of `specs`."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(model):
        if "parameter" in field.metadata:
            values[field.name] = getattr(model, field.name)
        elif "parameters" in field.metadata:
            names = field.metadata["parameters"](model)
            values.update(zip(names, getattr(model, field.name), strict=True))
    return values


def with_values(model: Any, values: Mapping[str, Any]) -> Any:
    """Give the model with other values of parameters that it declares itself.

    Parameters
    ----------
    model :
        The model.
    values :
        New values by the names of `specs`; the others stay.

    Raises
    ------
    gjax.errors.UnknownNameError
        If the model has no parameter of a name.
    """
    changes: dict[str, Any] = {}
    known = own_values(model)
    for name in values:
        if name not in known:
            raise UnknownNameError(f"no parameter {name!r}; there are: {', '.join(known)}")
    for field in dataclasses.fields(model):
        if "parameter" in field.metadata and field.name in values:
            changes[field.name] = values[field.name]
        elif "parameters" in field.metadata:
            names = field.metadata["parameters"](model)
            changes[field.name] = tuple(values.get(name, known[name]) for name in names)
    return dataclasses.replace(model, **changes)


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
            declared = _declared_at(member, path)
            if declared is not None:
                place, spec = declared
                found.append(((name, *place), spec, leaf, number))
            number += 1
    return found


def _declared_at(member: Any, path: Sequence[Any]) -> tuple[Key, ParameterSpec] | None:
    """Find what is declared of the leaf at the end of a path; None if it is no parameter."""
    owners = [member]
    for step in path:
        last = owners[-1]
        owners.append(getattr(last, step.name) if hasattr(step, "name") else last[_entry(step)])
    # A parameter is a field of a module, or an element of one that is a tuple of parameters.
    for depth in (1, 2):
        if len(path) < depth or not isinstance(owner := owners[-1 - depth], eqx.Module):
            continue
        name = _entry(path[-depth])
        metadata = next((f.metadata for f in dataclasses.fields(owner) if f.name == name), {})
        place = tuple(str(_entry(step)) for step in path[:-depth])
        if depth == 1 and "parameter" in metadata:
            return (*place, name), metadata["parameter"]
        if depth == 2 and "parameters" in metadata:
            name, spec = list(metadata["parameters"](owner).items())[_entry(path[-1])]
            return (*place, name), spec
    return None


def _as_scalar(value: Any) -> Any:
    return np.asarray(value, float) if isinstance(value, (int, float)) else value


def _entry(step: Any) -> Any:
    """Give what one step of a tree path names: a field, a position or a key."""
    for attribute in ("name", "idx", "key"):
        if hasattr(step, attribute):
            return getattr(step, attribute)
    raise TypeError(f"cannot follow the tree path entry {step!r}")
