"""The components of a models file: sources, backgrounds, counts, modifiers of the response."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from gjax.errors import ConfigError, FileFormatError
from gjax.io.maps import read_map
from gjax.io.models.blocks import dump_block, find_class, read_block
from gjax.io.models.keys import check_keys
from gjax.io.models.parameter import Record
from gjax.io.models.place import Place
from gjax.model import FoVBackground, Model, SkyModel
from gjax.model.registry import entry_of
from gjax.model.response_modifier import ResponseModifier
from gjax.model.sky import RESPONSES
from gjax.model.spectral import PowerLawNorm
from gjax.model.template_npred import TemplateNPred
from gjax.parameters import Key

__all__ = ["dump_component", "read_component"]

Read = tuple[str, Model, list[Record]]

# Field of a component -> kind of the model in it, in the order of the parameters.
_PARTS: dict[Any, dict[str, str]] = {
    SkyModel: {"spectral": "spectral", "spatial": "spatial", "temporal": "temporal"},
    FoVBackground: {"spectral": "spectral", "spatial": "spatial"},
    TemplateNPred: {"spectral": "spectral", "spatial": "spatial"},
    ResponseModifier: dict.fromkeys(("aeff", "energy", "background"), "spectral"),
}

# Further keys of a component; "parameters" of a background are those of old files.
_KEYS: dict[Any, set[str]] = {
    SkyModel: {"apply_irf"},
    FoVBackground: {"parameters"},
    TemplateNPred: {"filename", "parameters"},
    ResponseModifier: set(),
}


def read_component(component: Mapping[str, Any], place: Place, where: str) -> Read:
    """Read one component.

    Parameters
    ----------
    component :
        The mapping with its type.
    place :
        Where files are.
    where :
        Place in the file, for errors.

    Raises
    ------
    gjax.errors.ConfigError
        If something is unknown or cannot be.
    """
    cls = find_class("component", component["type"], f"{where}.type")
    known = {"name", "type", "datasets_names"} | set(_PARTS[cls]) | _KEYS[cls]
    check_keys(component, known, where)
    datasets: Any = component.get("datasets_names")
    datasets = [datasets] if isinstance(datasets, str) else datasets
    if cls is FoVBackground:
        if len(datasets or []) != 1:
            raise ConfigError(
                f"a FoVBackgroundModel belongs to one dataset, not {len(datasets or [])}",
                key=f"{where}.datasets_names",
            )
        name = str(component.get("name") or FoVBackground(str(datasets[0])).default_name)
    elif not component.get("name"):
        raise ConfigError(f"a {component['type']} needs a name", key=where)
    else:
        name = str(component["name"])
    where = f"{where} ({name})"
    if cls is SkyModel:
        _check_sky(component, where)
    parts, records = _read_parts(cls, component, name, place, where)
    try:
        return name, _build(cls, component, parts, datasets, place, where), records
    except (ConfigError, FileFormatError):
        raise
    except ValueError as error:
        raise ConfigError(str(error), key=where) from None


def dump_component(name: str, model: Model, entries: Mapping[Key, Any]) -> dict[str, Any]:
    """Write one component.

    Parameters
    ----------
    name, model :
        The model and its name.
    entries :
        What the file says about each parameter, by its key.

    Raises
    ------
    gjax.errors.ConfigError
        If the format cannot hold a part of the model.
    """
    data: dict[str, Any] = {}
    if not (isinstance(model, FoVBackground) and name == model.default_name):
        data["name"] = name
    data["type"] = entry_of("component", model).name
    if model.datasets_names is not None:
        data["datasets_names"] = list(model.datasets_names)
    if isinstance(model, SkyModel) and set(model.apply_irf) != set(RESPONSES):
        data["apply_irf"] = {part: part in model.apply_irf for part in RESPONSES}
    if isinstance(model, TemplateNPred):
        if not model.filename:
            raise ConfigError("the template has no file", key=name)
        data["filename"] = model.filename
    for field, kind in _PARTS[type(model)].items():
        part = getattr(model, field)
        if part is not None:
            data[field] = dump_block(kind, part, (name, field), entries)
    return data


def _read_parts(
    cls: Any, component: Mapping[str, Any], name: str, place: Place, where: str
) -> tuple[dict[str, Any], list[Record]]:
    """Read the models in a component."""
    blocks = {field: component.get(field) for field in _PARTS[cls]}
    if cls in (FoVBackground, TemplateNPred) and blocks["spectral"] is None:
        blocks["spectral"] = {
            "type": entry_of("spectral", PowerLawNorm()).name,
            "parameters": component.get("parameters"),
        }
    parts, records = {}, []
    for field, kind in _PARTS[cls].items():
        if blocks[field] is not None:
            read = read_block(kind, blocks[field], (name, field), place, f"{where}.{field}")
            parts[field], more = read
            records.extend(more)
    return parts, records


def _build(
    cls: Any,
    component: Mapping[str, Any],
    parts: dict[str, Any],
    datasets: Any,
    place: Place,
    where: str,
) -> Any:
    if cls is FoVBackground:
        return FoVBackground(str(datasets[0]), **parts)
    if cls is ResponseModifier:
        return ResponseModifier(datasets or (), **parts)
    if cls is TemplateNPred:
        found = read_map(place.find(component.get("filename"), where))
        axes = [dataclasses.replace(axis, name="energy") for axis in found.axes]
        found = dataclasses.replace(found, data=np.asarray(found.data, float), axes=tuple(axes))
        filename = str(component["filename"])
        return TemplateNPred(found, **parts, datasets_names=datasets, filename=filename)
    responses = component.get("apply_irf") or RESPONSES
    return SkyModel(**parts, datasets_names=datasets, apply_irf=responses)


def _check_sky(component: Mapping[str, Any], where: str) -> None:
    responses = component.get("apply_irf") or {}
    if not isinstance(responses, Mapping):
        raise ConfigError("should be a mapping such as {psf: true}", key=f"{where}.apply_irf")
    if component.get("spectral") is None:
        raise ConfigError("a SkyModel needs a spectral model", key=where)
