"""The compiled form of the table: flat coordinates to models and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.numerics.namespace import array_namespace
from gjax.parameters.spec import Key, ParameterSpec, parameter_leaves

__all__ = ["Layout", "make_layout"]


class Layout(eqx.Module):
    """The map between the vector of free coordinates and a tree of models.

    A coordinate is the parameter's value divided by its scale. Data are array leaves, structure is
    static: two tables that differ only in values, bounds or priors share compiled code.

    Parameters
    ----------
    models :
        The models that give all values which no coordinate sets.
    values :
        Values of all parameters, shape ``(n,)``.
    scale, lower, upper :
        Scale and bounds (in coordinates) of the free parameters, shape ``(free,)``.
    priors :
        Distributions of the priors.
    free, leaves, links, prior_indices :
        Positions of the free parameters; leaf of the model tree that each parameter is; links as
        ``(position, targets, function)``; the parameters of each prior.
    """

    models: Any
    values: Any
    scale: Any
    lower: Any
    upper: Any
    priors: tuple[Any, ...]
    free: tuple[int, ...] = eqx.field(static=True)
    leaves: tuple[int, ...] = eqx.field(static=True)
    links: tuple[tuple[int, tuple[int, ...], Any], ...] = eqx.field(static=True)
    prior_indices: tuple[tuple[int, ...], ...] = eqx.field(static=True)

    @property
    def start(self) -> np.ndarray:
        """Coordinates of the table's own values."""
        return np.asarray(self.values)[list(self.free)] / np.asarray(self.scale)

    def all_values(self, theta: Any) -> Any:
        """Give the values of all parameters at ``theta``, links applied; shape ``(n,)``.

        On the host, if the layout and ``theta`` are: nothing has to be compiled there.
        """
        values: Any = self.values
        replace: Callable[[Any, Any, Any], Any] = _replace_on_host
        if array_namespace(values, self.scale, theta) is jnp:
            values, replace = jnp.asarray(values), _replace
        if self.free:
            values = replace(values, np.array(self.free), theta * self.scale)
        for position, targets, function in self.links:
            inputs = [values[i] for i in targets]
            values = replace(values, position, inputs[0] if function is None else function(*inputs))
        return values

    def models_at(self, theta: Any) -> Any:
        """Give the models at ``theta``."""
        values = self.all_values(theta)
        xp = array_namespace(values)
        leaves, structure = jax.tree_util.tree_flatten(self.models)
        varying = {*self.free, *(position for position, _, _ in self.links)}
        for i, leaf in enumerate(self.leaves):
            # A frozen value carries no derivative, not even a zero: where a model has no slope in
            # it, zero times infinity would spoil the others.
            leaves[leaf] = xp.asarray(values[i] if i in varying else self.values[i])
        return jax.tree_util.tree_unflatten(structure, leaves)

    def log_prior(self, theta: Any) -> Any:
        """Sum the logarithms of the prior densities at ``theta``."""
        total = jnp.zeros(())
        if self.priors:
            values = self.all_values(theta)
            for distribution, indices in zip(self.priors, self.prior_indices, strict=True):
                point = values[np.array(indices)]
                joint = len(indices) > 1
                total = total + jnp.sum(distribution.log_prob(point if joint else point[0]))
        return total


def make_layout(
    models: Any,
    *,
    keys: tuple[Key, ...],
    specs: tuple[ParameterSpec, ...],
    values: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    free: tuple[int, ...],
    links: tuple[tuple[int, tuple[int, ...], Any], ...],
    priors: tuple[Any, ...],
    prior_indices: tuple[tuple[int, ...], ...],
) -> Layout:
    """Build the layout of a table; see `gjax.parameters.Parameters.layout`.

    Raises
    ------
    ValueError
        If ``models`` do not have the parameters of the table.
    """
    found = parameter_leaves(models)
    if tuple(key for key, _, _, _ in found) != keys:
        raise ValueError("the parameters table was built from other models: build a new one")
    scale = np.array([_scale(specs[i], values[i]) for i in free])
    chosen = list(free)
    return Layout(
        models=models,
        values=np.asarray(values, float),
        scale=scale,
        lower=bounds[0][chosen] / scale,
        upper=bounds[1][chosen] / scale,
        priors=priors,
        free=free,
        leaves=tuple(number for _, _, _, number in found),
        links=links,
        prior_indices=prior_indices,
    )


def _replace(values: Any, at: Any, new: Any) -> Any:
    return values.at[at].set(new, unique_indices=True)


def _replace_on_host(values: np.ndarray, at: Any, new: Any) -> np.ndarray:
    values = np.array(values)
    values[at] = new
    return values


def _scale(spec: ParameterSpec, value: float) -> float:
    if spec.scale is not None:
        return spec.scale
    size = abs(value) if value != 0 else abs(spec.default)
    return size if size != 0 and not 1e-3 <= size <= 1e3 else 1.0
