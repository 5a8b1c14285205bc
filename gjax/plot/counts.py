"""Counts against energy, with the prediction and the residuals below.

The numbers in the lower panel come from `gjax.plot.residuals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator
from scipy.special import gammaincinv

from gjax.dataset.dataset import Dataset
from gjax.plot.residuals import signed_sqrt_ts
from gjax.plot.style import COLORS, energy_axis, finish_axes, new_figure
from gjax.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_counts_spectrum", "poisson_interval"]

_ONE_SIGMA = 0.158655253931457


def poisson_interval(counts: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the central 68.3% interval of the expectation of a Poisson count.

    .. math::
        \mu_- = P^{-1}(n, \alpha), \qquad \mu_+ = P^{-1}(n + 1, 1 - \alpha), \qquad \alpha = 0.1587

    with the inverse :math:`P^{-1}` of the regularised incomplete gamma function in its second
    argument (Garwood 1936, Biometrika 28, 437).

    Returns
    -------
    lower, upper :
        Same shape as ``counts``; the lower end is zero for no counts.
    """
    counts = np.asarray(counts, float)
    lower = np.where(counts > 0, gammaincinv(np.maximum(counts, 1e-12), _ONE_SIGMA), 0.0)
    return lower, gammaincinv(counts + 1, 1 - _ONE_SIGMA)


def plot_counts_spectrum(
    dataset: Dataset,
    npred: ArrayLike,
    *,
    components: Mapping[str, ArrayLike] | None = None,
    region: ArrayLike | None = None,
    title: str = "",
) -> Figure:
    """Draw counts per energy bin with the prediction, and residuals in standard deviations.

    Parameters
    ----------
    dataset :
        The dataset; it must have counts.
    npred :
        Predicted counts, shape ``(ereco, y, x)``.
    components :
        Parts of the prediction by name (background, sources), drawn as dashed steps.
    region :
        Pixels to sum over, bool of shape ``(y, x)``; None means all. The mask of the dataset always
        applies.
    title :
        Written above; the name of the dataset by default.

    Returns
    -------
    figure :
        Two panels: counts with 68% intervals (`poisson_interval`), and residuals
        (`gjax.plot.residuals.signed_sqrt_ts`).

    Raises
    ------
    ValueError
        If the dataset has no counts or the prediction has another shape.
    """
    if dataset.counts is None or np.shape(npred) != dataset.shape:
        raise ValueError(
            f"dataset {dataset.name!r} needs counts and a prediction of shape {dataset.shape}, "
            f"got a prediction of shape {np.shape(npred)}"
        )
    mask = dataset.mask if region is None else dataset.mask & np.asarray(region, bool)
    used = np.asarray(mask.any(axis=(1, 2)))
    counts, total = _sum(dataset.counts, mask), _sum(npred, mask)
    figure = new_figure(6.4, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.1))
    edges = dataset.energy.edges
    hues = [COLORS[name] for name in ("blue", "green", "purple", "yellow", "sky")]
    parts = dict(components or {})
    for number, (name, cube) in enumerate(parts.items()):
        steps = np.where(used, _sum(cube, mask), np.nan)
        color = hues[number % len(hues)]
        upper.stairs(steps, edges, color=color, ls="--", lw=1.3, label=name, baseline=None)
    steps = np.where(used, total, np.nan)
    upper.stairs(steps, edges, color=COLORS["orange"], lw=1.7, label="Model", baseline=None)
    _draw_points(upper, dataset, counts, used)
    upper.set_yscale("log")
    drawn = np.concatenate([total, counts, *(_sum(cube, mask) for cube in parts.values())])
    if (drawn > 0).any():
        lowest = max(0.3, 1e-4 * float(drawn.max()), 0.5 * float(drawn[drawn > 0].min()))
        upper.set_ylim(bottom=lowest)
    upper.set_ylabel("Counts per bin")
    upper.set_title(title or dataset.name, fontsize="medium")
    upper.legend(frameon=False, fontsize="small")
    _draw_residuals(lower, dataset, np.where(used, signed_sqrt_ts(counts, total), np.nan))
    for ax in (upper, lower):
        finish_axes(ax)
        energy_axis(ax)
    upper.set_xlabel("")
    lower.set_xlim(edges[0], edges[-1])
    figure.align_ylabels((upper, lower))
    return figure


def _sum(cube: ArrayLike, mask: np.ndarray) -> np.ndarray:
    return np.where(mask, np.asarray(cube, float), 0.0).sum(axis=(1, 2))


def _draw_points(ax: Axes, dataset: Dataset, counts: np.ndarray, used: np.ndarray) -> None:
    low, high = poisson_interval(counts)
    shown, center = used, dataset.energy.center
    errors = np.stack([counts - low, high - counts])[:, shown]
    style = {"fmt": "o", "ms": 4, "color": COLORS["black"], "elinewidth": 1.1, "label": "Counts"}
    ax.errorbar(center[shown], counts[shown], yerr=errors, **style)


def _draw_residuals(ax: Axes, dataset: Dataset, sigma: np.ndarray) -> None:
    limit = max(3.5, 1.15 * float(np.nanmax(np.abs(sigma), initial=0.0)))
    ax.axhspan(-1, 1, color="0.9", lw=0)
    ax.axhline(0, color=COLORS["orange"], lw=1.4)
    center = dataset.energy.center
    ax.errorbar(center, sigma, yerr=np.ones_like(sigma), fmt="o", ms=4, color=COLORS["black"])
    ax.set_ylim(-limit, limit)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True, symmetric=True))
    ax.set_ylabel("Residual [σ]")
