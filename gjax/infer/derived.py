r"""Quantities that follow from the fitted parameters: fluxes, indices, energies, bands.

From a fit, errors are propagated linearly with exact derivatives,

.. math:: \mathrm{Cov}(f) = J\,C\,J^T, \qquad J = \partial f / \partial \theta

and from a posterior the function is evaluated at every draw. The function takes the models, so
that links, composed spectra and several sources come for free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gjax.infer.posterior import Posterior
from gjax.infer.result import FitResult
from gjax.typing import Array
from gjax.units import to_quantity

__all__ = ["Derived", "DerivedDraws", "coordinate_covariance", "derived"]

_QUANTILES = (0.158655253931457, 0.841344746068543)


@dataclass(frozen=True, eq=False)
class Derived:
    """A derived quantity of a fit, with its linearly propagated error.

    Parameters
    ----------
    name, unit :
        What it is, and its internal unit.
    value :
        Any shape.
    covariance :
        Of the flattened value, shape ``(m, m)``.
    """

    name: str
    unit: str
    value: np.ndarray
    covariance: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Standard errors, in the shape of ``value``."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0)).reshape(self.value.shape)

    @property
    def quantity(self) -> Any:
        """The value with its unit."""
        return to_quantity(self.value, self.unit)

    @property
    def error_quantity(self) -> Any:
        """The error with its unit."""
        return to_quantity(self.error, self.unit)

    def __str__(self) -> str:
        pairs = zip(self.value.ravel(), self.error.ravel(), strict=True)
        text = ", ".join(f"{value:.5g} \N{PLUS-MINUS SIGN} {error:.2g}" for value, error in pairs)
        return f"{self.name} = {text} {self.unit}".rstrip()


@dataclass(frozen=True, eq=False)
class DerivedDraws:
    """A derived quantity of a posterior.

    Parameters
    ----------
    name, unit :
        What it is, and its internal unit.
    draws :
        Its values, shape ``(chain, draw, ...)``; NaN at draws for which it does not exist.
    """

    name: str
    unit: str
    draws: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean of the draws."""
        return np.nanmean(self.draws, axis=(0, 1))

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of the draws."""
        return np.nanstd(self.draws, axis=(0, 1))

    @property
    def missing(self) -> float:
        """Fraction of the draws for which the quantity does not exist."""
        return float(np.isnan(self.draws).mean())

    def quantile(self, q: float | np.ndarray) -> np.ndarray:
        """Give quantiles of the draws; those of an array ``q`` are the first axis."""
        return np.nanquantile(self.draws, q, axis=(0, 1))

    @property
    def quantity(self) -> Any:
        """The median with its unit."""
        return to_quantity(self.quantile(0.5), self.unit)

    def __str__(self) -> str:
        middle, low, high = (np.ravel(self.quantile(q)) for q in (0.5, *_QUANTILES))
        text = ", ".join(
            f"{m:.5g} -{m - lo:.2g} +{hi - m:.2g}"
            for m, lo, hi in zip(middle, low, high, strict=True)
        )
        note = f" (does not exist in {self.missing:.1%} of the draws)" if self.missing else ""
        return f"{self.name} = {text} {self.unit}".rstrip() + note


def derived(
    source: FitResult | Posterior,
    function: Callable[[Any], Any],
    *,
    name: str = "derived",
    unit: str = "",
) -> Derived | DerivedDraws:
    """Evaluate a function of the models with its uncertainty.

    Parameters
    ----------
    source :
        A fit, or draws from a posterior.
    function :
        Takes models and gives an array of any shape in internal units, by operations that JAX can
        differentiate.
    name, unit :
        What it is, and its internal unit.

    Returns
    -------
    derived :
        From a fit, with `Derived.error`; parameters on a bound count as known. From a posterior,
        all draws.

    Examples
    --------
    The ratio of two fluxes::

        derived(result, lambda m: m["a"].spectral.integral(1, 10) / m["b"].spectral.integral(1, 10))
    """
    if isinstance(source, Posterior):
        return DerivedDraws(name, unit, _at_draws(source, function))
    layout, theta = source.objective.layout, jnp.asarray(source.theta)

    def flat(point: Array) -> Array:
        return jnp.ravel(jnp.asarray(function(layout.models_at(point)), float))

    value = np.asarray(function(layout.models_at(theta)), float)
    jacobian = np.asarray(jax.jit(jax.jacfwd(flat))(theta)).reshape(value.size, theta.size)
    return Derived(name, unit, value, jacobian @ coordinate_covariance(source) @ jacobian.T)


def coordinate_covariance(result: FitResult) -> np.ndarray:
    """Give the covariance of the free coordinates, shape ``(par, par)``."""
    chosen = list(result.parameters.free)
    scale = np.asarray(result.objective.layout.scale)
    return result.covariance[np.ix_(chosen, chosen)] / np.outer(scale, scale)


def _at_draws(posterior: Posterior, function: Callable[[Any], Any]) -> np.ndarray:
    """Evaluate a function at every draw, shape ``(chain, draw, ...)``."""
    layout = posterior.parameters.layout(posterior.models)
    theta = posterior.free_values / np.asarray(layout.scale)

    @jax.jit
    def every(points: Array) -> Array:
        return jax.lax.map(
            lambda point: jnp.asarray(function(layout.models_at(point)), float),
            points,
            batch_size=min(256, points.shape[0]),
        )

    found = np.asarray(every(theta.reshape(-1, theta.shape[-1])))
    return found.reshape(*theta.shape[:2], *found.shape[1:])
