"""What a sampling run that was interrupted needs to go on, and to which problem it belongs.

Lives here: the interface of what keeps a state, and the fingerprint of a problem. Files are written
by `gjax.io.checkpoint`.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from typing import Any, Protocol

import jax
import numpy as np

from gjax.infer.diagnostics import PosteriorWarning

__all__ = ["Checkpoint", "CheckpointError", "check_fingerprint", "fingerprint"]

#: Largest relative difference between two fits of the same problem on different machines.
_TOLERANCE = 1e-8


class CheckpointError(ValueError):
    """A checkpoint of another problem, or of a run with other settings."""


class Checkpoint(Protocol):
    """Keeps the state of a run; `gjax.io.checkpoint.CheckpointFile` keeps it in a file."""

    def load(self) -> dict[str, np.ndarray] | None:
        """Give the arrays that were saved last, or None."""
        ...

    def save(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Replace what was saved before, as a whole or not at all."""
        ...


def fingerprint(problem: Any, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Describe data, models and settings in a few arrays that tell them from others.

    Counts, masks and structure enter exactly. Other numbers enter as projections that are compared
    to a part in 1e8, since a fit that is repeated on another machine may end at another last
    digit.

    Parameters
    ----------
    problem :
        A tree of arrays, such as an `gjax.infer.Objective`.
    settings :
        Names and numbers of the run.
    """
    leaves, structure = jax.tree_util.tree_flatten(problem)
    exact = hashlib.sha256(re.sub(r" at 0x[0-9a-f]+", "", str(structure)).encode())
    close, size = [], []
    for leaf in leaves:
        array = np.asarray(leaf)
        exact.update(f"{array.shape}{array.dtype}".encode())
        if array.dtype.kind != "f" or np.all(array == np.rint(array)):
            exact.update(np.ascontiguousarray(array).tobytes())
        else:
            weight = (2.0 + np.cos(np.arange(array.size))) * np.nan_to_num(array.ravel())
            close.append(weight.sum())
            size.append(np.abs(weight).sum())
    return {
        "settings": np.array(json.dumps(dict(settings), sort_keys=True)),
        "problem": np.array(exact.hexdigest()),
        "projection": np.array(close),
        "projection_size": np.array(size),
        "versions": np.array(f"jax {jax.__version__}, {jax.devices()[0].device_kind}"),
    }


def check_fingerprint(saved: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> None:
    """Compare the fingerprint in a checkpoint with that of the problem at hand.

    Raises
    ------
    CheckpointError
        If the checkpoint belongs to other data or models, or to other settings, which are named.
    """
    if missing := [name for name in own if name not in saved]:
        raise CheckpointError(f"this is no checkpoint of a sampling run: it has no {missing[0]!r}")
    remedy = "give another file, or remove this one to start anew"
    before, now = (json.loads(str(found["settings"])) for found in (saved, own))
    if before != now:
        names = [name for name in now if before.get(name) != now[name]]
        changed = ", ".join(f"{name} was {before.get(name)}, not {now[name]}" for name in names)
        raise CheckpointError(f"the checkpoint was made with other settings ({changed}): {remedy}")
    same = str(saved["problem"]) == str(own["problem"])
    if not same or not _are_close(saved, own):
        raise CheckpointError(
            "the checkpoint belongs to other data, models or parameters than these: " + remedy
        )
    if str(saved["versions"]) != str(own["versions"]):
        warnings.warn(
            f"the run began with {saved['versions']} and goes on with {own['versions']}: its draws "
            "are valid, but not those of a run without interruption bit by bit",
            PosteriorWarning,
            stacklevel=2,
        )


def _are_close(saved: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> bool:
    if saved["projection"].shape != own["projection"].shape:
        return False
    room = _TOLERANCE * (own["projection_size"] + 1e-300)
    return bool((np.abs(saved["projection"] - own["projection"]) <= room).all())
