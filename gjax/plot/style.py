"""The look that all pictures share: colours, figures without global state, unit labels.

What is drawn lives in the sibling modules. Nothing here touches ``matplotlib.pyplot`` or its global
settings, so pictures come out the same in a script, a notebook and on a machine without a display.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "COLORS",
    "COUNTS_CMAP",
    "RESIDUAL_CMAP",
    "energy_axis",
    "finish_axes",
    "flux_label",
    "flux_unit",
    "new_axes",
    "new_figure",
    "save",
    "unit_label",
]

#: Okabe and Ito's palette, told apart with every common form of colour blindness.
COLORS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "yellow": "#E69F00",
    "sky": "#56B4E9",
    "black": "#222222",
    "grey": "#8A8A8A",
}
#: Counts and fluxes: perceptually uniform.
COUNTS_CMAP = "inferno"
#: Residuals: diverging, white at zero.
RESIDUAL_CMAP = "RdBu_r"

_DPI = 120
#: The power behind the name of a unit, as in ``cm-2``.
_POWER = re.compile(r"(?<=[A-Za-z])\*{0,2}(-?\d+(?:\.\d+)?)")


class _ShownFigure(Figure):
    """A figure that a notebook shows without being told to by a magic command."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def new_figure(width: float, height: float, dpi: float = _DPI) -> Figure:
    """Make a figure of ``width`` times ``height`` inches that lays out its own panels."""
    figure = _ShownFigure(figsize=(width, height), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def new_axes(width: float = 6.4, height: float = 4.4, **kwargs: Any) -> Axes:
    """Make a figure with one panel, and give the panel."""
    return new_figure(width, height).add_subplot(**kwargs)


def finish_axes(ax: Axes) -> None:
    """Give a plain panel its grid, ticks and thin frame."""
    ax.grid(True, which="major", color="0.88", linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(which="both", direction="in", top=True, right=True, color="0.45")
    for spine in ax.spines.values():
        spine.set_color("0.45")
        spine.set_linewidth(0.8)


def unit_label(text: str, unit: str) -> str:
    """Write ``text [unit]``, with powers typeset and factors in the order given.

    Examples
    --------
    >>> unit_label("Energy", "TeV")
    'Energy [TeV]'
    >>> unit_label("Flux", "cm-2 s-1")
    'Flux [cm$^{-2}$ s$^{-1}$]'
    """
    if not unit:
        return text
    typeset = _POWER.sub(r"$^{\1}$", unit)
    return f"{text} [{typeset}]"


def flux_unit(energy_power: float) -> str:
    """Give the unit of a spectrum times a power of energy.

    It is that of energy flux for a power of two, and made of TeV for all others.

    Examples
    --------
    >>> flux_unit(2), flux_unit(0), flux_unit(3)
    ('erg cm-2 s-1', 'cm-2 s-1 TeV-1', 'cm-2 s-1 TeV2')
    """
    if energy_power == 2:
        return "erg cm-2 s-1"
    rest = energy_power - 1
    energy = "" if rest == 0 else " TeV" if rest == 1 else f" TeV{rest:g}"
    return f"cm-2 s-1{energy}"


def flux_label(energy_power: float, unit: str) -> str:
    """Write the label of an axis that shows a spectrum times a power of energy."""
    name = r"$\mathrm{d}N/\mathrm{d}E$"
    power = "" if energy_power == 0 else "E" if energy_power == 1 else f"E^{{{energy_power:g}}}"
    return unit_label(rf"${power}\,${name}" if power else name, unit)


def energy_axis(ax: Axes, label: str = "Energy", unit: str = "TeV") -> None:
    """Make the x axis a logarithmic energy axis with ticks written as plain numbers."""
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(unit_label(label, unit))


def save(drawing: Axes | Figure, path: str | Path, **kwargs: Any) -> Path:
    """Write the figure of ``drawing`` to ``path`` (the format follows from the suffix).

    The file appears under its name only when it is complete.
    """
    path = Path(path)
    figure = drawing if isinstance(drawing, Figure) else drawing.get_figure(root=True)
    assert figure is not None
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    with matplotlib.rc_context({"savefig.facecolor": "white"}):
        figure.savefig(partial, **kwargs)
    return partial.replace(path)
