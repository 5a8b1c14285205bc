"""Sites of NumPyro models in model space that its samplers see in coordinates of order one.

An amplitude of 1e-11 beside an angle of 300 degrees would stop a sampler whose first step is one.
The support of such a site carries a place and a width: the coordinate without bounds is zero there,
and one is the width.
"""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Distribution, biject_to, constraints
from numpyro.distributions.transforms import Transform

from gjax.numerics import bijector
from gjax.typing import Array, ArrayLike

__all__ = ["ScaledBijection", "ScaledSite", "ScaledSupport", "scaled_support"]


#: Draws of a prior that are made together, and how often, to find one between the bounds.
_TOGETHER, _ATTEMPTS = 64, 50_000


class ScaledSupport(constraints.Constraint):
    """Numbers between bounds, with a place and a width of interest.

    Parameters
    ----------
    lower, upper :
        Bounds, infinite where there are none; all arrays of shape ``()``, or ``(n,)`` of a joint
        site.
    center, width :
        Unbounded coordinate of the place in units of ``scale``, and the width there.
    scale :
        Size of the values.
    """

    def __init__(self, lower: Any, upper: Any, center: Any, width: Any, scale: Any) -> None:
        self.lower, self.upper, self.scale = lower, upper, scale
        self.center, self.width = center, width
        self.event_dim = np.ndim(center)

    def __call__(self, x: Any) -> Any:
        """Tell whether values are inside."""
        inside = (x >= self.lower) & (x <= self.upper)
        return jnp.all(inside, axis=-1) if self.event_dim else inside

    def feasible_like(self, prototype: Any) -> Any:
        """Give the place of interest."""
        start = ScaledBijection(self)(jnp.zeros(jnp.shape(self.center)))
        return jnp.broadcast_to(start, jnp.shape(prototype))

    def tree_flatten(self) -> Any:
        """Give the arrays, as JAX asks for."""
        names = ("lower", "upper", "center", "width", "scale")
        return tuple(getattr(self, n) for n in names), (names, {"event_dim": self.event_dim})

    def eq(self, other: object, static: bool = False) -> bool:
        """Tell whether two supports are the same object."""
        return self is other


def scaled_support(start: ArrayLike, sigma: ArrayLike, bounds: tuple[Any, Any]) -> ScaledSupport:
    """Make the support of a site.

    Parameters
    ----------
    start, sigma :
        Place and width of interest in internal units. A start on a bound is moved inside.
    bounds :
        Lower and upper bound.
    """
    start, scale = np.asarray(start, float), np.asarray(sigma, float)
    lower, upper = (np.asarray(end, float) for end in bounds)
    low, high = lower / scale, upper / scale
    room = 0.1 * np.minimum(1.0, np.maximum(high - low, 1e-300))
    inside = np.clip(start / scale, low + room, high - room)
    center = np.asarray(bijector.to_real(inside, low, high))
    width = np.exp(-np.asarray(bijector.log_slope(center, low, high)))
    return ScaledSupport(lower, upper, center, width, scale)


class ScaledBijection(Transform):
    """The map from coordinates of order one to the values of a site.

    Parameters
    ----------
    support :
        Where the values may be.
    """

    domain = constraints.real
    codomain = constraints.real

    def __init__(self, support: ScaledSupport) -> None:
        self.support = support
        if support.event_dim:
            self.domain = self.codomain = constraints.real_vector

    def __call__(self, x: Any) -> Any:
        """Map coordinates to values."""
        s = self.support
        bounds = s.lower / s.scale, s.upper / s.scale
        return s.scale * bijector.to_bounded(s.center + s.width * x, *bounds)

    def _inverse(self, y: Any) -> Any:
        s = self.support
        bounds = s.lower / s.scale, s.upper / s.scale
        return (bijector.to_real(y / s.scale, *bounds) - s.center) / s.width

    def log_abs_det_jacobian(self, x: Any, y: Any, intermediates: Any = None) -> Any:
        """Give the logarithm of the slope."""
        s = self.support
        slope = bijector.log_slope(s.center + s.width * x, s.lower / s.scale, s.upper / s.scale)
        slope = slope + jnp.log(s.scale * s.width)
        return jnp.sum(slope, axis=-1) if s.event_dim else slope

    def tree_flatten(self) -> Any:
        """Give the parts, as JAX asks for."""
        return (self.support,), (("support",), {})

    def eq(self, other: object, static: bool = False) -> bool:
        """Tell whether two maps are the same object."""
        return self is other


biject_to.register(ScaledSupport, ScaledBijection)


class ScaledSite(Distribution):
    """A prior between bounds, not normalised anew; flat if there is none.

    Parameters
    ----------
    base :
        The prior, or None.
    support :
        Bounds, place and width.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}
    support: Any = constraints.dependent
    pytree_data_fields = ("base", "support")

    def __init__(self, base: Any, support: ScaledSupport, *, validate_args: Any = None) -> None:
        self.base, self.support = base, support
        super().__init__((), np.shape(support.center), validate_args=validate_args)

    def sample(self, key: Any, sample_shape: tuple[int, ...] = ()) -> Any:
        """Draw from the prior between the bounds, if it can be normalised.

        Returns
        -------
        values :
            NaN where a part of less than some 1e-6 of the prior is between the bounds.

        Raises
        ------
        NotImplementedError
            If it is flat without two bounds.
        """
        shape = (*sample_shape, *self.event_shape)
        if self.base is None:
            if not np.all(np.isfinite(self.support.upper - self.support.lower)):
                raise NotImplementedError("a flat prior without two bounds cannot be drawn from")
            return jax.random.uniform(
                key, shape, minval=self.support.lower, maxval=self.support.upper
            )
        return _draw_inside(self.base, self.support, key, sample_shape)

    def log_prob(self, value: Any, intermediates: Any = None) -> Array:
        """Give the logarithm of the prior density."""
        if self.base is None:
            return jnp.zeros(jnp.shape(value)[: jnp.ndim(value) - self.event_dim])
        return self.base.log_prob(value)


def _draw_inside(base: Any, support: ScaledSupport, key: Any, shape: tuple[int, ...]) -> Array:
    """Draw again and again, until each value is inside the bounds once."""

    def attempt(state: tuple[Any, ...]) -> tuple[Any, ...]:
        n, key, found, values = state
        key, now = jax.random.split(key)
        drawn = base.sample(now, (_TOGETHER, *shape))
        inside = support(drawn)
        first = jnp.argmax(inside, axis=0)
        picked = jnp.take_along_axis(drawn, first.reshape(1, *shape, *one), 0)[0]
        new = jnp.any(inside, axis=0) & ~found
        return n + 1, key, found | new, jnp.where(new.reshape(*shape, *one), picked, values)

    def goes_on(state: tuple[Any, ...]) -> Array:
        n, _, found, _ = state
        return (n < _ATTEMPTS) & ~jnp.all(found)

    one = (1,) * support.event_dim
    nothing = jnp.full((*shape, *np.shape(support.center)), jnp.nan)
    start = (0, key, jnp.zeros(shape, bool), nothing)
    return jax.lax.while_loop(goes_on, attempt, start)[3]
