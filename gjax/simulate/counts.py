"""Binned simulations: counts drawn from a prediction, or the prediction itself.

Single events are drawn in `gjax.simulate.events`.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.typing import ArrayLike

__all__ = ["fake"]


def fake(
    dataset: Dataset, npred: ArrayLike, seed: int | np.random.Generator | None = None
) -> Dataset:
    """Replace the counts of a dataset by simulated ones.

    Parameters
    ----------
    dataset :
        The dataset; everything but its counts is kept.
    npred :
        Expected counts, shape ``(ereco, y, x)``.
    seed :
        Seed or generator of Poisson counts; None puts the expectation itself (an Asimov dataset).

    Returns
    -------
    dataset :
        With float64 ``counts`` in every bin, whatever the masks.

    Raises
    ------
    ValueError
        If the prediction has another shape or a bin that is negative or not finite, or if the
        background of the dataset was measured in an off region, whose counts a prediction of the on
        region does not tell.
    """
    npred = np.asarray(npred, float)
    if npred.shape != dataset.shape:
        raise ValueError(
            f"dataset {dataset.name!r} has shape {dataset.shape}, the prediction {npred.shape}"
        )
    if dataset.is_onoff:
        raise ValueError(f"dataset {dataset.name!r} has off counts, which are not simulated")
    bad = ~np.isfinite(npred) | (npred < 0)
    if bad.any():
        index = tuple(int(value) for value in np.argwhere(bad)[0])
        raise ValueError(f"the prediction is {npred[index]} in bin {index}: no expectation")
    counts = npred if seed is None else np.random.default_rng(seed).poisson(npred).astype(float)
    return dataclasses.replace(dataset, counts=counts)
