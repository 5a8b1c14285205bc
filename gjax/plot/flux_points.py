"""Flux points with their errors and upper limits.

Lives here: drawing them, alone or on the spectrum that `gjax.plot.spectrum` draws. Does not live
here: estimating them (`gjax.estimate`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from gjax.dataset.flux_points import FluxPointsDataset
from gjax.estimate.points import FluxPoints, of_dataset
from gjax.plot.style import COLORS, energy_axis, finish_axes, flux_label, flux_unit, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_flux_points"]

#: Length of the arrow of an upper limit, as a fraction of the limit.
_ARROW = 0.4


def plot_flux_points(
    points: FluxPoints | FluxPointsDataset,
    ax: Axes | None = None,
    *,
    energy_power: float = 2,
    unit: str | None = None,
    label: str = "",
    color: str = COLORS["black"],
    **kwargs: Any,
) -> Axes:
    r"""Draw flux points as :math:`E^p\,dN/dE`, upper limits as arrows.

    Horizontal bars are the bands, vertical bars the errors: those up and down where they were
    estimated, the symmetric ones elsewhere. What cannot be shown on a logarithmic axis (limits
    below zero, bands without a result) is left out.

    Parameters
    ----------
    points :
        The flux points, estimated, read, or data of a fit.
    ax :
        Panel to draw in, such as that of `gjax.plot.plot_spectrum`; None makes a figure.
    energy_power :
        The power :math:`p`.
    unit :
        Unit of the y axis; by default ``erg cm-2 s-1`` for a power of two.
    label, color, **kwargs :
        For the points.

    Returns
    -------
    ax :
        The panel.
    """
    points = of_dataset(points) if isinstance(points, FluxPointsDataset) else points
    target = unit or flux_unit(energy_power)
    weight = (points.e_ref * u.TeV) ** energy_power

    def scaled(name: str) -> np.ndarray:
        return (points.column(name) * weight).to_value(target)

    names = points.names("dnde")
    ax = new_axes() if ax is None else ax
    ax.set_yscale("log")
    value = scaled("dnde")
    limits = np.asarray(points.is_ul, bool)
    style: dict[str, Any] = {"fmt": "o", "ms": 5, "lw": 1.2, "capsize": 0, "color": color} | kwargs
    shown = ~limits & (value > 0)
    chosen = [_error(names, side) for side in "np"]
    error = [0 * value if name is None else scaled(name) for name in chosen]
    low, high = (np.where(np.isfinite(e), e, 0.0) for e in error)
    ax.errorbar(
        points.e_ref[shown],
        value[shown],
        xerr=_widths(points, shown),
        yerr=[low[shown], high[shown]],
        label=label or None,
        **style,
    )
    if "dnde_ul" in names:
        limit = scaled("dnde_ul")
        arrows = limits & (limit > 0)
        ax.errorbar(
            points.e_ref[arrows],
            limit[arrows],
            xerr=_widths(points, arrows),
            yerr=_ARROW * limit[arrows],
            uplims=True,
            **(style | {"fmt": "none", "capsize": 3}),
        )
    energy_axis(ax)
    ax.set_ylabel(flux_label(energy_power, target))
    finish_axes(ax)
    _fit_x(ax, points)
    if label:
        ax.legend(frameon=False, fontsize="small")
    return ax


def _error(names: tuple[str, ...], side: str) -> str | None:
    """Choose the column of the error on one side, None where there is none."""
    return next((n for n in (f"dnde_err{side}", "dnde_err") if n in names), None)


def _widths(points: FluxPoints, shown: np.ndarray) -> np.ndarray:
    """Give the distances from the centre to the ends of the bands, shape ``(2, shown)``."""
    widths = np.stack([points.e_ref - points.e_min, points.e_max - points.e_ref])
    return np.nan_to_num(widths[:, shown])


def _fit_x(ax: Axes, points: FluxPoints) -> None:
    """Show all bands, and all that was there before."""
    energies = np.concatenate([points.e_ref, points.e_min, points.e_max])
    energies = energies[np.isfinite(energies)]
    ends = [ax.dataLim.x0, ax.dataLim.x1] if np.isfinite(ax.dataLim.x0) else []
    low, high = min([*energies, *ends]), max([*energies, *ends])
    if low < high:
        ax.set_xlim(low, high)
