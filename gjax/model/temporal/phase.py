"""A table over the phase of a periodic source, with its timing solution.

Light curves over time itself are in `gjax.model.temporal.template`.
"""

from __future__ import annotations

from typing import final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gjax.model.temporal.abstract import AbstractTemporal
from gjax.model.temporal.template import as_nodes, check_nodes
from gjax.model.temporal.time_scale import SECONDS_PER_DAY, check_scale, days_since
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["TemplatePhaseCurve"]

# Terms of the integral; each is smaller by the change of the period within a period.
_N_TERMS = 3

# A frequency never gets lower than this, in s-1: one turn in the age of the universe.
_SLOWEST = 1e-18


@final
class TemplatePhaseCurve(AbstractTemporal):
    r"""A periodic source: factors by phase, joined by straight lines, and a timing solution.

    .. math:: F(t) = g(\phi - \lfloor\phi\rfloor), \qquad
        \phi = \phi_\mathrm{ref} + \Delta \left(f_0 + \frac{\Delta}{2}
        \left(f_1 + \frac{\Delta}{3} f_2\right)\right), \qquad \Delta = t - t_\mathrm{ref}

    Before the first and after the last node the outer lines go on to phase zero and one.

    Parameters
    ----------
    phase :
        Phases of the nodes, increasing, from 0 to 1, shape ``(n,)``.
    norm :
        Factors, shape ``(n,)``.
    t_ref :
        Time :math:`t_\mathrm{ref}` of the timing solution, MJD.
    phi_ref :
        Phase :math:`\phi_\mathrm{ref}` at that time.
    f0, f1, f2 :
        Frequency at that time in s-1, and its first and second derivative in s-2 and s-3.
    scale :
        Time scale of the reference time: ``"utc"``, ``"tai"`` or ``"tt"``.
    normalize :
        Whether the factors are divided by their mean over the phase.
    filename :
        File that holds the table, for models files.

    Raises
    ------
    ValueError
        If the columns do not pair up, or the phases do not increase or are not from 0 to 1.
    """

    phase: Array | np.ndarray = eqx.field(converter=as_nodes)
    norm: Array | np.ndarray = eqx.field(converter=as_nodes)
    t_ref: Scalar = param(48442.5, unit="d", frozen=True, scale=1.0)
    phi_ref: Scalar = param(0.0, frozen=True, scale=0.1)
    f0: Scalar = param(29.946923, unit="s-1", frozen=True, scale=1e-6)
    f1: Scalar = param(0.0, unit="s-2", frozen=True, scale=1e-12)
    f2: Scalar = param(0.0, unit="s-3", frozen=True, scale=1e-20)
    scale: str = eqx.field(static=True, default="utc")
    normalize: bool = eqx.field(static=True, default=True)
    filename: str | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        check_scale(self.scale)
        check_nodes(self.phase, self.norm, "phase")
        if isinstance(self.phase, np.ndarray) and not 0 <= self.phase[0] < self.phase[-1] <= 1:
            raise ValueError(f"phases go from {self.phase[0]} to {self.phase[-1]}, not from 0 to 1")

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor."""
        phase = self._phase(self._elapsed(time, reference))
        nodes, norm = self._table()
        return jnp.interp(phase - jnp.floor(phase), nodes, norm)

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        r"""Integrate over any number of periods, in s.

        With the mean :math:`\bar g` and the periodic antiderivatives :math:`H_k` of
        :math:`g - \bar g` (each with mean zero), integration by parts gives

        .. math:: \int F\,dt = \bar g\,(b - a) + \left[H_1 w_0 - H_2 w_1 + H_3 w_2\right]_a^b,
            \qquad w_0 = 1/\dot\phi,\quad w_{k+1} = \dot w_k / \dot\phi.

        That is exact for a constant frequency. What is left out is smaller than a period by the
        third power of the relative change of the frequency within one period.
        """
        mean, curves = self._antiderivatives()
        nodes, _ = self._table()

        def periodic(time: ArrayLike) -> Array:
            elapsed = self._elapsed(time, reference)
            phase = self._phase(elapsed)
            phase = phase - jnp.floor(phase)
            i = jnp.clip(jnp.searchsorted(nodes, phase, side="right") - 1, 0, len(nodes) - 2)
            step = phase - nodes[i]
            total = jnp.zeros_like(phase)
            for k, weight in enumerate(self._weights(elapsed)):
                value = jnp.zeros_like(phase)
                for coefficient in curves[k][::-1]:
                    value = value * step + coefficient[i]
                total = total + (-1) ** k * weight * value
            return total

        # Both ends at once: half of the code to compile.
        ends = jnp.stack(jnp.broadcast_arrays(jnp.asarray(start), jnp.asarray(stop)))
        first, last = periodic(ends)
        return mean * (ends[1] - ends[0]) + last - first

    def _elapsed(self, time: ArrayLike, reference: float) -> Array:
        return SECONDS_PER_DAY * days_since(self.t_ref, time, reference, self.scale)

    def _phase(self, elapsed: Array) -> Array:
        slow = self.f1 + elapsed / 3.0 * self.f2
        return self.phi_ref + elapsed * (self.f0 + elapsed / 2.0 * slow)

    def _weights(self, elapsed: Array) -> tuple[Array, ...]:
        """Give w_0, w_1 and w_2 of the integral."""
        frequency = self.f0 + elapsed * (self.f1 + 0.5 * elapsed * self.f2)
        frequency = jnp.maximum(frequency, _SLOWEST)
        first, second = self.f1 + elapsed * self.f2, self.f2
        w_2 = (3.0 * first**2 / frequency - second) / frequency**4
        return 1.0 / frequency, -first / frequency**3, w_2

    def _table(self) -> tuple[Array, Array]:
        """Give the table from phase zero to one, normalised."""
        x, y = jnp.asarray(self.phase), jnp.asarray(self.norm)
        first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
        nodes = jnp.concatenate([jnp.zeros(1), x, jnp.ones(1)])
        norm = jnp.concatenate([y[:1] - first * x[0], y, y[-1:] + last * (1.0 - x[-1])])
        if self.normalize:
            norm = norm / jnp.sum(0.5 * (norm[1:] + norm[:-1]) * jnp.diff(nodes))
        return nodes, norm

    def _antiderivatives(self) -> tuple[Array, list[list[Array]]]:
        """Give the mean, and the coefficients by power of each antiderivative on each piece."""
        nodes, norm = self._table()
        length = jnp.diff(nodes)
        mean = jnp.sum(0.5 * (norm[1:] + norm[:-1]) * length)
        # A piece may have no length where the table reaches phase zero or one itself.
        has_length = length > 0
        slope = jnp.where(has_length, jnp.diff(norm) / jnp.where(has_length, length, 1.0), 0.0)
        curve, found = [norm[:-1] - mean, slope], []
        for _ in range(_N_TERMS):
            curve = [jnp.zeros_like(length), *(c / (k + 1) for k, c in enumerate(curve))]
            rise = sum(c * length**k for k, c in enumerate(curve))
            curve[0] = jnp.concatenate([jnp.zeros(1), jnp.cumsum(rise)[:-1]])
            area = sum(c * length ** (k + 1) / (k + 1) for k, c in enumerate(curve))
            curve[0] = curve[0] - jnp.sum(area)
            found.append(curve)
        return mean, found
