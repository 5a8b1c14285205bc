"""Names of a package that are imported when they are first asked for (PEP 562).

A package lists where its public names live; the modules behind them, and what those import, are
loaded by the first use. So ``gjax --help`` does not wait for JAX, and a fit does not wait for what
only limits, posteriors or plots need. A name that is also that of its module (``gjax.infer.fit``)
cannot be lazy: importing the module would put the module in its place.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from typing import Any

from gjax.collector import uncollected

__all__ = ["lazy_names"]


def lazy_names(
    package: str, places: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package :
        Its ``__name__``.
    places :
        The names that each module provides. Modules of the package itself are found as well.

    Raises
    ------
    ValueError
        If a name is that of a module of the package, which would shadow it.

    Examples
    --------
    >>> find, names = lazy_names("gjax", {"gjax.maps.axis": ("MapAxis",)})
    >>> find("MapAxis").__name__
    'MapAxis'
    """
    where = {name: module for module, names in places.items() for name in names}
    shadowed = [name for name in where if f"{package}.{name}" in places]
    if shadowed:
        raise ValueError(f"{package}: modules have the names {', '.join(shadowed)}: import them")

    def find(name: str) -> Any:
        with uncollected():
            if name in where:
                value = getattr(importlib.import_module(where[name]), name)
            elif not name.startswith("_") and importlib.util.find_spec(f"{package}.{name}"):
                value = importlib.import_module(f"{package}.{name}")
            else:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
        # The next access finds it in the package itself.
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *where})

    return find, names
