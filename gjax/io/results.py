"""Results as strict JSON: a document that any program reads.

Here are the writing, the reading and the assembly of ``result.json``. The models with their errors
are written by `gjax.io.models`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gjax.errors import FileFormatError
from gjax.io.atomic import atomic_write

__all__ = [
    "parameter_rows",
    "posterior_summary",
    "read_result",
    "to_plain",
    "write_result",
]


def to_plain(value: Any) -> Any:
    """Reduce a value to what strict JSON holds.

    Arrays become lists, and numbers that JSON does not know (NaN and the infinities) become null.

    Raises
    ------
    TypeError
        For an object without a plain form; the message names its type.
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "__array__"):
        return to_plain(np.asarray(value).tolist())
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def parameter_rows(parameters: Any, errors: Any) -> list[dict[str, Any]]:
    """List the parameters of a fit with their errors.

    Parameters
    ----------
    parameters :
        Table of the parameters, at the best fit.
    errors :
        Standard deviation of each, in the order of the table; zero for those that were not fitted.

    Returns
    -------
    rows :
        For each parameter ``name`` (such as ``crab.spectral.index``), ``value``, ``error``,
        ``unit``, ``frozen``, ``min`` and ``max`` (null where unbounded).
    """
    columns = zip(
        parameters.names,
        parameters.values,
        errors,
        parameters.units,
        parameters.frozen,
        parameters.minimum,
        parameters.maximum,
        strict=True,
    )
    names = ("name", "value", "error", "unit", "frozen", "min", "max")
    return [dict(zip(names, map(to_plain, row), strict=True)) for row in columns]


def posterior_summary(posterior: Any) -> dict[str, Any]:
    """Describe a posterior: its diagnostics, and for each sampled parameter where it lies.

    Returns
    -------
    summary :
        ``success``, ``message``, ``chains``, ``samples``, ``warmup``, ``seed``, ``divergences`` and
        ``parameters``: a list of ``name``, ``unit``, ``mean``, ``std``, ``q16``, ``median``,
        ``q84``, ``r_hat`` and ``effective_samples``.
    """
    units = dict(zip(posterior.parameters.names, posterior.parameters.units, strict=True))
    draws = np.asarray(posterior.free_values)
    low, middle, high = np.quantile(draws, (0.158655, 0.5, 0.841345), axis=(0, 1))
    columns = {
        "name": posterior.free_names,
        "unit": [units[name] for name in posterior.free_names],
        "mean": draws.mean(axis=(0, 1)),
        "std": draws.std(axis=(0, 1)),
        "q16": low,
        "median": middle,
        "q84": high,
        "r_hat": posterior.r_hat,
        "effective_samples": posterior.effective_samples,
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {
        "success": posterior.success,
        "message": posterior.message,
        "chains": draws.shape[0],
        "samples": draws.shape[1],
        "warmup": posterior.warmup,
        "seed": posterior.seed,
        "divergences": posterior.divergences,
        "parameters": to_plain(rows),
    }


def write_result(
    document: Mapping[str, Any], path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a result document; the file appears whole or not at all.

    Raises
    ------
    FileExistsError
        If the file exists and may not be overwritten.
    """
    text = json.dumps(to_plain(document), indent=1, allow_nan=False, ensure_ascii=False)
    path = Path(path)
    with atomic_write(path, overwrite=overwrite) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path


def read_result(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a result document.

    Raises
    ------
    gjax.errors.FileFormatError
        If the file is no result: not JSON, or without the keys that every result has.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FileFormatError(f"this is not JSON: {error}", path=path) from None
    if not isinstance(document, dict):
        raise FileFormatError("this is no result of a fit", path=path)
    for key in ("success", "stat", "parameters"):
        if key not in document:
            raise FileFormatError(
                "this is no result of a fit: a key is missing", path=path, column=key
            )
    return document
