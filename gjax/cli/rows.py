"""What a run says about each dataset: counts, predictions and statistic, summed over its mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.infer.result import FitResult
from gjax.model import Models
from gjax.model.background import FoVBackground
from gjax.predict.backgrounds import spatial_factor
from gjax.stats.wstat import profiled_background

__all__ = ["background_counts", "dataset_rows", "predicted_background"]


def background_counts(dataset: Dataset, models: Models) -> np.ndarray | None:
    """Predict the background of a dataset with its model, shape ``(ereco, y, x)``."""
    if dataset.background is None:
        return None
    return _scaled(np.asarray(dataset.background), dataset, models)


def _scaled(cube: np.ndarray, dataset: Dataset, models: Models) -> np.ndarray:
    """Multiply with the background model of a dataset, if it has one."""
    for model in models.members:
        if isinstance(model, FoVBackground) and model.applies_to(dataset.name):
            cube = cube * np.asarray(model.spectral(dataset.energy.center))[:, None, None]
            cube = cube * spatial_factor(dataset, model)
    return cube


def predicted_background(dataset: Dataset, signal: np.ndarray, models: Models) -> np.ndarray:
    """Give the background of on/off data that fits best to a signal, shape ``(ereco, y, x)``.

    Parameters
    ----------
    dataset :
        A dataset with off counts and acceptances.
    signal :
        Predicted counts of all sources, shape ``(ereco, y, x)``.
    models :
        The models; one of the background scales the ratio of acceptances.

    Returns
    -------
    background :
        In the on region; zero where there is no acceptance off the source.
    """
    alpha = _scaled(np.asarray(dataset.alpha), dataset, models)
    known = alpha > 0
    ratio = np.where(known, alpha, 1.0)
    counts, off = np.asarray(dataset.counts, float), np.asarray(dataset.counts_off, float)
    return np.where(known, ratio * np.asarray(profiled_background(counts, off, ratio, signal)), 0.0)


def dataset_rows(
    datasets: Sequence[AnyDataset], npred: Sequence[np.ndarray], fit: FitResult
) -> list[dict[str, Any]]:
    """Count what is in the mask of each dataset.

    Parameters
    ----------
    datasets, npred :
        The datasets, and what is predicted for each: counts (of on/off data the signal), or fluxes.
    fit :
        The fit.

    Returns
    -------
    rows :
        For each dataset ``name``, ``shape``, ``mask`` (number of bins in it) and, summed over the
        mask, ``counts``, ``npred`` (in all), ``npred_signal`` (of the sources), ``background`` (as
        reduced) and ``npred_background`` (with its model; of on/off data the best for the signal);
        ``stat``; ``livetime`` in s and ``obs_ids``. On/off data have ``counts_off``, ``alpha``
        (mean over the off counts) and ``excess`` as well; flux points the first three and ``stat``.
    """
    rows = []
    for dataset, prediction in zip(datasets, npred, strict=True):
        row = {"name": dataset.name, "stat": fit.stat_datasets[dataset.name]}
        if isinstance(dataset, Dataset):
            row |= _counts(dataset, prediction, fit.models)
        else:
            used = np.asarray(dataset.mask, bool)
            row |= {"shape": used.shape, "mask": int(used.sum())}
        rows.append(row)
    return rows


def _counts(dataset: Dataset, prediction: np.ndarray, models: Models) -> dict[str, Any]:
    mask = dataset.mask

    def total(cube: Any) -> float | None:
        return None if cube is None else float(np.asarray(cube, float)[mask].sum())

    row = {
        "shape": dataset.shape,
        "mask": int(mask.sum()),
        "counts": total(dataset.counts),
        "livetime": None if dataset.livetime is None else float(dataset.livetime),
        "obs_ids": dataset.obs_ids,
    }
    if not dataset.is_onoff:
        background = background_counts(dataset, models)
        signal = prediction if background is None else prediction - background
        return row | {
            "npred": total(prediction),
            "npred_signal": total(signal),
            "background": total(dataset.background),
            "npred_background": total(background),
        }
    background = predicted_background(dataset, prediction, models)
    counts_off = np.asarray(dataset.counts_off, float)
    off, scaled = float(counts_off[mask].sum()), float((dataset.alpha * counts_off)[mask].sum())
    return row | {
        "counts_off": off,
        "alpha": scaled / off if off else None,
        "excess": total(dataset.excess),
        "npred": total(prediction + background),
        "npred_signal": total(prediction),
        "background": scaled,
        "npred_background": total(background),
    }
