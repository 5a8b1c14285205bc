r"""Counts on and off a source against energy, with the prediction of the excess.

Maps are drawn by `gjax.plot.maps`, counts with a modelled background by `gjax.plot.counts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.plot.counts import poisson_interval
from gjax.plot.style import COLORS, energy_axis, finish_axes, new_figure
from gjax.stats.wstat import profiled_background, wstat
from gjax.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["onoff_residual", "plot_onoff_spectrum"]


def onoff_residual(
    counts: ArrayLike, counts_off: ArrayLike, alpha: ArrayLike, npred_signal: ArrayLike
) -> np.ndarray:
    r"""Deviation of on/off counts from a predicted signal, in Gaussian standard deviations.

    .. math:: s = \mathrm{sign}(n_{on} - \mu_s - \alpha \mu_b)\,\sqrt{W(\mu_s)}

    with the background :math:`\mu_b` that fits best. Without signal it is the significance of Li
    and Ma (1983, ApJ 272, 317, equation 17).

    Parameters
    ----------
    counts, counts_off, alpha, npred_signal :
        As for `gjax.stats.wstat.wstat`; arrays that broadcast.

    Returns
    -------
    sigma :
        Same shape; NaN where alpha is not positive.
    """
    counts, counts_off, alpha, signal = np.broadcast_arrays(
        *(np.asarray(value, float) for value in (counts, counts_off, alpha, npred_signal))
    )
    known = alpha > 0
    ratio = np.where(known, alpha, 1.0)
    deviance = np.asarray(wstat(counts, counts_off, ratio, signal))
    total = signal + ratio * np.asarray(profiled_background(counts, counts_off, ratio, signal))
    sigma = np.sign(counts - total) * np.sqrt(np.maximum(deviance, 0.0))
    return np.where(known, sigma, np.nan)


def plot_onoff_spectrum(
    dataset: Dataset, npred_signal: ArrayLike, *, region: ArrayLike | None = None, title: str = ""
) -> Figure:
    r"""Draw counts on and off the source and the excess, with its prediction and residuals.

    Parameters
    ----------
    dataset :
        A dataset with counts, off counts and acceptances.
    npred_signal :
        Predicted counts of all sources, shape ``(ereco, y, x)``.
    region :
        Pixels to sum over, bool of shape ``(y, x)``; None means all. The mask of the dataset always
        applies, and pixels without acceptance off the source are left out.
    title :
        Written above; the name of the dataset by default.

    Returns
    -------
    figure :
        Two panels. Above: counts on the source, counts off it times alpha, and the excess with
        errors :math:`\sqrt{n_{on} + \alpha^2 n_{off}}` and the prediction. Below: the residuals
        of `onoff_residual`.

    Raises
    ------
    ValueError
        If the dataset holds no on/off counts, or the prediction has another shape.
    """
    if dataset.counts is None or dataset.counts_off is None or dataset.alpha is None:
        raise ValueError(f"dataset {dataset.name!r} needs counts, off counts and acceptances")
    if np.shape(npred_signal) != dataset.shape:
        raise ValueError(
            f"dataset {dataset.name!r} needs a prediction of shape {dataset.shape}, "
            f"got {np.shape(npred_signal)}"
        )
    mask = dataset.mask & (dataset.alpha > 0)
    mask = mask if region is None else mask & np.asarray(region, bool)
    used = np.asarray(mask.any(axis=(1, 2)))
    off = np.asarray(dataset.counts_off, float)
    on, expected_off, off, variance, signal = (
        np.where(mask, cube, 0.0).sum(axis=(1, 2))
        for cube in (
            np.asarray(dataset.counts, float),
            dataset.alpha * off,
            off,
            dataset.alpha**2 * off,
            np.asarray(npred_signal, float),
        )
    )
    figure = new_figure(6.4, 5.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.1))
    _draw_counts(upper, dataset, used, (on, expected_off, variance, signal))
    upper.set_title(title or dataset.name, fontsize="medium")
    alpha = _mean_alpha(dataset.alpha, mask, expected_off, off)
    _draw_residuals(lower, dataset, np.where(used, onoff_residual(on, off, alpha, signal), np.nan))
    for ax in (upper, lower):
        finish_axes(ax)
        energy_axis(ax)
    upper.set_xlabel("")
    lower.set_xlim(dataset.energy.edges[0], dataset.energy.edges[-1])
    figure.align_ylabels((upper, lower))
    return figure


def _mean_alpha(
    alpha: np.ndarray, mask: np.ndarray, expected_off: np.ndarray, off: np.ndarray
) -> np.ndarray:
    """Give the ratio of all acceptances of each energy: weighted with the off counts."""
    number = np.maximum(mask.sum(axis=(1, 2)), 1)
    plain = np.where(mask, alpha, 0.0).sum(axis=(1, 2)) / number
    return np.divide(expected_off, off, out=plain, where=off > 0)


def _draw_counts(
    ax: Axes, dataset: Dataset, used: np.ndarray, parts: tuple[np.ndarray, ...]
) -> None:
    on, expected_off, variance, signal = parts
    edges, center = dataset.energy.edges, dataset.energy.center[used]
    low, high = poisson_interval(on)
    style: dict[str, Any] = {"fmt": "o", "ms": 4, "elinewidth": 1.1}
    ax.stairs(
        np.where(used, expected_off, np.nan),
        edges,
        color=COLORS["grey"],
        lw=1.4,
        label=r"Off counts $\times\,\alpha$",
        baseline=None,
    )
    ax.errorbar(
        center,
        on[used],
        yerr=np.stack([on - low, high - on])[:, used],
        color=COLORS["sky"],
        label="On counts",
        **style,
    )
    ax.errorbar(
        center,
        (on - expected_off)[used],
        yerr=np.sqrt(on + variance)[used],
        color=COLORS["black"],
        label="Excess",
        **style,
    )
    steps = np.where(used, signal, np.nan)
    ax.stairs(steps, edges, color=COLORS["orange"], lw=1.7, label="Model", baseline=None)
    # Linear near zero, so that empty bins and negative excesses are seen.
    ax.set_yscale("symlog", linthresh=1.0)
    ax.axhline(0, color="0.6", lw=0.8)
    ax.set_ylabel("Counts per bin")
    ax.legend(frameon=False, fontsize="small")


def _draw_residuals(ax: Axes, dataset: Dataset, sigma: np.ndarray) -> None:
    limit = max(3.5, 1.15 * float(np.nanmax(np.abs(sigma), initial=0.0)))
    ax.axhspan(-1, 1, color="0.9", lw=0)
    ax.axhline(0, color=COLORS["orange"], lw=1.4)
    center = dataset.energy.center
    ax.errorbar(center, sigma, yerr=np.ones_like(sigma), fmt="o", ms=4, color=COLORS["black"])
    ax.set_ylim(-limit, limit)
    ax.set_ylabel("Residual [σ]")
