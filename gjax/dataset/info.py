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


def dataset_info(
    dataset: Any,
    npred_signal: np.ndarray | None = None,
    npred_background: np.ndarray | None = None,
) -> dict[str, Any]:
    r"""Sum a dataset up, over the bins of its safe mask.

    Parameters
    ----------
    dataset :
        Binned counts, or flux points, of which only the numbers of points are known.
    npred_signal, npred_background :
        Counts that models predict, shape ``(ereco, y, x)``; see `gjax.predict.info_table`. Without
        them there is no signal, and the background is that of the dataset (of on/off data the most
        likely one).

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
    modelled = npred_background
    if modelled is None:
        modelled = _null_background(dataset) if dataset.is_onoff else dataset.background
    info: dict[str, Any] = {"name": dataset.name}
    info |= _counts(dataset, safe, modelled)
    back, signal = _sum(modelled, safe), _sum(npred_signal, safe)
    info["npred"] = back if npred_signal is None else np.nan_to_num(back) + signal
    info |= {"npred_background": back, "npred_signal": signal}
    info |= _exposure(dataset, safe)
    for key in ("counts", "background", "excess"):
        livetime = info["livetime"]
        info[f"{key}_rate"] = info[key] / livetime if livetime > 0 else np.nan
    info["n_bins"] = int(np.prod(dataset.shape)) if dataset.counts is not None else 0
    info["n_fit_bins"] = int(dataset.mask.sum())
    info["stat_type"] = "wstat" if dataset.is_onoff else "cash"
    info["stat_sum"] = _stat(dataset, npred_signal, modelled)
    return info | _off(dataset, safe)


def _sum(values: Any, safe: np.ndarray) -> float:
    return np.nan if values is None else float(np.nan_to_num(np.asarray(values, float))[safe].sum())


def _measured_background(dataset: Dataset) -> np.ndarray:
    """Give the background of on/off data that the off counts suggest, per bin."""
    return np.asarray(dataset.alpha, float) * np.asarray(dataset.counts_off, float)


def _null_background(dataset: Dataset) -> np.ndarray | None:
    """Give the most likely background of on/off data without any signal, per bin."""
    if dataset.counts is None:
        return None
    alpha = np.asarray(dataset.alpha, float)
    total = np.asarray(dataset.counts, float) + np.asarray(dataset.counts_off, float)
    return alpha / (1.0 + alpha) * total


def _counts(dataset: Dataset, safe: np.ndarray, modelled: Any) -> dict[str, Any]:
    counts = 0.0 if dataset.counts is None else _sum(dataset.counts, safe)
    background = _sum(_measured_background(dataset) if dataset.is_onoff else modelled, safe)
    excess, ts = counts - background, np.nan
    if dataset.counts is None:
        excess = np.nan
    elif dataset.is_onoff:
        off = _sum(dataset.counts_off, safe)
        if off > 0:
            ts = float(ts_measured_background(counts, off, background / off))
    elif modelled is not None:
        ts = float(ts_known_background(counts, background))
    return {
        "counts": int(counts),
        "excess": excess,
        "sqrt_ts": float(signed_sqrt_ts(ts, excess)),
        "background": background if dataset.is_onoff else _sum(dataset.background, safe),
    }


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


def _stat(dataset: Dataset, signal: np.ndarray | None, background: Any) -> float:
    if dataset.counts is None or (signal is None and not dataset.is_onoff):
        return np.nan
    mask = dataset.mask
    counts = np.asarray(dataset.counts, float)[mask]
    source = np.zeros(counts.shape) if signal is None else np.asarray(signal, float)[mask]
    if not dataset.is_onoff:
        below = 0.0 if background is None else np.asarray(background, float)[mask]
        return float(np.sum(np.asarray(cash(counts, source + below))))
    off, alpha = (np.asarray(a, float)[mask] for a in (dataset.counts_off, dataset.alpha))
    known = alpha > 0  # bins without off acceptance are not fitted
    return float(np.sum(np.asarray(wstat(*(a[known] for a in (counts, off, alpha, source))))))


def _off(dataset: Dataset, safe: np.ndarray) -> dict[str, Any]:
    if not dataset.is_onoff:
        return {}
    off, acceptance = _sum(dataset.counts_off, safe), _sum(dataset.acceptance, safe)
    alpha = _sum(_measured_background(dataset), safe) / off if off > 0 else np.nan
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
