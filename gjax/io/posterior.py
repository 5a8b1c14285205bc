"""Posteriors in files: all draws, diagnostics, models, priors and how they were made.

The format is numpy's ``.npz``, so that the draws can be read by two lines of numpy. The models are
in it as the text of a models file; templates go to files of their own beside it.
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from gjax.errors import FileFormatError
from gjax.infer.posterior import Posterior
from gjax.io.atomic import atomic_write
from gjax.io.models import models_from_dict
from gjax.io.models.text import models_to_text
from gjax.io.yaml_text import load_yaml
from gjax.model import Models
from gjax.parameters import Key, Parameters

__all__ = ["read_posterior", "write_posterior"]

_FORMAT = 1

#: What stands in the header as it is.
_PLAIN = ("seed", "warmup", "timing", "versions", "priors", "method", "info")


def write_posterior(
    posterior: Posterior, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a posterior as a whole.

    The arrays are ``names`` and ``units`` of the sampled parameters, ``values`` of shape
    ``(chain, draw, parameter)`` in these units, the sampler's statistics of shape
    ``(chain, draw)``, ``all_values`` of the parameters with those that are frozen or linked, and a
    ``header`` in JSON. The data are not written.

    Parameters
    ----------
    posterior :
        The posterior.
    path :
        The file, which appears whole or not at all.
    overwrite :
        Whether an existing file may be replaced.

    Raises
    ------
    FileExistsError
        If the file exists and may not be overwritten.
    """
    path = Path(path)
    models, note = models_to_text(posterior.models, posterior.parameters, path)
    header = {name: getattr(posterior, name) for name in _PLAIN} | {
        "format": _FORMAT,
        "keys": posterior.parameters.keys,
        "statistics": list(posterior.statistics),
        "models": models,
        "note": note,
    }
    arrays: dict[str, Any] = {
        "names": np.array(posterior.free_names),
        "units": np.array(posterior.units),
        "values": np.asarray(posterior.free_values),
        "all_values": np.asarray(posterior.values),
        "header": np.array(json.dumps(header)),
    } | {name: np.asarray(values) for name, values in posterior.statistics.items()}
    with atomic_write(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


def read_posterior(path: str | os.PathLike[str], models: Models | None = None) -> Posterior:
    """Read a posterior that `write_posterior` has written.

    Parameters
    ----------
    path :
        The file.
    models :
        The models, where the file could not hold them.

    Returns
    -------
    posterior :
        Without the data: predictions need them as an argument.

    Raises
    ------
    gjax.errors.FileFormatError
        If the file is something else, or has no models and none are given.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        header = json.loads(str(arrays["header"]))
        keys = tuple(tuple(key) for key in header["keys"])
        statistics = {name: arrays[name] for name in header["statistics"]}
        values = arrays["all_values"]
        plain = {name: header[name] for name in _PLAIN}
    except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise FileFormatError("this is no posterior of gjax", path=path) from None
    found, table = _models(header, keys, models, path)
    order = [keys.index(key) for key in table.keys]
    return Posterior(
        parameters=table, models=found, values=values[..., order], statistics=statistics, **plain
    )


def _models(
    header: dict[str, Any], keys: tuple[Key, ...], models: Models | None, path: Path
) -> tuple[Any, Parameters]:
    """Find the models with their table, which has the parameters of the posterior."""
    if header["models"] is not None and models is None:
        contents = models_from_dict(load_yaml(header["models"]), path.name, path.parent)
        return contents.models, contents.parameters
    if models is None:
        problem = f"the models are not in this file ({header['note']}): pass models="
        raise FileFormatError(problem, path=path)
    table = Parameters.from_models(models)
    if set(table.keys) != set(keys):
        raise FileFormatError("these models have other parameters than the posterior", path=path)
    free = [key for key in keys if ".".join(key) in header["priors"]]
    return models, table.freeze("*").thaw(*free)
