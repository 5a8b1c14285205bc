"""What a models file holds, once read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gjax.model import Models
from gjax.parameters import Parameters

__all__ = ["ModelsFile"]


@dataclass(frozen=True, eq=False)
class ModelsFile:
    """The contents of a models file, in internal units.

    Parameters
    ----------
    models :
        The models at the values of the file.
    parameters :
        Their parameters with the choices of the file: frozen, bounds, links, priors.
    errors :
        Error of each parameter in the order of ``parameters.keys``, shape ``(n,)``; zero where the
        file gives none.
    covariance :
        Covariance of all parameters in that order, shape ``(n, n)``, zero for frozen ones; None if
        the file has none.
    """

    models: Models
    parameters: Parameters
    errors: np.ndarray
    covariance: np.ndarray | None = None
