"""What a result needs to be made again: versions, device, time."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import jax

__all__ = ["provenance"]

_PACKAGES = ("gjax", "jax", "jaxlib", "equinox", "numpyro", "numpy", "scipy", "astropy")


def provenance() -> dict[str, str]:
    """List versions, device and creation time (UTC), as text."""
    found = {"python": platform.python_version()}
    found |= _versions()
    found["device"] = jax.devices()[0].device_kind
    found["created"] = datetime.now(UTC).isoformat(timespec="seconds")
    return found


@cache
def _versions() -> dict[str, str]:
    """Look up the versions of packages: files are read for it, and they cannot change."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
