"""Fit statistics, all as ``stat = -2 ln L``: functions of what is measured and predicted.

No models and no datasets here: arrays in, numbers out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names
from gjax.stats.cash import cash as cash

if TYPE_CHECKING:
    from gjax.stats.cash import cash_rest as cash_rest
    from gjax.stats.cash import deviance_residual as deviance_residual
    from gjax.stats.chi2 import points_stat as points_stat

__all__ = ["cash", "cash_rest", "deviance_residual", "points_stat"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {"gjax.stats.cash": ("cash_rest", "deviance_residual"), "gjax.stats.chi2": ("points_stat",)},
)
