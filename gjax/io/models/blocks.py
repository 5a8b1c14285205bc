"""The blocks of a component of a models file: a model with its parameters, or a model of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gjax.errors import ConfigError, FileFormatError, UnknownNameError
from gjax.io.models.codecs import codec_of
from gjax.io.models.keys import GAMMAPY_ONLY, check_keys
from gjax.io.models.parameter import Record, read_parameters
from gjax.io.models.place import Place
from gjax.model import spatial, spectral
from gjax.model.registry import entry_of, lookup
from gjax.parameters import Key, specs, with_values

__all__ = ["dump_block", "find_class", "read_block"]

Read = tuple[Any, list[Record]]

_COMPOUND = ("CompoundSpectralModel", "compound")
_SCALE = ("ScaleSpectralModel", "scale")
_ENERGY_DEPENDENT = ("EnergyDependentSpatialModel", "energy-dependent")

# Models of models, which the registry does not hold.
_COMPOSED = {"spectral": (*_COMPOUND, *_SCALE), "spatial": _ENERGY_DEPENDENT}

_OPERATORS = {"add": spectral.Sum, "sub": spectral.Difference, "mul": spectral.Product}


def find_class(kind: str, tag: Any, where: str) -> Any:
    """Find a model class by what a file calls it.

    Raises
    ------
    gjax.errors.ConfigError
        If there is none, with the nearest name.
    """
    known = GAMMAPY_ONLY.get(kind, {})
    if tag in known or tag in known.values():
        raise ConfigError(
            f"Gammapy's {kind} model {tag!r} is not in gjax; "
            "tabulate it as a TemplateSpectralModel",
            key=where,
        )
    try:
        return lookup(kind, tag, _COMPOSED.get(kind, ()))
    except UnknownNameError as error:
        raise ConfigError(str(error), key=where) from None


def read_block(kind: str, block: Any, key: Key, place: Place, where: str) -> Read:
    """Read one block.

    Parameters
    ----------
    kind :
        ``"spectral"``, ``"spatial"`` or ``"temporal"``.
    block :
        The mapping with type and parameters.
    key :
        Key of the model; the names of its parameters are appended.
    place :
        Where files are.
    where :
        Place in the file, for errors.

    Returns
    -------
    model, records :
        The model, and what the file says about its parameters.

    Raises
    ------
    gjax.errors.ConfigError
        If something is unknown or cannot be.
    """
    if not isinstance(block, Mapping) or "type" not in block:
        raise ConfigError("should be a mapping with a type", key=where)
    tag = block["type"]
    if kind == "spectral" and tag in _COMPOUND:
        return _read_compound(block, key, place, where)
    if kind == "spectral" and tag in _SCALE:
        return _read_scale(block, key, place, where)
    if kind == "spatial" and tag in _ENERGY_DEPENDENT:
        return _read_energy_dependent(block, key, place, where)
    cls = find_class(kind, tag, f"{where}.type")
    codec = codec_of(cls)
    check_keys(block, {"type", "parameters"} | codec.keys, where)
    try:
        model = codec.build(cls, block, place, where)
    except (ConfigError, FileFormatError):
        raise
    except (ValueError, UnknownNameError) as error:
        raise ConfigError(str(error), key=where) from None
    return _with_parameters(model, block, key, where)


def dump_block(kind: str, model: Any, key: Key, entries: Mapping[Key, Any]) -> dict[str, Any]:
    """Write one block.

    Parameters
    ----------
    kind, model, key :
        As `read_block` gives them.
    entries :
        What the file says about each parameter, by its key.

    Raises
    ------
    gjax.errors.ConfigError
        If the format cannot hold the model.
    """

    def part(kind: str, field: str, model: Any) -> dict[str, Any]:
        return dump_block(kind, model, (*key, field), entries)

    for name, cls in _OPERATORS.items():
        if type(model) is cls:
            first, second = (part("spectral", f, getattr(model, f)) for f in ("first", "second"))
            _drop_unit(model, first, second)
            return {"type": _COMPOUND[0], "model1": first, "model2": second, "operator": name}
    listed = [entries[(*key, name)] for name in specs(model)]
    if isinstance(model, spectral.Scale):
        inner = part("spectral", "model", model.model)
        return {"type": _SCALE[0], "model": inner, "parameters": listed}
    if isinstance(model, spatial.EnergyDependent):
        factors = {
            name: dump_block("spectral", factor, (*key, "factors", name), entries)
            for name, factor in sorted(model.factors.items())
        }
        inner = part("spatial", "model", model.model)
        return {"type": _ENERGY_DEPENDENT[0], "model": inner, "factors": factors}
    try:
        block: dict[str, Any] = {"type": entry_of(kind, model).name}
    except UnknownNameError as error:
        raise ConfigError(f"cannot be written: {error}", key=".".join(key)) from None
    options = codec_of(type(model)).dump(model)
    if "filename" in options and not options["filename"]:
        raise ConfigError("the template has no file", key=".".join(key))
    return block | options | {"parameters": listed}


def _with_parameters(model: Any, block: Mapping[str, Any], key: Key, where: str) -> Read:
    records = read_parameters(block.get("parameters"), model, key, where)
    values = {record.key[-1]: record.value for record in records}
    return with_values(model, values), records


def _read_compound(block: Mapping[str, Any], key: Key, place: Place, where: str) -> Read:
    check_keys(block, {"type", "model1", "model2", "operator"}, where)
    operator = block.get("operator")
    if operator not in _OPERATORS:
        known = ", ".join(_OPERATORS)
        raise ConfigError(f"operator is {operator!r}, should be one of {known}", key=where)
    parts = [
        read_block("spectral", block.get(name), (*key, field), place, f"{where}.{name}")
        for name, field in (("model1", "first"), ("model2", "second"))
    ]
    (first, records), (second, more) = parts
    return _OPERATORS[operator](first, second), records + more


def _read_scale(block: Mapping[str, Any], key: Key, place: Place, where: str) -> Read:
    check_keys(block, {"type", "model", "parameters"}, where)
    inner, records = read_block(
        "spectral", block.get("model"), (*key, "model"), place, f"{where}.model"
    )
    model, more = _with_parameters(spectral.Scale(inner), block, key, where)
    return model, records + more


def _read_energy_dependent(block: Mapping[str, Any], key: Key, place: Place, where: str) -> Read:
    check_keys(block, {"type", "model", "factors"}, where)
    inner, records = read_block(
        "spatial", block.get("model"), (*key, "model"), place, f"{where}.model"
    )
    factors = block.get("factors")
    if not isinstance(factors, Mapping):
        raise ConfigError("factors should be a mapping from parameter to spectrum", key=where)
    read = {}
    for name in sorted(factors):
        deeper, place_in_file = (*key, "factors", str(name)), f"{where}.factors.{name}"
        read[name], more = read_block("spectral", factors[name], deeper, place, place_in_file)
        records = records + more
    try:
        # The frame is that of the shape, no field.
        model = spatial.EnergyDependent(model=inner, factors=read)  # pyright: ignore[reportCallIssue]
        return model, records
    except ValueError as error:
        raise ConfigError(str(error), key=where) from None


def _drop_unit(model: Any, *blocks: dict[str, Any]) -> None:
    """Make tables pure numbers where they multiply a flux density."""
    if not isinstance(model, spectral.Product):
        return
    for other, block in zip((model.second, model.first), blocks, strict=True):
        if "values" in block and block["values"]["unit"] and _is_flux(other):
            block["values"]["unit"] = ""


def _is_flux(model: Any) -> bool:
    if isinstance(model, (spectral.Sum, spectral.Difference, spectral.Product)):
        return _is_flux(model.first) or _is_flux(model.second)
    if isinstance(model, spectral.Scale):
        return _is_flux(model.model)
    is_flux = any("cm-2" in spec.unit for spec in specs(model).values())
    return is_flux or isinstance(model, spectral.MeyerCrab)
