"""Reading models files."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import yaml

from gjax.errors import ConfigError, FileFormatError
from gjax.io.models.component import read_component
from gjax.io.models.contents import ModelsFile
from gjax.io.models.covariance import read_covariance
from gjax.io.models.keys import check_keys
from gjax.io.models.parameter import Record
from gjax.io.models.place import Place
from gjax.io.yaml_text import load_yaml
from gjax.model import Model, Models
from gjax.parameters import Parameters, parameter_leaves

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


def read_models(path: str | os.PathLike[str], *, checksum: bool = False) -> ModelsFile:
    """Read a models file in Gammapy's YAML format, with the covariance file beside it.

    Values in any unit are converted; what the file leaves out has the default of the model class.
    The covariance file may be missing. Files of templates are looked for beside the models file,
    then in the working folder; environment variables in their names are expanded.

    Parameters
    ----------
    path :
        The YAML file.
    checksum :
        Whether to compare the file with the checksum in it.

    Raises
    ------
    gjax.errors.ConfigError
        If a model, a parameter or a key is unknown or not supported; the message has its place and
        the nearest known name.
    gjax.errors.FileFormatError
        If the file is no YAML, the covariance does not fit the models, a template is damaged, or
        the checksum is missing or another.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        data = load_yaml(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise FileFormatError(f"not a YAML file: {problem}", path=path) from None
    except ConfigError as error:
        raise ConfigError(str(error), key=path.name) from None
    if not isinstance(data, Mapping):
        raise FileFormatError("a models file should be a mapping with 'components'", path=path)
    if checksum:
        _verify(text, data, path)
    models, records = _read_components(data, path.name, Place(path.parent))
    contents = _assemble(models, records)
    filename = data.get("covariance")
    beside = None if filename is None else path.parent / filename
    if beside is None or not beside.is_file():
        return contents
    covariance = read_covariance(beside, len(records))
    factors = np.array([record.factor for record in records])
    covariance = covariance * factors * factors[:, None]
    # The rows are in the order of the file, which may not be that of the table.
    position = {record.key: i for i, record in enumerate(records)}
    order = [position[key] for key in contents.parameters.keys]
    covariance = covariance[np.ix_(order, order)]
    errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    return dataclasses.replace(contents, covariance=covariance, errors=errors)


def models_from_dict(
    data: Mapping[str, Any],
    source: str = "models",
    folder: str | os.PathLike[str] | None = None,
) -> ModelsFile:
    """Build models from the contents of a models file, without the covariance.

    Parameters
    ----------
    data :
        Mapping with ``components``, as parsed from YAML.
    source :
        Where it comes from; named in errors.
    folder :
        Where files of templates are looked for, before the working folder.

    Raises
    ------
    gjax.errors.ConfigError
        As for `read_models`.
    """
    place = Place(None if folder is None else Path(folder))
    return _assemble(*_read_components(data, source, place))


def _verify(text: str, data: Mapping[str, Any], path: Path) -> None:
    """Compare the text before the checksum with it."""
    given = data.get("checksum")
    if given is None:
        raise FileFormatError("there is no checksum in the file", path=path)
    before = text[: text.rfind("checksum:")]
    if hashlib.md5(before.encode(), usedforsecurity=False).hexdigest() != given:
        raise FileFormatError("the file is not that of its checksum: it was changed", path=path)


def _read_components(
    data: Mapping[str, Any], source: str, place: Place
) -> tuple[Models, list[Record]]:
    check_keys(data, _TOP_KEYS, source)
    pairs: list[tuple[str, Model]] = []
    records: list[Record] = []
    for i, component in enumerate(data.get("components") or []):
        where = f"{source}: components[{i}]"
        if not isinstance(component, Mapping) or "type" not in component:
            raise ConfigError("a component should be a mapping with a type", key=where)
        name, model, found = read_component(component, place, where)
        pairs.append((name, model))
        records.extend(found)
    try:
        return Models.create(pairs), _resolve_links(records)
    except ValueError as error:
        raise ConfigError(str(error), key=source) from None


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
    leaves, structure = jax.tree.flatten(models)
    found = parameter_leaves(models)
    for (_, _, _, number), value in zip(found, parameters.values, strict=True):
        leaves[number] = np.asarray(value)
    return jax.tree.unflatten(structure, leaves)
