"""Light curves: dimensionless factors on the flux of a source, integrated exactly over time."""

from __future__ import annotations

from gjax.model.temporal.abstract import AbstractTemporal

__all__ = ["AbstractTemporal"]
