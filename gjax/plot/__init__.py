"""Pictures: functions of results and an Axes, which give the Axes (or the Figure) back.

Nothing here uses ``matplotlib.pyplot``: figures are plain objects, drawn the same with or without
a display. ``gjax.plot.save(ax, path)`` writes one; in a notebook, end the cell with ``ax.figure``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.plot.corner import plot_corner as plot_corner
    from gjax.plot.counts import plot_counts_spectrum as plot_counts_spectrum
    from gjax.plot.flux_points import plot_flux_points as plot_flux_points
    from gjax.plot.maps import plot_dataset as plot_dataset
    from gjax.plot.maps import plot_map as plot_map
    from gjax.plot.maps import plot_positions as plot_positions
    from gjax.plot.onoff import onoff_residual as onoff_residual
    from gjax.plot.onoff import plot_onoff_spectrum as plot_onoff_spectrum
    from gjax.plot.residuals import residual_sigma as residual_sigma
    from gjax.plot.residuals import signed_sqrt_ts as signed_sqrt_ts
    from gjax.plot.spectrum import plot_sed as plot_sed
    from gjax.plot.spectrum import plot_spectrum as plot_spectrum
    from gjax.plot.spectrum import spectrum_band as spectrum_band
    from gjax.plot.style import save as save

__all__ = [
    "onoff_residual",
    "plot_corner",
    "plot_counts_spectrum",
    "plot_dataset",
    "plot_flux_points",
    "plot_map",
    "plot_onoff_spectrum",
    "plot_positions",
    "plot_sed",
    "plot_spectrum",
    "residual_sigma",
    "save",
    "signed_sqrt_ts",
    "spectrum_band",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.plot.corner": ("plot_corner",),
        "gjax.plot.counts": ("plot_counts_spectrum",),
        "gjax.plot.flux_points": ("plot_flux_points",),
        "gjax.plot.maps": ("plot_dataset", "plot_map", "plot_positions"),
        "gjax.plot.onoff": ("onoff_residual", "plot_onoff_spectrum"),
        "gjax.plot.residuals": ("residual_sigma", "signed_sqrt_ts"),
        "gjax.plot.spectrum": ("plot_sed", "plot_spectrum", "spectrum_band"),
        "gjax.plot.style": ("save",),
    },
)
