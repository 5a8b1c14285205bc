"""Light curves with a closed form that have no peak: constant, linear, decaying, periodic.

Pulses that rise and fall are in `gjax.model.temporal.pulse`, tables in
`gjax.model.temporal.template` and `gjax.model.temporal.phase`.
"""

from __future__ import annotations

from typing import final

import equinox as eqx
import jax.numpy as jnp

from gjax.model.temporal.abstract import AbstractTemporal
from gjax.model.temporal.time_scale import SECONDS_PER_DAY, check_scale, days_since
from gjax.numerics.exponential import relative_expm1
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["Constant", "ExpDecay", "Linear", "PowerLaw", "Sine"]

# Durations and distances to a pole never get shorter than a tenth of a microsecond, in days: what
# a double that holds an MJD cannot resolve.
_SHORTEST = 1e-12

# Before its start an exponential decay grows without bounds; products of it stay finite so.
_LARGEST_EXPONENT = 300.0


@final
class Constant(AbstractTemporal):
    r"""A steady source.

    .. math:: F(t) = 1
    """

    scale: str = eqx.field(static=True, default="utc")

    def __check_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor: one."""
        return jnp.ones_like(time, dtype=jnp.result_type(float))

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate in closed form: the duration."""
        return jnp.asarray(stop) - jnp.asarray(start)


@final
class Linear(AbstractTemporal):
    r"""A flux that changes linearly with time.

    .. math:: F(t) = \alpha + \beta\,(t - t_\mathrm{ref})

    Parameters
    ----------
    alpha :
        Factor :math:`\alpha` at the reference time.
    beta :
        Slope :math:`\beta` in d-1.
    t_ref :
        Reference time :math:`t_\mathrm{ref}`, MJD.
    scale :
        Time scale of the reference time: ``"utc"``, ``"tai"`` or ``"tt"``.
    """

    alpha: Scalar = param(1.0, scale=0.1)
    beta: Scalar = param(0.0, unit="d-1", scale=0.1)
    t_ref: Scalar = param(51544.0, unit="d", frozen=True, scale=1.0)
    scale: str = eqx.field(static=True, default="utc")

    def __check_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor."""
        return self.alpha + self.beta * days_since(self.t_ref, time, reference, self.scale)

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate in closed form, in s: the value in the middle times the duration."""
        duration = jnp.asarray(stop) - jnp.asarray(start)
        return duration * self(jnp.asarray(start) + 0.5 * duration, reference)


@final
class ExpDecay(AbstractTemporal):
    r"""An exponential decay.

    .. math:: F(t) = \exp\left(-\frac{t - t_\mathrm{ref}}{t_0}\right)

    Parameters
    ----------
    t0 :
        Time :math:`t_0` in d in which the flux falls by a factor e.
    t_ref :
        Reference time :math:`t_\mathrm{ref}`, MJD.
    scale :
        Time scale of the reference time: ``"utc"``, ``"tai"`` or ``"tt"``.
    """

    t0: Scalar = param(1.0, unit="d", min=0.0, scale=0.1)
    t_ref: Scalar = param(51544.0, unit="d", frozen=True, scale=1.0)
    scale: str = eqx.field(static=True, default="utc")

    def __check_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor."""
        elapsed = days_since(self.t_ref, time, reference, self.scale)
        exponent = -elapsed / jnp.maximum(self.t0, _SHORTEST)
        return jnp.exp(jnp.minimum(exponent, _LARGEST_EXPONENT))

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate in closed form, in s."""
        duration = jnp.asarray(stop) - jnp.asarray(start)
        # From the later end backwards the integrand grows; the other way round none is lost.
        decay = duration / SECONDS_PER_DAY / jnp.maximum(self.t0, _SHORTEST)
        return duration * self(start, reference) * relative_expm1(-decay)


@final
class PowerLaw(AbstractTemporal):
    r"""A power law in the time since an event; zero before it.

    .. math:: F(t) = \left(\frac{t - t_\mathrm{ref}}{t_0}\right)^{\alpha}

    With :math:`\alpha < 0` the flux has a pole at the event, with :math:`\alpha \le -1` one whose
    integral diverges; what lies closer to it than 1e-12 d counts as being that far away.

    Parameters
    ----------
    alpha :
        Index :math:`\alpha`, negative for an afterglow.
    t_ref :
        Time of the event :math:`t_\mathrm{ref}`, MJD.
    t0 :
        Time :math:`t_0` in d after the event at which the factor is one.
    scale :
        Time scale of the reference time: ``"utc"``, ``"tai"`` or ``"tt"``.
    """

    alpha: Scalar = param(1.0, scale=0.1)
    t_ref: Scalar = param(51544.0, unit="d", frozen=True, scale=1.0)
    t0: Scalar = param(1.0, unit="d", min=0.0, frozen=True, scale=0.1)
    scale: str = eqx.field(static=True, default="utc")

    def __check_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor."""
        elapsed = days_since(self.t_ref, time, reference, self.scale)
        x = jnp.maximum(elapsed, _SHORTEST) / jnp.maximum(self.t0, _SHORTEST)
        return jnp.where(elapsed < 0, 0.0, x**self.alpha)

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate in closed form, in s, smoothly through an index of minus one."""
        first, last = (days_since(self.t_ref, t, reference, self.scale) for t in (start, stop))
        low, t0 = jnp.maximum(first, _SHORTEST), jnp.maximum(self.t0, _SHORTEST)
        # The duration itself has more digits than the difference of two long times.
        duration = (jnp.asarray(stop) - jnp.asarray(start)) / SECONDS_PER_DAY
        span = jnp.log1p(jnp.clip(last, 0.0, duration) / low)
        power = self.alpha + 1.0
        scaled = (low / t0) ** power * span * relative_expm1(power * span)
        return scaled * t0 * SECONDS_PER_DAY


@final
class Sine(AbstractTemporal):
    r"""A sinusoidal modulation around one.

    .. math:: F(t) = 1 + A \sin\left(\omega\,(t - t_\mathrm{ref})\right)

    Parameters
    ----------
    amp :
        Amplitude :math:`A`; above one the flux becomes negative at times.
    omega :
        Angular frequency :math:`\omega` in rad d-1.
    t_ref :
        Time of a rising mean flux :math:`t_\mathrm{ref}`, MJD.
    scale :
        Time scale of the reference time: ``"utc"``, ``"tai"`` or ``"tt"``.
    """

    amp: Scalar = param(1.0, scale=0.1)
    omega: Scalar = param(1.0, unit="rad d-1", scale=0.1)
    t_ref: Scalar = param(51544.0, unit="d", scale=1.0)
    scale: str = eqx.field(static=True, default="utc")

    def __check_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor."""
        elapsed = days_since(self.t_ref, time, reference, self.scale)
        return 1.0 + self.amp * jnp.sin(self.omega * elapsed)

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate in closed form, in s, smoothly through a frequency of zero."""
        duration = jnp.asarray(stop) - jnp.asarray(start)
        # The difference of two cosines as a product, or it would be lost in short intervals.
        middle = self(jnp.asarray(start) + 0.5 * duration, reference) - 1.0
        half = 0.5 * self.omega * duration / SECONDS_PER_DAY
        return duration * (1.0 + middle * jnp.sinc(half / jnp.pi))
