"""Coordinates in which a posterior is nearly a unit Gaussian without bounds.

Bounds are removed by smooth maps (`gjax.numerics.bijector`); the rest is shifted to the best fit
and scaled by the root of the covariance there. Samplers and quick looks walk in them.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.distributions import constraints

from gjax.infer.objective import Objective, expand_from_host
from gjax.numerics import bijector
from gjax.typing import Array, ArrayLike, Scalar, Theta

__all__ = ["Whitened", "numpyro_density", "values_at", "whiten"]


class Whitened(eqx.Module):
    """The posterior density in coordinates without bounds, shifted and scaled to a unit Gaussian.

    Parameters
    ----------
    objective :
        The statistic.
    center :
        Unbounded coordinates of the best fit, shape ``(par,)``.
    root :
        Lower triangular root of their covariance, shape ``(par, par)``.
    """

    objective: Objective
    center: ArrayLike
    root: ArrayLike

    def theta(self, z: Array) -> Theta:
        """Give the coordinates of the objective at a whitened point."""
        layout = self.objective.layout
        return bijector.to_bounded(self.center + self.root @ z, layout.lower, layout.upper)

    def log_density(self, z: Array) -> Scalar:
        """Give the logarithm of the posterior density over ``z``, up to a constant."""
        layout = self.objective.layout
        x = self.center + self.root @ z
        slope = bijector.log_slope(x, layout.lower, layout.upper)
        theta = bijector.to_bounded(x, layout.lower, layout.upper)
        return -0.5 * self.objective(theta) + jnp.sum(slope)


def whiten(objective: Objective, theta: Theta) -> Whitened:
    """Find whitened coordinates from the curvature at a point near the optimum.

    A coordinate that sits on a bound is moved inside by a tenth of its error.
    """
    lower, upper = np.asarray(objective.layout.lower), np.asarray(objective.layout.upper)
    found = expand_from_host(objective, jnp.asarray(theta))
    info = 0.5 * np.asarray(found.hessian)
    if not np.isfinite(info).all() or np.linalg.eigvalsh(info).min() <= 0:
        info = 0.5 * np.asarray(found.positive)
    scale = np.sqrt(np.maximum(np.diag(info), 1e-300))
    values, vectors = np.linalg.eigh(info / np.outer(scale, scale))
    covariance = (vectors / np.maximum(values, 1e-8)) @ vectors.T / np.outer(scale, scale)
    room = 0.1 * np.minimum(np.sqrt(np.diag(covariance)), np.maximum(upper - lower, 1e-300))
    inside = np.clip(theta, lower + room, upper - room)
    center = np.asarray(bijector.to_real(inside, lower, upper))
    slope = np.exp(np.asarray(bijector.log_slope(center, lower, upper)))
    root = np.linalg.cholesky(covariance / np.outer(slope, slope))
    return Whitened(objective, center, root)


def numpyro_density(whitened: Whitened) -> None:
    """Declare the posterior as a NumPyro model with one site ``z``; data come as the argument."""
    flat = dist.ImproperUniform(constraints.real_vector, (), np.shape(whitened.center))
    z = numpyro.sample("z", flat)
    numpyro.factor("log_density", whitened.log_density(z))


@jax.jit
def values_at(whitened: Whitened, z: Array) -> Array:
    """Give the values of all parameters at whitened points.

    Parameters
    ----------
    whitened :
        The coordinates.
    z :
        Points, shape ``(chain, draw, par)``.

    Returns
    -------
    values :
        In internal units, links followed, shape ``(chain, draw, n)``.
    """
    layout = whitened.objective.layout
    return jax.vmap(jax.vmap(lambda one: layout.all_values(whitened.theta(one))))(z)
