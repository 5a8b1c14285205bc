"""Prior densities that Gammapy has and numpyro has not.

Any `numpyro.distributions` distribution may be a prior; these stand beside them.
"""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln
from numpyro.distributions import Distribution, constraints
from numpyro.util import is_prng_key

__all__ = ["GeneralizedNormal", "Weighted"]


class GeneralizedNormal(Distribution):
    r"""A normal distribution with another sharpness.

    .. math:: p(x) = \frac{\exp\left(-(|x - \mu| / (\sqrt2\,\sigma))^{1/\eta}\right)}
        {2 \sqrt2\,\sigma\,\eta\,\Gamma(\eta)}

    With :math:`\eta = 1/2` it is the normal distribution, with 1 that of Laplace.

    Parameters
    ----------
    loc :
        Centre :math:`\mu`.
    scale :
        Width :math:`\sigma`, positive.
    eta :
        Sharpness :math:`\eta`, positive.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "eta": constraints.positive,
    }
    support = constraints.real
    reparametrized_params: ClassVar[list[str]] = ["loc", "scale"]

    def __init__(
        self, loc: Any = 0.0, scale: Any = 1.0, eta: Any = 0.5, *, validate_args: Any = None
    ) -> None:
        self.loc, self.scale, self.eta = (jnp.asarray(v, float) for v in (loc, scale, eta))
        shape = jnp.broadcast_shapes(self.loc.shape, self.scale.shape, self.eta.shape)
        super().__init__(batch_shape=shape, validate_args=validate_args)

    def sample(self, key: Any, sample_shape: tuple[int, ...] = ()) -> Any:
        """Draw by the power of a gamma variate with a random sign."""
        assert is_prng_key(key)
        shape = sample_shape + self.batch_shape
        first, second = jax.random.split(key)
        size = jax.random.gamma(first, self.eta, shape) ** self.eta
        sign = jnp.where(jax.random.bernoulli(second, shape=shape), 1.0, -1.0)
        return self.loc + jnp.sqrt(2.0) * self.scale * sign * size

    def log_prob(self, value: Any, intermediates: Any = None) -> Any:
        """Give the logarithm of the density; finite slope at the centre."""
        width = jnp.sqrt(2.0) * self.scale
        offset = (value - self.loc) / width
        away = jnp.abs(offset)
        safe = jnp.where(away > 0, away, 1.0)
        power = jnp.where(away > 0, safe ** (1.0 / self.eta), 0.0)
        # A normal density is curved at its centre too, where fits begin.
        power = jnp.where(self.eta == 0.5, offset * offset, power)
        return -power - jnp.log(2.0 * width * self.eta) - gammaln(self.eta)


class Weighted(Distribution):
    """A prior that counts several times, or in part: its log density times a weight.

    The result is not normalised.

    Parameters
    ----------
    base :
        The distribution.
    weight :
        The factor, positive.
    """

    pytree_data_fields = ("base", "weight")

    def __init__(self, base: Any, weight: Any, *, validate_args: Any = None) -> None:
        self.base, self.weight = base, weight
        super().__init__(base.batch_shape, base.event_shape, validate_args=validate_args)

    @property
    def support(self) -> Any:
        """That of the distribution."""
        return self.base.support

    def sample(self, key: Any, sample_shape: tuple[int, ...] = ()) -> Any:
        """Draw from the distribution without its weight."""
        return self.base.sample(key, sample_shape)

    def log_prob(self, value: Any, intermediates: Any = None) -> Any:
        """Give the weighted logarithm of the density."""
        return self.weight * self.base.log_prob(value)
