"""Checks of names in a models file: an unknown key is an error that gives the nearest known one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from gjax.errors import ConfigError

__all__ = ["GAMMAPY_ONLY", "check_keys", "nearest"]

#: Models of Gammapy that gjax does not have: tag and name, by kind.
GAMMAPY_ONLY: dict[str, dict[str, str]] = {
    "spectral": {
        "dm-annihilation": "DarkMatterAnnihilationSpectralModel",
        "dm-decay": "DarkMatterDecaySpectralModel",
        "naima": "NaimaSpectralModel",
    },
}


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the nearest known name, or list them all."""
    names = sorted(known)
    meant = {known.lower(): known for known in names}
    near = difflib.get_close_matches(name.lower(), meant, n=1)
    return f"did you mean {meant[near[0]]!r}?" if near else f"there are: {', '.join(names)}"


def check_keys(found: Any, known: Iterable[str], where: str) -> None:
    """Refuse keys that are not known.

    Raises
    ------
    gjax.errors.ConfigError
        With the place of the first unknown key and the nearest known one.
    """
    for key in found:
        if key not in known:
            raise ConfigError(f"unknown key {key!r}; {nearest(str(key), known)}", key=where)
