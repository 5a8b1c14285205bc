"""A light curve given as a table.

Reading the table from a file is in `gjax.io.models`; a table over the phase of a periodic source is
in `gjax.model.temporal.phase`.
"""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gjax.model.temporal.abstract import AbstractTemporal
from gjax.model.temporal.time_scale import SECONDS_PER_DAY, check_scale, days_since
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar
from gjax.units import to_internal

__all__ = ["LightCurveTemplate", "as_nodes", "check_nodes"]


def as_nodes(values: Any) -> Any:
    """Make a host array of a sequence of numbers or a Quantity in d; leave arrays of jax alone."""
    values = to_internal(values, "d", "time")
    return np.asarray(values, float) if isinstance(values, (list, tuple, np.ndarray)) else values


def check_nodes(nodes: Any, norm: Any, name: str) -> None:
    """Refuse a table whose columns do not pair up, are not finite or do not increase.

    Raises
    ------
    ValueError
        Naming what is wrong.
    """
    if nodes.ndim != 1 or nodes.shape != norm.shape or len(nodes) < 2:
        raise ValueError(
            f"{name} and norm should be of one length of at least 2, got shapes {nodes.shape} "
            f"and {norm.shape}"
        )
    if not isinstance(nodes, np.ndarray) or not isinstance(norm, np.ndarray):
        return  # traced values cannot be looked at
    if not (np.isfinite(nodes).all() and np.isfinite(norm).all()):
        raise ValueError(f"{name} and norm of the table should be finite")
    if not (np.diff(nodes) > 0).all():
        row = int(np.flatnonzero(np.diff(nodes) <= 0)[0])
        raise ValueError(f"{name} should increase: {nodes[row]} is followed by {nodes[row + 1]}")


@final
class LightCurveTemplate(AbstractTemporal):
    r"""A table of times and factors, joined by straight lines; zero before and after it.

    .. math:: F(t) = f_i + (f_{i+1} - f_i)\,\frac{t - t_\mathrm{ref} - t_i}{t_{i+1} - t_i},
        \qquad t_i \le t - t_\mathrm{ref} \le t_{i+1}

    Parameters
    ----------
    time :
        Times :math:`t_i` in d since the reference time, increasing, shape ``(n,)``.
    norm :
        Factors :math:`f_i`, shape ``(n,)``; negative ones count as zero.
    t_ref :
        Reference time :math:`t_\mathrm{ref}` of the table, MJD.
    scale :
        Time scale of the reference time: ``"utc"``, ``"tai"`` or ``"tt"``.
    filename :
        File that holds the table, for models files.

    Raises
    ------
    ValueError
        If the columns do not pair up, or the times do not increase.
    """

    time: Array | np.ndarray = eqx.field(converter=as_nodes)
    norm: Array | np.ndarray = eqx.field(converter=as_nodes)
    t_ref: Scalar = param(51544.0, unit="d", frozen=True, scale=1.0)
    scale: str = eqx.field(static=True, default="utc")
    filename: str | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        check_scale(self.scale)
        check_nodes(self.time, self.norm, "time")

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor."""
        elapsed = days_since(self.t_ref, time, reference, self.scale)
        return jnp.interp(elapsed, self.time, self._positive(), left=0.0, right=0.0)

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate the straight lines exactly, in s."""
        nodes, norm = jnp.asarray(self.time), self._positive()
        length = jnp.diff(nodes)
        below = jnp.concatenate([jnp.zeros(1), jnp.cumsum(0.5 * (norm[1:] + norm[:-1]) * length)])

        def until(time: ArrayLike) -> Array:
            elapsed = days_since(self.t_ref, time, reference, self.scale)
            inside = jnp.clip(elapsed, nodes[0], nodes[-1])
            i = jnp.clip(jnp.searchsorted(nodes, inside, side="right") - 1, 0, len(length) - 1)
            step = inside - nodes[i]
            slope = (norm[i + 1] - norm[i]) / length[i]
            return below[i] + step * (norm[i] + 0.5 * slope * step)

        # Both ends at once: half of the code to compile.
        first, last = until(jnp.stack(jnp.broadcast_arrays(jnp.asarray(start), jnp.asarray(stop))))
        return SECONDS_PER_DAY * (last - first)

    def _positive(self) -> Array:
        return jnp.maximum(jnp.asarray(self.norm), 0.0)
