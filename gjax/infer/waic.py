r"""The widely applicable information criterion of a posterior.

.. math:: \mathrm{elpd} = \sum_i \left[\ln \langle p(n_i | \theta) \rangle
    - \mathrm{var} \ln p(n_i | \theta)\right]

over all bins i, with mean and variance over the draws: how well the model would predict another
measurement. ArviZ has dropped it in version 1 for leave-one-out cross-validation (see
`gjax.infer.arviz`), which also tells where it is not to be trusted.

References
----------
A. Vehtari, A. Gelman, J. Gabry, Statistics and Computing 27 (2017) 1413, section 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from gjax.infer.posterior import Posterior
from gjax.infer.predictive import log_likelihood

__all__ = ["Waic", "waic"]


@dataclass(frozen=True)
class Waic:
    """What WAIC says of a model; compare models of the same data.

    Parameters
    ----------
    elpd, error :
        Expected log density of another measurement, and its standard error: larger is better.
    effective_parameters :
        The sum of the variances.
    bins :
        Number of bins.
    unreliable :
        Bins whose variance is above 0.4: where there are any, LOO should be asked.
    """

    elpd: float
    error: float
    effective_parameters: float
    bins: int
    unreliable: int

    @property
    def value(self) -> float:
        """The criterion on the scale of AIC: smaller is better."""
        return -2.0 * self.elpd

    def __str__(self) -> str:
        text = (
            f"WAIC {self.value:.1f}: elpd {self.elpd:.1f} +/- {self.error:.1f}, "
            f"{self.effective_parameters:.2f} effective parameters, {self.bins} bins"
        )
        return text + (f"; {self.unreliable} of them unreliable" if self.unreliable else "")


def waic(posterior: Posterior, draws: int | None = None, datasets: Any = None) -> Waic:
    """Compute WAIC from draws of a posterior.

    Parameters
    ----------
    posterior :
        The draws.
    draws :
        Number of draws per chain to take, evenly; by default all.
    datasets :
        The data of a posterior that was read from a file.

    Raises
    ------
    ValueError
        If the posterior has no data, or if all bins at all draws would take more than 4 GB.
    """
    found = log_likelihood(posterior, draws, datasets)
    each = np.concatenate([v.reshape(-1, v.shape[-1]) for v in found.values()], axis=1)
    variance = each.var(axis=0, ddof=1)
    elpd = logsumexp(each, axis=0) - np.log(len(each)) - variance
    return Waic(
        elpd=float(elpd.sum()),
        error=float(np.sqrt(elpd.size * elpd.var())),
        effective_parameters=float(variance.sum()),
        bins=elpd.size,
        unreliable=int(np.sum(variance > 0.4)),
    )
