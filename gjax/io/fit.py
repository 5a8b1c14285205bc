"""Results of fits in files: values, covariance, how the fit went, models and table.

The format is numpy's ``.npz``: arrays that are read by two lines of numpy, and a header in JSON.
The models are in it as the text of a models file. The data are not written.
"""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import equinox as eqx
import numpy as np

from gjax.dataset import AnyDataset
from gjax.errors import FileFormatError
from gjax.infer.objective import Objective, make_objective
from gjax.infer.problem import Status
from gjax.infer.result import FitResult
from gjax.io.atomic import atomic_write
from gjax.io.models import models_from_dict
from gjax.io.models.text import models_to_text
from gjax.io.yaml_text import load_yaml
from gjax.model import Models
from gjax.parameters import Parameters
from gjax.predict.options import Folding

__all__ = ["read_fit", "write_fit"]

_FORMAT = 1

#: What stands in the header as it is, and what is a tuple of keys.
_PLAIN = (
    "stat",
    "stat_datasets",
    "correlation_condition",
    "gradient_norm",
    "edm",
    "evaluations",
    "timing",
    "versions",
    "covariance_kind",
)
_KEYS = ("at_bounds", "without_effect", "at_kinks", "degenerate", "unplaced")


def write_fit(result: FitResult, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write the result of a fit as a whole.

    The arrays are ``names``, ``values``, ``errors``, ``frozen``, ``minimum``, ``maximum`` and
    ``covariance`` of all parameters, ``theta`` and ``trace`` of `gjax.infer.result.FitResult`, and
    a ``header`` in JSON.

    Parameters
    ----------
    path :
        The file, which appears whole or not at all.
    overwrite :
        Whether an existing file may be replaced.

    Raises
    ------
    FileExistsError
        If the file exists and may not be overwritten.
    """
    path, table = Path(path), result.parameters
    text, note = models_to_text(result.models, table, path)
    header = {name: getattr(result, name) for name in (*_PLAIN, *_KEYS)} | {
        "format": _FORMAT,
        "status": result.status.name,
        "success": result.success,
        "message": result.message,
        "keys": table.keys,
        "free": [table.keys[i] for i in table.free],
        "models": text,
        "note": note,
    }
    arrays: dict[str, Any] = {
        "names": np.array(table.names),
        "values": table.values,
        "errors": result.errors,
        "frozen": np.array(table.frozen),
        "minimum": table.minimum,
        "maximum": table.maximum,
        "covariance": result.covariance,
        "theta": result.theta,
        "scale": _scale(result),
        "trace": np.array(result.trace),
        "header": np.array(json.dumps(header)),
    }
    with atomic_write(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


def read_fit(
    path: str | os.PathLike[str],
    datasets: AnyDataset | Sequence[AnyDataset] | None = None,
    models: Models | None = None,
    parameters: Parameters | None = None,
    folding: Folding | None = None,
) -> FitResult:
    """Read the result of a fit that `write_fit` has written.

    Parameters
    ----------
    path :
        The file.
    datasets :
        The data of the fit. With them the result is as after the fit: limits, profiles and samplers
        go on from it. Without, only what needs no data works.
    models, parameters :
        Models and table of the fit, where the file could not hold them, as with links that are
        functions; values are those of the file.
    folding :
        Numerical choices of the folding.

    Raises
    ------
    gjax.errors.FileFormatError
        If the file is something else, or lacks models or table and none are given.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        header = json.loads(str(arrays["header"]))
        keys = [tuple(key) for key in header["keys"]]
        plain: dict[str, Any] = {name: header[name] for name in _PLAIN}
        plain |= {name: tuple(tuple(key) for key in header.get(name, [])) for name in _KEYS}
        status = Status[header["status"]]
        covariance, theta = arrays["covariance"], arrays["theta"]
        trace = tuple(map(float, arrays["trace"]))
    except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise FileFormatError("this is no result of a fit of gjax", path=path) from None
    found, table = _models(header, models, parameters, path)
    if set(table.keys) != set(keys):
        raise FileFormatError("these models have other parameters than the fit", path=path)
    order = [keys.index(key) for key in table.keys]
    columns = {name: arrays[name][order] for name in ("values", "minimum", "maximum")}
    frozen = tuple(bool(arrays["frozen"][i]) for i in order)
    table = dataclasses.replace(table, frozen=frozen, **columns)
    fixed = table.freeze("*").layout(found)
    found = fixed.models_at(np.zeros(0))
    was_free = [tuple(key) for key in header["free"]]
    place = [was_free.index(table.keys[i]) for i in table.free]
    objective: Any = _NoData(path)
    if datasets is not None:
        objective = _scaled(make_objective(datasets, found, table, folding), arrays["scale"][place])
    return FitResult(
        status=status,
        models=found,
        parameters=table,
        covariance=covariance[np.ix_(order, order)],
        theta=theta[place],
        trace=trace,
        objective=objective,
        **plain,
    )


def _scale(result: FitResult) -> np.ndarray:
    """Give the values of the free parameters per unit of their coordinates."""
    layout = result.parameters.layout(result.models)
    return np.asarray(getattr(result.objective, "layout", layout).scale)


def _scaled(objective: Objective, scale: np.ndarray) -> Objective:
    """Give the objective in the coordinates of the fit, whose scales came from its start."""
    layout = objective.layout
    ratio = np.asarray(layout.scale) / scale
    return eqx.tree_at(
        lambda one: (one.layout.scale, one.layout.lower, one.layout.upper),
        objective,
        (scale, np.asarray(layout.lower) * ratio, np.asarray(layout.upper) * ratio),
    )


class _NoData:
    """Stands for the objective of a result that was read without data."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getattr__(self, name: str) -> NoReturn:
        problem = "was read without data: read_fit(path, datasets) for what needs them"
        raise AttributeError(f"the fit of {self._path} {problem} ({name})")


def _models(
    header: dict[str, Any], models: Models | None, parameters: Parameters | None, path: Path
) -> tuple[Any, Parameters]:
    """Find models and table: those given, else those of the file."""
    if models is not None:
        return models, Parameters.from_models(models) if parameters is None else parameters
    if header["models"] is None:
        raise FileFormatError(
            f"the models are not in this file ({header['note']}): pass models= and parameters=",
            path=path,
        )
    contents = models_from_dict(load_yaml(header["models"]), path.name, path.parent)
    if parameters is None and header["note"]:
        raise FileFormatError(f"{header['note']}: pass parameters=", path=path)
    return contents.models, contents.parameters if parameters is None else parameters
