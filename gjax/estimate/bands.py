"""Bands of energy: which bins of which dataset make each, and what is predicted in them.

What is estimated from the bins is in `gjax.estimate.flux_points`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy import units as u

from gjax.dataset.dataset import Dataset
from gjax.estimate.onoff_profile import expected
from gjax.model import Models, ResponseModifier
from gjax.parameters import Parameters
from gjax.predict.npred import npred_prepared
from gjax.predict.options import Folding
from gjax.predict.physics import Background
from gjax.predict.prepare import prepare
from gjax.units import to_internal

__all__ = [
    "Band",
    "BandCounts",
    "collect",
    "count",
    "find_bands",
    "predict_source",
    "scale_acceptance",
]


@dataclasses.dataclass(frozen=True)
class Band:
    """A band of energy.

    Parameters
    ----------
    low, high :
        Its ends in TeV.
    slices :
        Its bins of reconstructed energy in each dataset; empty where it has none.
    """

    low: float
    high: float
    slices: tuple[slice, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class BandCounts:
    """Counts in the bins of a band, per dataset a flat array over the bins inside the mask.

    Parameters
    ----------
    signal, background, counts :
        Predicted counts of the source and of everything else that is modelled, and observed counts.
    counts_off, alpha :
        On/off data: counts off the source and the ratio of the acceptances; NaN in datasets whose
        background is a model.
    """

    signal: list[np.ndarray]
    background: list[np.ndarray]
    counts: list[np.ndarray]
    counts_off: list[np.ndarray]
    alpha: list[np.ndarray]

    @property
    def is_usable(self) -> bool:
        """Whether the source predicts counts, and nowhere less than none."""
        signal = np.concatenate(self.signal)
        # Convolutions leave values that are negative in the last digits.
        return bool(signal.sum() > 0 and signal.min() >= -1e-6 * signal.max())


def find_bands(datasets: Sequence[Dataset], energy_edges: Any) -> list[Band]:
    """Move the edges of bands to the edges of the energy bins that are nearest in log energy.

    Parameters
    ----------
    datasets :
        Datasets with counts, with a modelled or a measured background, and aligned energy axes.
    energy_edges :
        Edges of the bands in TeV or as a Quantity.

    Raises
    ------
    ValueError
        If the energies are not positive and increasing, or a dataset cannot be used.
    """
    _check_datasets(datasets)
    edges = _check_edges(energy_edges)
    axes = [dataset.energy for dataset in datasets]
    cuts = [
        np.rint(np.clip(axis.coord_to_pix(edges) + 0.5, 0, axis.nbin)).astype(int) for axis in axes
    ]
    bands = []
    for i in range(len(edges) - 1):
        slices = tuple(slice(int(cut[i]), int(cut[i + 1])) for cut in cuts)
        used = [
            axis.edges[[part.start, part.stop]]
            for axis, part in zip(axes, slices, strict=True)
            if part.stop > part.start
        ]
        low = min((ends[0] for ends in used), default=edges[i])
        high = max((ends[1] for ends in used), default=edges[i + 1])
        bands.append(Band(float(low), float(high), slices))
    return bands


def predict_source(
    datasets: Sequence[Dataset], models: Models, source: str, folding: Folding | None = None
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Predict one source alone, and everything else.

    Models of datasets that are not here play no part, so that the models of a joint fit serve for
    some of its datasets.

    Returns
    -------
    signal, background :
        For each dataset an array of shape ``(ereco, y, x)``. The background that on/off data
        measure is not in it.
    """
    acting = [(n, m) for n, m in models.items() if any(m.applies_to(d.name) for d in datasets)]
    instruments = [(n, m) for n, m in acting if isinstance(m, ResponseModifier)]
    alone = Models.create([(source, models[source]), *instruments])
    others = Models.create([(name, model) for name, model in acting if name != source])
    modelled = [
        dataclasses.replace(dataset, counts_off=None, acceptance=None, acceptance_off=None)
        for dataset in datasets
    ]
    bare = [dataclasses.replace(dataset, background=None) for dataset in modelled]
    return _npred(bare, alone, folding), _npred(modelled, others, folding)


def scale_acceptance(datasets: Sequence[Dataset], models: Models) -> list[Dataset]:
    """Let the response modifiers act on measured backgrounds, by the acceptance of on/off data."""
    return [_scaled(dataset, models) for dataset in datasets]


def _scaled(dataset: Dataset, models: Models) -> Dataset:
    acting = models.for_dataset(dataset.name).members
    modifiers = tuple(model for model in acting if isinstance(model, ResponseModifier))
    if not (dataset.is_onoff and modifiers):
        return dataset
    factor = np.asarray(Background(None, None, modifiers).factor(dataset.energy.center))
    acceptance = np.asarray(dataset.acceptance) * factor[:, None, None]
    return dataclasses.replace(dataset, acceptance=acceptance)


def collect(
    datasets: Sequence[Dataset],
    signal: Sequence[np.ndarray],
    background: Sequence[np.ndarray],
    band: Band,
) -> BandCounts:
    """Collect the bins of a band that are inside the masks.

    On/off bins without acceptance off the source, where nothing is known of the background, are
    left out.

    Parameters
    ----------
    datasets :
        The datasets.
    signal, background :
        What `predict_source` gives for them.
    band :
        The band.
    """
    rows = BandCounts([], [], [], [], [])
    for dataset, s, b, part in zip(datasets, signal, background, band.slices, strict=True):
        mask = dataset.mask[part]
        off, alpha = np.full((2, *dataset.shape), np.nan)
        if dataset.is_onoff:
            off, alpha = np.asarray(dataset.counts_off, float), np.asarray(dataset.alpha, float)
            mask = mask & (alpha[part] > 0)
        columns = (s, b, dataset.counts, off, alpha)
        names = (field.name for field in dataclasses.fields(rows))
        for name, cube in zip(names, columns, strict=True):
            getattr(rows, name).append(np.asarray(cube, float)[part][mask])
    return rows


def count(rows: Sequence[BandCounts], norm: np.ndarray) -> dict[str, np.ndarray]:
    """Sum the counts of each band, given the norm of the source in each.

    Returns
    -------
    sums :
        ``npred`` (with the background that fits on/off data best), ``npred_excess`` (of the source
        alone) and ``counts``, shape ``(band, dataset)``.
    """
    sums = []
    for x, row in zip(norm, rows, strict=True):
        # Where there is no norm there is no prediction either, not even one of zero bins.
        total = [x * 0.0 + _total(row, i, x) for i in range(len(row.signal))]
        sums.append((total, [x * s.sum() for s in row.signal], [n.sum() for n in row.counts]))
    names = ("npred", "npred_excess", "counts")
    return {
        name: np.array(column, float)
        for name, column in zip(names, zip(*sums, strict=True), strict=True)
    }


def _total(row: BandCounts, i: int, norm: float) -> float:
    """Predict the counts of dataset ``i``, given a norm."""
    mu, alpha = norm * row.signal[i] + row.background[i], row.alpha[i]
    if np.isfinite(norm) and np.isfinite(alpha).all():
        mu, _ = expected(mu, row.counts[i], row.counts_off[i], alpha)
    return float(np.maximum(mu, 0.0).sum())


def _npred(
    datasets: Sequence[Dataset], models: Models, folding: Folding | None
) -> list[np.ndarray]:
    table = Parameters.from_models(models)
    fixed = table.freeze(*table.keys)  # what is frozen is folded once, without room to move
    return npred_prepared(prepare(datasets, models, fixed, folding), models)


def _check_edges(energy_edges: Any) -> np.ndarray:
    if not isinstance(energy_edges, u.Quantity) and not np.isscalar(energy_edges):
        energy_edges = [to_internal(edge, "TeV", "energy_edges") for edge in energy_edges]
    edges = np.atleast_1d(np.asarray(to_internal(energy_edges, "TeV", "energy_edges"), float))
    if edges.size < 2 or edges[0] <= 0 or not np.all(np.diff(edges) > 0):
        raise ValueError(f"energy_edges must be positive and increase, got {edges} TeV")
    return edges


def _check_datasets(datasets: Sequence[Dataset]) -> None:
    for dataset in datasets:
        if dataset.counts is None:
            raise ValueError(f"dataset {dataset.name!r} has no counts")
        if dataset.is_onoff and dataset.alpha is None:
            raise ValueError(f"dataset {dataset.name!r} has off counts, but no acceptances")
        if not dataset.energy.is_aligned(datasets[0].energy):
            raise ValueError(
                f"the energy axes of datasets {datasets[0].name!r} and {dataset.name!r} are not "
                "aligned"
            )
