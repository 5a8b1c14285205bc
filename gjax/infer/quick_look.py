r"""Quick looks at a posterior: Gaussians in coordinates without bounds, in place of a sampler.

They say what they are: their draws carry the efficiency

.. math:: \varepsilon = \frac{(\sum_i w_i)^2}{N \sum_i w_i^2}, \qquad w_i = p(z_i) / q(z_i)

with the posterior p and the approximation q. Near 100% the posterior is that Gaussian; at a few
percent it is not, and `gjax.infer.sample.sample_fit` should be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from numpyro.infer import SVI, Trace_ELBO
from numpyro.infer.autoguide import (
    AutoContinuous,
    AutoDiagonalNormal,
    AutoLowRankMultivariateNormal,
    AutoMultivariateNormal,
)
from numpyro.infer.initialization import init_to_value
from numpyro.optim import Adam

from gjax.infer.posterior import Posterior
from gjax.infer.priors import describe_priors
from gjax.infer.provenance import provenance
from gjax.infer.result import FitResult
from gjax.infer.sample import advance_together
from gjax.infer.timing import Stopwatch
from gjax.infer.whiten import Whitened, numpyro_density, values_at, whiten
from gjax.typing import Array

__all__ = ["laplace", "svi"]

#: Guides of NumPyro by name.
_GUIDES = {
    "multivariate_normal": AutoMultivariateNormal,
    "normal": AutoDiagonalNormal,
    "low_rank": AutoLowRankMultivariateNormal,
}


def laplace(result: FitResult, *, samples: int = 2000, seed: int = 0) -> Posterior:
    """Draw from the Gaussian that has the mode and the curvature of the posterior.

    Parameters
    ----------
    result :
        The fit.
    samples :
        Number of draws.
    seed :
        Seed of the draws.

    Returns
    -------
    posterior :
        One chain; its ``message`` says that it is a quick look and what it is worth.
    """
    _check(result)
    with Stopwatch() as watch:
        whitened = jax.device_put(whiten(result.objective, result.theta))
        z = jax.random.normal(jax.random.PRNGKey(seed), (samples, result.theta.size))
        values, efficiency = _judge(whitened, z, -0.5 * jnp.sum(z**2, axis=1))
    info = {"efficiency": efficiency}
    return _posterior(result, values, "laplace", seed=seed, watch=watch, info=info)


def svi(
    result: FitResult,
    *,
    guide: str | Callable[[Any], AutoContinuous] = "multivariate_normal",
    steps: int = 2000,
    learning_rate: float = 0.01,
    samples: int = 2000,
    seed: int = 0,
) -> Posterior:
    """Fit a distribution to the posterior by stochastic variational inference.

    Parameters
    ----------
    result :
        The fit, at which the distribution starts with the covariance of the fit.
    guide :
        ``multivariate_normal``, ``normal`` (no correlations) or ``low_rank``, or a function that
        makes one of NumPyro's continuous guides of a model.
    steps, learning_rate :
        Steps of the optimiser (Adam) and their size.
    samples, seed :
        Number of draws, and the seed of fit and draws.

    Returns
    -------
    posterior :
        One chain; ``info`` has the lower bound of the evidence, up to a constant, as ``elbo``.

    Raises
    ------
    ValueError
        If the guide is unknown.
    """
    _check(result)
    with Stopwatch() as watch:
        whitened = jax.device_put(whiten(result.objective, result.theta))
        approximation = _guide(guide, result.theta.size)
        inference = SVI(numpyro_density, approximation, Adam(learning_rate), Trace_ELBO(8))
        first, second = jax.random.split(jax.random.PRNGKey(seed))
        found = inference.run(first, steps, whitened, progress_bar=False)
        density = approximation.get_posterior(found.params)
        # A guide without correlations is a batch of numbers, not a vector.
        density = density.to_event(1) if density.event_dim == 0 else density
        z = density.sample(second, (samples,))
        values, efficiency = _judge(whitened, z, density.log_prob(z))
    tail = np.asarray(found.losses)[-max(steps // 10, 1) :]
    info = {"efficiency": efficiency, "elbo": -float(tail.mean())}
    return _posterior(result, values, "svi", seed=seed, watch=watch, info=info)


def _check(result: FitResult) -> None:
    if not result.theta.size:
        raise ValueError("nothing to sample: no parameter is free")


def _guide(guide: str | Callable[[Any], AutoContinuous], size: int) -> AutoContinuous:
    if callable(guide):
        return guide(numpyro_density)
    if guide not in _GUIDES:
        raise ValueError(f"no guide {guide!r}; there are: {', '.join(_GUIDES)}")
    start = init_to_value(values={"z": jnp.zeros(size)})
    # The whitened posterior is nearly a unit Gaussian: so is the start.
    return _GUIDES[guide](numpyro_density, init_loc_fn=start, init_scale=1.0)


def _judge(whitened: Whitened, z: Array, log_q: Array) -> tuple[np.ndarray, float]:
    """Give the values of all parameters, shape ``(1, draw, n)``, and the efficiency."""
    together = 8 if advance_together(whitened.objective, len(z)) else None
    log_weight = _log_density(whitened, z, together=together) - log_q
    log_weight = jnp.where(jnp.isfinite(log_weight), log_weight, -jnp.inf)
    ratio = 2.0 * logsumexp(log_weight) - logsumexp(2.0 * log_weight)
    return np.asarray(values_at(whitened, z[None])), float(jnp.exp(ratio)) / len(z)


@partial(jax.jit, static_argnames="together")
def _log_density(whitened: Whitened, z: Array, *, together: int | None) -> Array:
    return jax.lax.map(whitened.log_density, z, batch_size=together)


def _posterior(
    result: FitResult,
    values: np.ndarray,
    method: str,
    *,
    seed: int,
    watch: Stopwatch,
    info: dict[str, float],
) -> Posterior:
    return Posterior(
        parameters=result.parameters,
        models=result.models,
        values=values,
        statistics={},
        seed=seed,
        warmup=0,
        timing={"compile": watch.compile, "sample": watch.run},
        versions=provenance(),
        priors=describe_priors(result.parameters),
        objective=result.objective,
        method=method,
        info=info,
    )
