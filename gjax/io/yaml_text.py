"""YAML text to plain Python objects, for configurations and models alike.

What the keys mean is not known here.
"""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from gjax.errors import ConfigError

__all__ = ["dump_yaml", "load_yaml", "text_checksum"]


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML in which no key is given twice (plain YAML lets the last one win in silence)."""


def _unique_mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, (str, int, float, bool, type(None))):
            continue  # a date, or what plain YAML refuses itself
        if key in seen:
            raise ConfigError(
                f"the key is given twice, line {key_node.start_mark.line + 1}", key=str(key)
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def load_yaml(text: str) -> Any:
    """Parse YAML text.

    Raises
    ------
    gjax.errors.ConfigError
        If a key is given twice in one mapping.
    yaml.YAMLError
        If it is no YAML.
    """
    return yaml.load(text, Loader=_UniqueKeyLoader)


def dump_yaml(data: dict[str, Any], *, checksum: bool = False) -> str:
    """Write plain objects as YAML text, in the form of Gammapy.

    Parameters
    ----------
    data :
        What to write; keys keep their order.
    checksum :
        Whether the last key is ``checksum``, the MD5 sum of the text before it, which Gammapy
        checks.
    """
    text = yaml.safe_dump(data, sort_keys=False, indent=4, width=80, default_flow_style=False)
    if not checksum:
        return text
    return f"{text}checksum: {text_checksum(text)}\n"


def text_checksum(text: str) -> str:
    """Give the MD5 sum of YAML text, as Gammapy writes it behind the text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
