"""Spectra with different energy bins, filled up to one shape.

Each shape costs a compilation, and a spectrum costs next to nothing to evaluate. So the spectra of
several instruments get as many bins as the largest of them: bins without counts and without
exposure, outside the mask.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.dataset.response import EDispKernelMap
from gjax.maps.axis import MapAxis
from gjax.predict.response import edisp_kernel

__all__ = ["alike", "fill_up"]

#: Filling bins are narrow, so that their energies stay where spectra are known.
_RATIO = 1.001

_RECO = ("counts", "background", "counts_off", "acceptance", "acceptance_off")


def alike(datasets: Sequence[AnyDataset]) -> list[AnyDataset]:
    """Fill the spectra among some datasets up to one shape; leave the others as they are."""
    spectra = [d for d in datasets if _can_be_filled(d)]
    n_reco = max((d.energy.nbin for d in spectra), default=0)
    n_true = max((d.energy_true.nbin for d in spectra), default=0)
    return [fill_up(d, n_reco, n_true) if _can_be_filled(d) else d for d in datasets]


def _can_be_filled(dataset: AnyDataset) -> TypeGuard[Dataset]:
    return isinstance(dataset, Dataset) and dataset.is_region and dataset.psf is None


def fill_up(dataset: Dataset, n_reco: int, n_true: int) -> Dataset:
    """Give a spectrum more bins, above its own.

    Parameters
    ----------
    n_reco, n_true :
        Numbers of bins in reconstructed and true energy; not fewer than there are.
    """
    more, beyond = n_reco - dataset.energy.nbin, n_true - dataset.energy_true.nbin
    if more == 0 and beyond == 0:
        return dataset
    energy, true = _extended(dataset.energy, more), _extended(dataset.energy_true, beyond)
    changes: dict[str, Any] = {
        name: _filled(getattr(dataset, name), more)
        for name in _RECO
        if getattr(dataset, name) is not None
    }
    kernel = edisp_kernel(
        dataset.edisp, dataset.energy_true, dataset.energy, dataset.geom.center, "nearest"
    )
    kernel = np.pad(kernel, ((0, beyond), (0, more)))[:, :, None, None]
    exposure = None if dataset.exposure is None else _filled(dataset.exposure, beyond)
    weight = np.ones((n_true, 1, 1)) if exposure is None else exposure
    return dataclasses.replace(
        dataset,
        energy=energy,
        energy_true=true,
        exposure=exposure,
        edisp=EDispKernelMap(kernel, weight, dataset.geom, true, energy),
        mask_safe=_filled(dataset.mask, more),
        mask_fit=None,
        **changes,
    )


def _filled(cube: Any, more: int) -> np.ndarray:
    """Add zeros (or bins outside a mask) along the first axis."""
    return np.pad(np.asarray(cube), ((0, more), (0, 0), (0, 0)))


def _extended(axis: MapAxis, more: int) -> MapAxis:
    if more == 0:
        return axis
    added = axis.edges[-1] * _RATIO ** np.arange(1, more + 1)
    return MapAxis.from_edges(np.append(axis.edges, added), axis.name, axis.unit, axis.interp)
