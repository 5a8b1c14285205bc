"""Predicted counts of datasets, for users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.predict.fold import Prepared, fold, map_datasets
from gjax.predict.options import Folding
from gjax.predict.prepare import prepare

__all__ = ["npred", "npred_prepared"]


@jax.jit
def _fold_all(prepared: Prepared, models: Any) -> list[Any]:
    return map_datasets(fold, prepared, models)


def npred_prepared(prepared: Prepared, models: Any) -> list[np.ndarray]:
    """Predict the counts of every prepared dataset, each of shape ``(ereco, y, x)``."""
    return [np.asarray(cube) for cube in _fold_all(prepared, models)]


def npred(
    datasets: Dataset | Sequence[Dataset], models: Any, folding: Folding | None = None
) -> Any:
    """Predict counts: background and sources folded with the responses.

    Parameters
    ----------
    datasets :
        One dataset or several.
    models :
        The models; their values are used as they are.
    folding :
        Numerical choices; accurate by default, `gjax.predict.GAMMAPY` for Gammapy's.

    Returns
    -------
    npred :
        Shape ``(ereco, y, x)``; a list of such arrays if several datasets were given.
    """
    cubes = npred_prepared(prepare(datasets, models, folding=folding), models)
    return cubes[0] if isinstance(datasets, Dataset) else cubes
