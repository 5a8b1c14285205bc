"""Inference: everything here is a transformation of the one objective function.

`fit` finds the best values with their covariance, `sample` draws from the posterior.
"""

from __future__ import annotations

from gjax.infer.fit import fit as fit
from gjax.infer.objective import Objective as Objective
from gjax.infer.objective import make_objective as make_objective
from gjax.infer.result import FitResult as FitResult

__all__ = ["FitResult", "Objective", "fit", "make_objective"]
