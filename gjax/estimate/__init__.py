"""Estimators: from fitted models and datasets to flux points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.estimate.flux_points import estimate_flux_points as estimate_flux_points
    from gjax.estimate.light_curve import LightCurve as LightCurve
    from gjax.estimate.points import FluxPoints as FluxPoints
    from gjax.estimate.points import with_reference as with_reference

__all__ = ["FluxPoints", "LightCurve", "estimate_flux_points", "with_reference"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.estimate.flux_points": ("estimate_flux_points",),
        "gjax.estimate.light_curve": ("LightCurve",),
        "gjax.estimate.points": ("FluxPoints", "with_reference"),
    },
)
