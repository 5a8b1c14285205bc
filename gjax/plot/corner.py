"""The corner plot of a posterior: one histogram per parameter, one density per pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.ticker import MaxNLocator, ScalarFormatter
from scipy.ndimage import gaussian_filter

from gjax.plot.style import COLORS, new_figure
from gjax.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["density_levels", "plot_corner"]

#: Probability inside one and two standard deviations of a two-dimensional Gaussian.
_CONTENT = (0.393469, 0.864665)


def plot_corner(
    samples: Mapping[str, ArrayLike] | ArrayLike,
    names: Sequence[str] | None = None,
    *,
    truths: Mapping[str, float] | Sequence[float] | None = None,
    labels: Mapping[str, str] | None = None,
    color: str = COLORS["blue"],
    bins: int = 32,
) -> Figure:
    """Draw the marginal distributions of samples, single and in pairs.

    The diagonal has histograms with the median and the central 68% interval (also written above);
    below it are densities with contours that hold 39% and 86% of the samples, which are one and two
    standard deviations of a two-dimensional Gaussian.

    Parameters
    ----------
    samples :
        Samples by parameter name, each of any shape (chains are joined), or an array of shape
        ``(draws, k)``.
    names :
        Which parameters to draw, in order; for an array, what its columns are called.
    truths :
        Values to mark, by name or in the order of ``names``.
    labels :
        What to write at the axes instead of the name, by name.
    color :
        Colour of the samples.
    bins :
        Number of bins along each axis.

    Raises
    ------
    ValueError
        If there are no samples, or names and columns do not match.
    """
    table = _as_table(samples, names)
    if not isinstance(truths, Mapping):
        truths = {} if truths is None else dict(zip(table, truths, strict=True))
    keys, count = list(table), len(table)
    written = {key: (labels or {}).get(key, key) for key in keys}
    limits = {key: _limits(table[key], truths.get(key)) for key in keys}
    size = float(np.clip(1.75 * count + 0.6, 3.4, 13.0))
    figure = new_figure(size, size, dpi=110 if count < 6 else 90)
    grid = figure.subplots(count, count, squeeze=False)
    for row, first in enumerate(keys):
        for column, second in enumerate(keys):
            ax = grid[row, column]
            if column > row:
                ax.set_axis_off()
            elif column == row:
                _draw_single(ax, table[first], limits[first], bins, color)
            else:
                values, spans = (table[second], table[first]), (limits[second], limits[first])
                _draw_pair(ax, values, spans, bins, color)
            if column <= row:
                _mark_truth(ax, truths.get(second), truths.get(first) if row != column else None)
                _decorate(ax, written[second], written[first], row, column, count)
    figure.align_labels()
    return figure


def _as_table(
    samples: Mapping[str, ArrayLike] | ArrayLike, names: Sequence[str] | None
) -> dict[str, np.ndarray]:
    if isinstance(samples, Mapping):
        missing = [name for name in names or () if name not in samples]
        if missing:
            raise ValueError(f"no samples of {missing}; there are {list(samples)}")
        table = {name: np.ravel(np.asarray(samples[name], float)) for name in names or samples}
    else:
        columns = np.atleast_2d(np.asarray(samples, float))
        if names is None or len(names) != columns.shape[1]:
            raise ValueError(f"{columns.shape[1]} columns need as many names, got {names}")
        table = dict(zip(names, columns.T, strict=True))
    if not table or min(values.size for values in table.values()) < 2:
        raise ValueError("a corner plot needs samples")
    return table


def _limits(values: np.ndarray, truth: float | None) -> tuple[float, float]:
    low, high = (float(value) for value in np.quantile(values, (0.002, 0.998)))
    if truth is not None and np.isfinite(truth):
        low, high = min(low, truth), max(high, truth)
    margin = 0.06 * (high - low) or max(abs(low) * 1e-3, 1e-12)
    return low - margin, high + margin


def _draw_single(
    ax: Axes, values: np.ndarray, limits: tuple[float, float], bins: int, color: str
) -> None:
    heights, edges = np.histogram(values, bins, limits)
    ax.stairs(heights, edges, color=color, lw=1.3)
    ax.stairs(heights, edges, fill=True, color=color, alpha=0.18, lw=0)
    low, middle, high = np.quantile(values, (0.1587, 0.5, 0.8413))
    for value, style in ((low, ":"), (middle, "-"), (high, ":")):
        ax.axvline(value, color=color, lw=1.0, ls=style)
    ax.set(xlim=limits, ylim=(0, 1.12 * max(heights.max(), 1)))
    ax.set_title(_interval_text(low, middle, high), fontsize="small", pad=5)


def _interval_text(low: float, middle: float, high: float) -> str:
    """Write median and interval with two digits of the error, a common power of ten outside."""
    error = max(high - middle, middle - low)
    if not np.isfinite(error) or error <= 0:
        return f"{middle:.4g}"
    power = int(np.floor(np.log10(max(abs(middle), error))))
    power = power if power < -2 or power > 3 else 0
    scale = 10.0**power
    digits = max(0, 1 - int(np.floor(np.log10(error / scale))))
    up, down = f"{(high - middle) / scale:.{digits}f}", f"{(middle - low) / scale:.{digits}f}"
    text = rf"{middle / scale:.{digits}f}^{{+{up}}}_{{-{down}}}"
    return rf"${text}$" if power == 0 else rf"$({text})\times10^{{{power}}}$"


def density_levels(density: ArrayLike, contents: Sequence[float] = _CONTENT) -> np.ndarray:
    """Find the densities whose contours hold given fractions of a two-dimensional histogram.

    Parameters
    ----------
    density :
        Histogram, any shape.
    contents :
        Fractions of the total.

    Returns
    -------
    levels :
        One density per fraction: cells at least that dense hold the fraction.
    """
    cells = np.sort(np.ravel(np.asarray(density, float)))[::-1]
    share = np.cumsum(cells) / cells.sum()
    return np.array([cells[min(np.searchsorted(share, part), cells.size - 1)] for part in contents])


def _draw_pair(
    ax: Axes,
    values: tuple[np.ndarray, np.ndarray],
    limits: tuple[tuple[float, float], tuple[float, float]],
    bins: int,
    color: str,
) -> None:
    histogram, x, y = np.histogram2d(*values, bins, limits)
    # Smoothed by Scott's rule (the limits are about six standard deviations apart): contours widen
    # by 2% and stay in one piece.
    width = 0.8 * bins / 6 * values[0].size ** (-1 / 6)
    density = gaussian_filter(histogram, max(width, 0.6)).T
    levels = np.unique(density_levels(density))
    red, green, blue, _ = to_rgba(color)
    fade = [(red, green, blue, alpha) for alpha in (0.0, 0.75)]
    cmap = LinearSegmentedColormap.from_list("fade", fade)
    ax.imshow(density, origin="lower", extent=(x[0], x[-1], y[0], y[-1]), aspect="auto", cmap=cmap)
    centers = [0.5 * (edges[1:] + edges[:-1]) for edges in (x, y)]
    if density.max() > levels[-1]:
        ax.contour(*centers, density, levels=levels, colors=[color], linewidths=1.1)
    ax.set(xlim=limits[0], ylim=limits[1])


def _mark_truth(ax: Axes, x: float | None, y: float | None) -> None:
    style = {"color": COLORS["orange"], "lw": 1.1, "ls": "--"}
    if x is not None:
        ax.axvline(x, **style)
    if y is not None:
        ax.axhline(y, **style)
    if x is not None and y is not None:
        ax.plot(x, y, "s", ms=4, color=COLORS["orange"])


def _decorate(ax: Axes, x_name: str, y_name: str, row: int, column: int, count: int) -> None:
    ax.tick_params(labelsize="x-small", direction="in", color="0.45", length=3)
    ax.xaxis.set_major_locator(MaxNLocator(3, prune="both"))
    ax.yaxis.set_major_locator(MaxNLocator(3, prune="both"))
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_offset_text().set_fontsize("x-small")
        axis.set_major_formatter(ScalarFormatter(useMathText=True))
    for spine in ax.spines.values():
        spine.set_color("0.45")
        spine.set_linewidth(0.8)
    if row == count - 1:
        ax.set_xlabel(x_name, fontsize="small")
        ax.tick_params(axis="x", labelrotation=35)
    else:
        ax.set_xticklabels([])
    if column == 0 and row > 0:
        ax.set_ylabel(y_name, fontsize="small")
    else:
        ax.set_yticklabels([])
    if row == column:
        ax.set_yticks([])
