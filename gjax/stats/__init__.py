"""Fit statistics, all as ``stat = -2 ln L``: functions of counts and predicted counts.

No models and no datasets here: arrays in, numbers out.
"""

from __future__ import annotations

from gjax.stats.cash import cash as cash
from gjax.stats.cash import cash_sum as cash_sum
from gjax.stats.cash import deviance_residual as deviance_residual

__all__ = ["cash", "cash_sum", "deviance_residual"]
