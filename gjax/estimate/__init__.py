"""Estimators: from fitted models and datasets to flux points."""

from __future__ import annotations

from gjax.estimate.flux_points import FluxPoints as FluxPoints
from gjax.estimate.flux_points import estimate_flux_points as estimate_flux_points

__all__ = ["FluxPoints", "estimate_flux_points"]
