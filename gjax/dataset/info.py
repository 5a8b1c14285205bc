"""What datasets contain, in numbers: one row for each dataset.

Lives here: `dataset_info` of one dataset and the table of several. Predicted counts are given, not
computed (`gjax.predict`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.stats.cash import cash
from gjax.stats.counts import signed_sqrt_ts, ts_known_background, ts_measured_background
from gjax.stats.wstat import wstat

__all__ = ["InfoTable", "dataset_info"]


def dataset_info(dataset: Any, npred: np.ndarray | None = None) -> dict[str, Any]:
    r"""Sum a dataset up, over the bins of its safe mask.

    Parameters
    ----------
    dataset :
        Binned counts, or flux points, of which only the numbers of points are known.
    npred :
        Predicted counts of all models, shape ``(ereco, y, x)``, as `gjax.npred` gives them; for
        on/off data those of the sources alone. Without them the background is the prediction.

    Returns
    -------
    info :
        Columns of Gammapy's table: counts, excess and its significance in sigma (Cash with the
        background as known, or Li and Ma), background and predictions, exposure in cm2 s, times in
        s, rates in s-1, numbers of bins, the kind of statistic and its sum over the fitted bins.
        What is not known is NaN. On/off data add ``counts_off``, ``acceptance``,
        ``acceptance_off`` and ``alpha``.
    """
    if not isinstance(dataset, Dataset):
        used = np.asarray(dataset.mask, bool)
        row: dict[str, Any] = {"name": dataset.name}
        return row | {
            "n_bins": used.size,
            "n_fit_bins": int(used.sum()),
            "stat_type": dataset.stat_type,
        }
    safe = np.ones(dataset.shape, bool)
    if dataset.mask_safe is not None:
        safe = np.asarray(dataset.mask_safe, bool)
    info: dict[str, Any] = {"name": dataset.name}
    info |= _counts(dataset, safe) | _predictions(dataset, safe, npred)
    info |= _exposure(dataset, safe)
    for key in ("counts", "background", "excess"):
        livetime = info["livetime"]
        info[f"{key}_rate"] = info[key] / livetime if livetime > 0 else np.nan
    info["n_bins"] = int(np.prod(dataset.shape)) if dataset.counts is not None else 0
    info["n_fit_bins"] = int(dataset.mask.sum())
    info["stat_type"] = "wstat" if dataset.is_onoff else "cash"
    info["stat_sum"] = _stat(dataset, npred)
    return info | _off(dataset, safe)


def _sum(values: Any, safe: np.ndarray) -> float:
    return np.nan if values is None else float(np.nan_to_num(np.asarray(values, float))[safe].sum())


def _background(dataset: Dataset) -> Any:
    """Give the background per bin: modelled, or scaled from the off counts."""
    if not dataset.is_onoff:
        return dataset.background
    return np.asarray(dataset.alpha) * np.asarray(dataset.counts_off, float)


def _counts(dataset: Dataset, safe: np.ndarray) -> dict[str, Any]:
    counts = 0.0 if dataset.counts is None else _sum(dataset.counts, safe)
    background = _sum(_background(dataset), safe)
    excess, ts = counts - background, np.nan
    if dataset.counts is None:
        excess = np.nan
    elif dataset.is_onoff:
        off = _sum(dataset.counts_off, safe)
        if off > 0:
            ts = float(ts_measured_background(counts, off, background / off))
    elif dataset.background is not None:
        ts = float(ts_known_background(counts, background))
    return {
        "counts": int(counts),
        "excess": excess,
        "sqrt_ts": float(signed_sqrt_ts(ts, excess)),
        "background": background,
    }


def _predictions(dataset: Dataset, safe: np.ndarray, npred: np.ndarray | None) -> dict[str, float]:
    background = np.nan if dataset.is_onoff else _sum(dataset.background, safe)
    total = background if npred is None else _sum(npred, safe)
    signal = np.nan
    if npred is not None:
        signal = total if np.isnan(background) else total - background
    return {"npred": total, "npred_background": background, "npred_signal": signal}


def _exposure(dataset: Dataset, safe: np.ndarray) -> dict[str, float]:
    low = high = np.nan
    if dataset.exposure is not None:
        exposure = np.asarray(dataset.exposure, float)
        some = (exposure > 0) & safe.any(axis=0)
        used = exposure[some] if some.any() else exposure
        low, high = float(used.min()), float(used.max())
    return {
        "exposure_min": low,
        "exposure_max": high,
        "livetime": np.nan if dataset.livetime is None else float(dataset.livetime),
        "ontime": np.nan if dataset.gti is None else float(dataset.gti.total),
    }


def _stat(dataset: Dataset, npred: np.ndarray | None) -> float:
    if npred is None or dataset.counts is None:
        return np.nan
    mask = dataset.mask
    counts, predicted = np.asarray(dataset.counts, float)[mask], np.asarray(npred)[mask]
    if not dataset.is_onoff:
        return float(np.sum(np.asarray(cash(counts, predicted))))
    off, alpha = (np.asarray(a, float)[mask] for a in (dataset.counts_off, dataset.alpha))
    return float(np.sum(np.asarray(wstat(counts, off, alpha, predicted))))


def _off(dataset: Dataset, safe: np.ndarray) -> dict[str, Any]:
    if not dataset.is_onoff:
        return {}
    off, acceptance = _sum(dataset.counts_off, safe), _sum(dataset.acceptance, safe)
    alpha = _sum(_background(dataset), safe) / off if off > 0 else np.nan
    return {
        "counts_off": int(off),
        "acceptance": acceptance,
        "acceptance_off": acceptance / alpha if alpha > 0 else np.nan,
        "alpha": alpha,
    }


@dataclass(frozen=True)
class InfoTable(Mapping[str, list[Any]]):
    """A small table: columns by name, which prints as text.

    Parameters
    ----------
    rows :
        One mapping for each row; what a row lacks is NaN.

    Examples
    --------
    >>> table = InfoTable(({"name": "a", "counts": 12}, {"name": "b", "alpha": 0.25}))
    >>> table["counts"]
    [12, nan]
    >>> print(table)
    name  counts  alpha
    a         12      -
    b          -   0.25
    """

    rows: tuple[dict[str, Any], ...]

    def __getitem__(self, column: str) -> list[Any]:
        if column not in set(self):
            raise KeyError(f"no column {column!r}; there are {', '.join(self)}")
        return [row.get(column, np.nan) for row in self.rows]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key for row in self.rows for key in row))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __str__(self) -> str:
        columns = [[name, *map(_text, self[name])] for name in self]
        widths = [max(map(len, column)) for column in columns]
        lines = zip(*columns, strict=True)
        return "\n".join("  ".join(_aligned(line, widths)).rstrip() for line in lines)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "-" if np.isnan(value) else f"{value:.6g}"
    return str(value)


def _aligned(cells: Iterable[str], widths: list[int]) -> list[str]:
    pairs = list(zip(cells, widths, strict=True))
    return [cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(pairs)]
