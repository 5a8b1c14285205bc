"""Read a configuration: YAML to checked settings.

Every key is either understood, refused by name, or mentioned in a note: none is passed over in
silence. Which keys there are stands in `gjax.cli.schema`; which of them gjax does not do yet, in
`gjax.cli.support`.
"""

from __future__ import annotations

import datetime
import difflib
import inspect
import json
import os
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gjax.cli.schema import Analysis, Section
from gjax.cli.support import check_support
from gjax.errors import ConfigError
from gjax.io.yaml_text import load_yaml

__all__ = ["Configuration", "default_yaml", "parse_config", "read_config"]


@dataclass(frozen=True)
class Configuration:
    """A configuration that can be run.

    Parameters
    ----------
    settings :
        All keys, with defaults where the file has none.
    as_read :
        What the file says, in types that JSON knows.
    folder :
        Folder of the file, where relative paths are looked for first; None without a file.
    notes :
        Sentences on keys that are accepted but have no effect or another one than elsewhere.
    """

    settings: Analysis
    as_read: dict[str, Any]
    folder: Path | None = None
    notes: tuple[str, ...] = ()


def read_config(path: str | os.PathLike[str]) -> Configuration:
    """Read a configuration file.

    Raises
    ------
    ConfigError
        If it is no YAML, has an unknown or unsupported key, or a value that a key cannot have.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration cannot be read: {error}") from None
    return parse_config(text, folder=path.resolve().parent, source=str(path))


def parse_config(
    content: str | Mapping[str, Any], *, folder: Path | None = None, source: str = "configuration"
) -> Configuration:
    """Check a configuration given as YAML text or as nested mappings.

    Parameters
    ----------
    content :
        The configuration.
    folder :
        Where relative paths are looked for first.
    source :
        What to call it in errors.
    """
    data = _load(content, source) if isinstance(content, str) else dict(content)
    data.pop("checksum", None)  # of the text, written by other programs; the text may be edited
    data = _without_empty_sections(data, Analysis)
    _check_keys(data, Analysis)
    try:
        settings = Analysis.model_validate(data)
    except ValidationError as error:
        raise _first_error(error) from None
    return Configuration(settings, _plain(data), folder, check_support(settings))


def default_yaml() -> str:
    """Write every key with its default, as YAML."""
    values = json.loads(Analysis().model_dump_json(exclude={"metadata"}))
    return yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=96)


def _load(text: str, source: str) -> dict[str, Any]:
    try:
        data = load_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{source} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{source} holds no sections such as 'observations' and 'datasets'")
    return data


def _sections(model: type[Section]) -> dict[str, type[Section]]:
    """List the keys of a section that are sections themselves."""
    found = {}
    for name, field in model.model_fields.items():
        if typing.get_origin(field.annotation) is dict:
            continue  # its keys are names that the user chooses
        options = typing.get_args(field.annotation) or (field.annotation,)
        for option in options:
            if inspect.isclass(option) and issubclass(option, Section):
                found[name] = option
    return found


def _without_empty_sections(data: dict[str, Any], model: type[Section]) -> dict[str, Any]:
    """Drop sections without content (``fit:`` and nothing more), which mean their defaults."""
    sections = _sections(model)
    kept = {}
    for key, value in data.items():
        if key in sections and value is None:
            continue
        nested = key in sections and isinstance(value, dict)
        kept[key] = _without_empty_sections(value, sections[key]) if nested else value
    return kept


def _check_keys(data: Mapping[Any, Any], model: type[Section], place: str = "") -> None:
    """Refuse the first key that is unknown, and name the nearest known one."""
    sections = _sections(model)
    for key, value in data.items():
        dotted = f"{place}{key}"
        if key not in model.model_fields:
            raise ConfigError(f"unknown key{_suggestion(str(key), model, place)}", key=dotted)
        if key in sections and isinstance(value, Mapping):
            _check_keys(value, sections[key], f"{dotted}.")


def _suggestion(key: str, model: type[Section], place: str) -> str:
    siblings = {name.lower(): name for name in model.model_fields}
    near = difflib.get_close_matches(key.lower(), list(siblings), n=1, cutoff=0.6)
    if near:
        return f"; did you mean {place}{siblings[near[0]]}?"
    everywhere = dict(_all_keys(Analysis))
    same = [dotted for dotted, name in everywhere.items() if name == key.lower()]
    if not same:
        names = difflib.get_close_matches(key.lower(), list(everywhere.values()), n=1, cutoff=0.75)
        same = [dotted for dotted, name in everywhere.items() if name in names]
    if same:
        # The place that shares most of its sections with the one written comes first.
        written = set(place.split("."))
        same.sort(key=lambda dotted: -len(written & set(dotted.split("."))))
        return f"; did you mean {same[0]}?"
    return f"; known here: {', '.join(model.model_fields)}"


def _all_keys(model: type[Section], place: str = "") -> Iterator[tuple[str, str]]:
    sections = _sections(model)
    for name in model.model_fields:
        yield f"{place}{name}", name.lower()
        if name in sections:
            yield from _all_keys(sections[name], f"{place}{name}.")


def _first_error(error: ValidationError) -> ConfigError:
    """Turn the first of pydantic's errors into one sentence."""
    detail = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in detail["loc"])
    problem = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "model_type":
        problem = "a group of keys is needed here"
    if isinstance(detail["input"], (str, int, float, bool, list)):
        problem = f"{problem[:1].lower()}{problem[1:]} (got {detail['input']!r})"
    return ConfigError(problem, key=key)


def _plain(value: Any) -> Any:
    """Reduce to what JSON knows: dates become ISO strings, paths and quantities text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
