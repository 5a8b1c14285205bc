"""Where the files that a configuration names are looked for."""

from __future__ import annotations

import os
import re
from pathlib import Path

from gjax.errors import ConfigError

__all__ = ["expand", "find_file"]

_VARIABLE = re.compile(r"\$(\w+|\{\w+\})")


def expand(path: str | os.PathLike[str], *, key: str | None = None) -> Path:
    """Replace ``$VARIABLE`` and ``~`` in a path.

    Raises
    ------
    ConfigError
        If a variable is not set.
    """
    text = os.path.expandvars(os.path.expanduser(os.fspath(path)))
    unset = _VARIABLE.search(text)
    if unset:
        name = unset.group(1).strip("{}")
        raise ConfigError(
            f"the environment variable {name} in {os.fspath(path)!r} is not set", key=key
        )
    return Path(text)


def find_file(
    path: str | os.PathLike[str], *, beside: Path | None = None, key: str | None = None
) -> Path:
    """Find an existing file or folder.

    An absolute path is taken as it is. A relative one is looked for beside the configuration, then
    in the working folder.

    Parameters
    ----------
    path :
        Path as written; ``$VARIABLE`` and ``~`` are replaced.
    beside :
        Folder of the configuration.
    key :
        Key of the configuration that named it, for the error.

    Raises
    ------
    ConfigError
        If it is in neither place; both are named.
    """
    expanded = expand(path, key=key)
    if expanded.is_absolute():
        places = [expanded]
    else:
        folders = [Path.cwd()] if beside is None else [beside.resolve(), Path.cwd()]
        places = list(dict.fromkeys(folder / expanded for folder in folders))
    for place in places:
        if place.exists():
            return place
    tried = " nor ".join(str(place) for place in places)
    raise ConfigError(f"no such file or folder: {'neither ' * (len(places) > 1)}{tried}", key=key)
