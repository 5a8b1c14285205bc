"""Light curves that rise to a peak and fall again.

Monotonous and periodic ones are in `gjax.model.temporal.smooth`.
"""

from __future__ import annotations

import math
from typing import final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, erfc

from gjax.model.temporal.abstract import AbstractTemporal
from gjax.model.temporal.time_scale import SECONDS_PER_DAY, check_scale, days_since
from gjax.numerics.quadrature import gauss_legendre
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["Gaussian", "GeneralizedGaussian"]

# Widths never get smaller than this, in d.
_NARROWEST = 1e-12

# Closer to the peak than this, in widths, the flux counts as that of the peak.
_CLOSEST = 1e-100

# Coefficients of the exponential of a negative number.
_SERIES = np.array([(-1.0) ** k / math.factorial(k) for k in range(20)])

# exp(-40) is nothing beside one.
_FAINTEST = 40.0


@final
class Gaussian(AbstractTemporal):
    r"""A Gaussian pulse.

    .. math:: F(t) = \exp\left(-\frac{(t - t_\mathrm{ref})^2}{2 \sigma^2}\right)

    Parameters
    ----------
    t_ref :
        Time of the peak :math:`t_\mathrm{ref}`, MJD.
    sigma :
        Width :math:`\sigma` in d.
    scale :
        Time scale of the reference time: ``"utc"``, ``"tai"`` or ``"tt"``.
    """

    t_ref: Scalar = param(51544.0, unit="d", scale=1.0)
    sigma: Scalar = param(1.0, unit="d", min=0.0, scale=0.1)
    scale: str = eqx.field(static=True, default="utc")

    def __check_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor."""
        elapsed = days_since(self.t_ref, time, reference, self.scale)
        return jnp.exp(-0.5 * (elapsed / jnp.maximum(self.sigma, _NARROWEST)) ** 2)

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate in closed form, in s, to full relative precision also far from the peak."""
        width = jnp.maximum(self.sigma, _NARROWEST)
        low = days_since(self.t_ref, start, reference, self.scale) / width
        # The duration itself has more digits than the difference of two long times.
        span = (jnp.asarray(stop) - jnp.asarray(start)) / (width * SECONDS_PER_DAY)
        return width * SECONDS_PER_DAY * _gaussian_area(low, span)


@final
class GeneralizedGaussian(AbstractTemporal):
    r"""A pulse with different rise and decay, and a peak sharper or flatter than a Gaussian's.

    .. math:: F(t) = \exp\left(-\frac12
        \left(\frac{|t - t_\mathrm{ref}|}{\tau}\right)^{1/\eta}\right),
        \qquad \tau = t_\mathrm{rise}\ \text{before the peak},\ t_\mathrm{decay}\ \text{after it}

    Parameters
    ----------
    t_ref :
        Time of the peak :math:`t_\mathrm{ref}`, MJD.
    t_rise, t_decay :
        Times :math:`\tau` of rise and decay in d.
    eta :
        Sharpness :math:`\eta` of the peak: 0.5 is a Gaussian, 1 a double exponential; towards zero
        the pulse becomes a box.
    scale :
        Time scale of the reference time: ``"utc"``, ``"tai"`` or ``"tt"``.
    """

    t_ref: Scalar = param(51544.0, unit="d", scale=1.0)
    t_rise: Scalar = param(1.0, unit="d", min=0.0, scale=0.1)
    t_decay: Scalar = param(1.0, unit="d", min=0.0, scale=0.1)
    eta: Scalar = param(0.5, min=0.01, max=10.0, scale=0.1)
    scale: str = eqx.field(static=True, default="utc")

    def __check_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor."""
        elapsed = days_since(self.t_ref, time, reference, self.scale)
        tau = jnp.maximum(jnp.where(elapsed < 0, self.t_rise, self.t_decay), _NARROWEST)
        return jnp.exp(-jnp.exp(_log_depth(jnp.abs(elapsed) / tau, self.eta)))

    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate in s, to rounding: by its series near the peak, and a smooth quadrature."""
        # Both ends and both sides at once: a quarter of the code to compile.
        ends = jnp.stack(jnp.broadcast_arrays(jnp.asarray(start), jnp.asarray(stop)))
        elapsed = days_since(self.t_ref, ends, reference, self.scale)
        rise, decay = (jnp.maximum(tau, _NARROWEST) for tau in (self.t_rise, self.t_decay))
        x = jnp.stack([jnp.maximum(-elapsed, 0.0) / rise, jnp.maximum(elapsed, 0.0) / decay])
        before, after = _area(x, self.eta)
        return SECONDS_PER_DAY * (decay * (after[1] - after[0]) - rise * (before[1] - before[0]))


def _gaussian_area(low: Array, span: Array) -> Array:
    """Integrate exp(-x^2 / 2) from ``low`` to ``low + span``."""
    high, root = low + span, math.sqrt(0.5)
    # On one side of the peak, what is beyond the nearer end less what is beyond the farther one.
    near = root * jnp.minimum(jnp.abs(low), jnp.abs(high))
    far = root * jnp.maximum(jnp.abs(low), jnp.abs(high))
    one_side = erfc(near) - erfc(far)
    across = erf(root * high) - erf(root * low)
    closed = math.sqrt(0.5 * math.pi) * jnp.where(low * high > 0, one_side, across)
    # In a short interval that difference loses digits, and ten nodes are exact.
    nodes, weights = gauss_legendre(10)
    is_short = span < 0.5
    half = 0.5 * jnp.where(is_short, span, 0.0)[..., None]
    x = (low[..., None] + half) + half * nodes
    short = jnp.sum(half * weights * jnp.exp(-0.5 * x**2), axis=-1)
    return jnp.where(is_short, short, closed)


def _log_depth(x: Array, eta: ArrayLike) -> Array:
    """Give the logarithm of half of x to the power 1 / eta, cut where its exponential is zero."""
    depth = jnp.log(jnp.maximum(x, _CLOSEST)) / eta - math.log(2.0)
    return jnp.clip(depth, -600.0, 6.7)


def _area(x: Array, eta: ArrayLike) -> Array:
    r"""Integrate :math:`\exp(-\frac12 t^{1/\eta})` over t from zero to x.

    With :math:`z = \frac12 t^{1/\eta}`: the power series of the exponential up to z = 1; beyond it
    the integral over :math:`u = \ln z` of :math:`\eta\,(2 e^u)^\eta \exp(-e^u)`, which is smooth.
    """
    depth = _log_depth(x, eta)
    order = jnp.arange(20.0)
    powers = jnp.exp(order * jnp.minimum(depth, 0.0)[..., None])
    series = jnp.sum(_SERIES * powers / (1.0 + order / eta), axis=-1)
    # Where the series ends, at z = 1, its length is that of t there.
    length = jnp.where(depth < 0.0, x, 2.0 ** jnp.asarray(eta))
    nodes, weights = gauss_legendre(32)
    half = 0.5 * jnp.clip(depth, 0.0, math.log(_FAINTEST))[..., None]
    u = half * (1.0 + nodes)
    tail = jnp.sum(half * weights * eta * jnp.exp(eta * (u + math.log(2.0)) - jnp.exp(u)), axis=-1)
    return length * series + tail
