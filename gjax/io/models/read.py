"""Reading models files."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gjax.errors import ConfigError, FileFormatError, UnknownNameError
from gjax.io.models.contents import ModelsFile
from gjax.io.models.covariance import read_covariance
from gjax.io.models.keys import GAMMAPY_ONLY, check_keys
from gjax.io.models.parameter import Record, read_parameters
from gjax.io.yaml_text import load_yaml
from gjax.model import FoVBackground, Model, Models, SkyModel
from gjax.model.registry import lookup
from gjax.parameters import Parameters, specs

__all__ = ["models_from_dict", "read_models"]

# Beside the models: provenance, and the report of a fit that Gammapy writes into the same file.
_TOP_KEYS = {
    "components",
    "covariance",
    "metadata",
    "checksum",
    "OptimizeResult",
    "CovarianceResult",
}
_SKY_KEYS = {"name", "type", "spectral", "spatial", "temporal", "datasets_names", "apply_irf"}
_BACKGROUND_KEYS = {"name", "type", "spectral", "spatial", "datasets_names"}


def read_models(path: str | os.PathLike[str]) -> ModelsFile:
    """Read a models file in Gammapy's YAML format, with the covariance file beside it.

    Values in any unit are converted; what the file leaves out has the default of the model class.
    The covariance file may be missing.

    Parameters
    ----------
    path :
        The YAML file.

    Raises
    ------
    gjax.errors.ConfigError
        If a model, a parameter or a key is unknown or not supported; the message has its place and
        the nearest known name.
    gjax.errors.FileFormatError
        If the file is no YAML, or the covariance does not fit the models.
    """
    path = Path(path)
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise FileFormatError(f"not a YAML file: {problem}", path=path) from None
    except ConfigError as error:
        raise ConfigError(str(error), key=path.name) from None
    if not isinstance(data, Mapping):
        raise FileFormatError("a models file should be a mapping with 'components'", path=path)
    models, records = _read_components(data, path.name)
    contents = _assemble(models, records)
    filename = data.get("covariance")
    beside = None if filename is None else path.parent / filename
    if beside is None or not beside.is_file():
        return contents
    covariance = read_covariance(beside, len(records))
    factors = np.array([record.factor for record in records])
    covariance = covariance * factors * factors[:, None]
    errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    return dataclasses.replace(contents, covariance=covariance, errors=errors)


def models_from_dict(data: Mapping[str, Any], source: str = "models") -> ModelsFile:
    """Build models from the contents of a models file, without the covariance.

    Parameters
    ----------
    data :
        Mapping with ``components``, as parsed from YAML.
    source :
        Where it comes from; named in errors.

    Raises
    ------
    gjax.errors.ConfigError
        As for `read_models`.
    """
    return _assemble(*_read_components(data, source))


def _read_components(data: Mapping[str, Any], source: str) -> tuple[Models, list[Record]]:
    check_keys(data, _TOP_KEYS, source)
    pairs: list[tuple[str, Model]] = []
    records: list[Record] = []
    for i, component in enumerate(data.get("components") or []):
        where = f"{source}: components[{i}]"
        if not isinstance(component, Mapping) or "type" not in component:
            raise ConfigError("a component should be a mapping with a type", key=where)
        cls = _find("component", component["type"], f"{where}.type")
        read = _read_sky if cls is SkyModel else _read_background
        name, model, found = read(component, where)
        pairs.append((name, model))
        records.extend(found)
    try:
        return Models.create(pairs), _resolve_links(records)
    except ValueError as error:
        raise ConfigError(str(error), key=source) from None


def _read_sky(component: Mapping[str, Any], where: str) -> tuple[str, SkyModel, list[Record]]:
    check_keys(component, _SKY_KEYS, where)
    if not component.get("name"):
        raise ConfigError("a SkyModel needs a name", key=where)
    name = str(component["name"])
    where = f"{where} ({name})"
    temporal = component.get("temporal")
    if temporal is not None:
        kind = temporal.get("type") if isinstance(temporal, Mapping) else temporal
        raise ConfigError(f"temporal model {kind!r} is not supported yet", key=f"{where}.temporal")
    responses = component.get("apply_irf") or {}
    if not isinstance(responses, Mapping):
        raise ConfigError("should be a mapping such as {psf: true}", key=f"{where}.apply_irf")
    if not all(responses.values()):
        raise ConfigError("switching off a response is not supported yet", key=f"{where}.apply_irf")
    if component.get("spectral") is None:
        raise ConfigError("a SkyModel needs a spectral model", key=where)
    spectral, records = _read_part(component, "spectral", name, where)
    spatial = None
    if component.get("spatial") is not None:
        spatial, more = _read_part(component, "spatial", name, where)
        records = records + more
    names = component.get("datasets_names")
    return name, SkyModel(spectral, spatial, datasets_names=names), records


def _read_background(
    component: Mapping[str, Any], where: str
) -> tuple[str, FoVBackground, list[Record]]:
    check_keys(component, _BACKGROUND_KEYS, where)
    datasets = component.get("datasets_names")
    datasets = [datasets] if isinstance(datasets, str) else datasets or []
    if len(datasets) != 1:
        raise ConfigError(
            f"a FoVBackgroundModel belongs to one dataset, not {len(datasets)}",
            key=f"{where}.datasets_names",
        )
    if component.get("spatial") is not None:
        raise ConfigError(
            "a spatial model of the background is not supported yet", key=f"{where}.spatial"
        )
    model = FoVBackground(str(datasets[0]))
    name = str(component.get("name") or model.default_name)
    block = component if component.get("spectral") else {"spectral": {"type": "pl-norm"}}
    spectral, records = _read_part(block, "spectral", name, f"{where} ({name})")
    return name, FoVBackground(model.dataset, spectral), records


def _read_part(
    component: Mapping[str, Any], kind: str, name: str, where: str
) -> tuple[Any, list[Record]]:
    """Read the spectral or spatial block of a component."""
    block, where = component[kind], f"{where}.{kind}"
    if not isinstance(block, Mapping) or "type" not in block:
        raise ConfigError("should be a mapping with a type", key=where)
    cls = _find(kind, block["type"], f"{where}.type")
    fields = {"frame"} if kind == "spatial" else set()
    check_keys(block, {"type", "parameters"} | fields, where)
    records = read_parameters(block.get("parameters"), specs(cls), (name, kind), where)
    values = {record.key[-1]: record.value for record in records}
    try:
        return cls(**values, **{key: block[key] for key in fields if key in block}), records
    except ValueError as error:
        raise ConfigError(str(error), key=where) from None


def _find(kind: str, tag: str, where: str) -> Any:
    if tag in GAMMAPY_ONLY[kind] or tag in GAMMAPY_ONLY[kind].values():
        raise ConfigError(f"Gammapy's {kind} model {tag!r} is not supported yet", key=where)
    try:
        return lookup(kind, tag)
    except UnknownNameError as error:
        raise ConfigError(str(error), key=where) from None


def _resolve_links(records: list[Record]) -> list[Record]:
    """Let parameters with a common label be what the first of them is."""
    first: dict[str, Record] = {}
    resolved = []
    for record in records:
        if record.link is not None:
            target = first.setdefault(record.link, record)
            if target is not record:
                record = dataclasses.replace(  # noqa: PLW2901
                    target, key=record.key, factor=record.factor
                )
        resolved.append(record)
    return resolved


def _assemble(models: Models, records: list[Record]) -> ModelsFile:
    """Put the values of linked parameters into the models, and the choices into a table."""
    parameters = Parameters.from_models(models)
    order = {record.key: record for record in records}
    records = [order[key] for key in parameters.keys]
    parameters = dataclasses.replace(
        parameters,
        values=np.array([record.value for record in records]),
        minimum=np.array([record.min for record in records]),
        maximum=np.array([record.max for record in records]),
        frozen=tuple(record.frozen for record in records),
    )
    first: dict[str, Record] = {}
    for record in records:
        target = record if record.link is None else first.setdefault(record.link, record)
        if target is not record:
            parameters = parameters.link(record.key, target.key)
        elif record.prior is not None:
            parameters = parameters.prior(record.key, record.prior)
    errors = np.array([record.error for record in records])
    return ModelsFile(_with_values(models, parameters), parameters, errors)


def _with_values(models: Models, parameters: Parameters) -> Models:
    values = dict(zip(parameters.keys, parameters.values, strict=True))
    members = []
    for name, model in models.items():
        parts = {}
        for kind in ("spectral", "spatial"):
            part = getattr(model, kind, None)
            if part is not None:
                new = {field: float(values[name, kind, field]) for field in specs(part)}
                parts[kind] = dataclasses.replace(part, **new)
        members.append(dataclasses.replace(model, **parts))
    return Models(models.names, tuple(members))
