"""Predicted counts of datasets, for users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import jax
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.predict.fold import Prepared, fold, map_datasets
from gjax.predict.options import Folding
from gjax.predict.physics import Components
from gjax.predict.points import PreparedPoints, predict_points
from gjax.predict.prepare import as_list, prepare
from gjax.stats.wstat import profiled_background

__all__ = ["npred", "npred_prepared", "onoff_background"]


@jax.jit
def _fold_all(prepared: Prepared, models: Any) -> list[Any]:
    def predict(data: Any, physics: Components) -> Any:
        if isinstance(data, PreparedPoints):
            return predict_points(data, physics)
        return fold(data, physics)

    return map_datasets(predict, prepared, models)


def npred_prepared(prepared: Prepared, models: Any) -> list[np.ndarray]:
    """Predict every prepared dataset.

    Returns
    -------
    npred :
        Per dataset counts of shape ``(ereco, y, x)`` (of on/off data those of the signal), or
        differential fluxes of flux points in cm-2 s-1 TeV-1.
    """
    cubes = _fold_all(prepared, models)
    return [np.asarray(c)[:n] for c, n in zip(cubes, prepared.n_energy, strict=True)]


def npred(
    datasets: AnyDataset | Sequence[AnyDataset], models: Any, folding: Folding | None = None
) -> Any:
    r"""Predict what was measured: background and sources folded with the responses.

    The background of on/off data is :math:`\alpha` times the off counts that are the most likely
    for the predicted signal, as in Gammapy.

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
        Counts, shape ``(ereco, y, x)``, or differential fluxes of flux points in
        cm-2 s-1 TeV-1; a list of such arrays if several datasets were given.
    """
    listed = as_list(datasets)
    cubes = npred_prepared(prepare(listed, models, folding=folding), models)
    cubes = [
        cube + onoff_background(dataset, cube) if _is_onoff(dataset) else cube
        for dataset, cube in zip(listed, cubes, strict=True)
    ]
    return cubes[0] if isinstance(datasets, (Dataset, FluxPointsDataset)) else cubes


def onoff_background(dataset: Dataset, npred_signal: np.ndarray) -> np.ndarray:
    r"""Give the most likely background of on/off data for a predicted signal.

    Returns
    -------
    background :
        :math:`\alpha \mu_b` with the off counts of `gjax.stats.wstat.profiled_background`, shape
        ``(ereco, y, x)``; zero in bins without off acceptance.
    """
    counts, off, alpha = dataset.counts, dataset.counts_off, dataset.alpha
    if counts is None or off is None or alpha is None:
        raise ValueError(f"dataset {dataset.name!r} needs counts, off counts and acceptances")
    known = alpha > 0
    found = profiled_background(counts, off, np.where(known, alpha, 1.0), npred_signal)
    return np.where(known, alpha * np.asarray(found), 0.0)


def _is_onoff(dataset: AnyDataset) -> TypeGuard[Dataset]:
    return isinstance(dataset, Dataset) and dataset.is_onoff
