"""Sites in model space: their map has the right slope, and one is the width that was given."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from numpyro.distributions import biject_to
from scipy.stats import norm

from gjax.infer.numpyro_site import ScaledBijection, ScaledSite, scaled_support

INF = np.inf


@pytest.mark.parametrize(
    ("start", "sigma", "bounds"),
    [
        (3e-11, 1e-12, (-INF, INF)),
        (3e-11, 1e-12, (0.0, INF)),
        (300.0, 0.1, (-INF, 360.0)),
        (2.3, 0.1, (1.0, 4.0)),
        (0.0, 1e-13, (0.0, INF)),
    ],
)
def test_map(start, sigma, bounds):
    support = scaled_support(start, sigma, bounds)
    move = biject_to(support)
    assert isinstance(move, ScaledBijection)
    inside = start if bounds[0] < start < bounds[1] else start + 0.1 * sigma
    assert float(move(0.0)) == pytest.approx(inside, rel=1e-9)
    slope = jax.grad(move)
    assert float(slope(0.0)) == pytest.approx(sigma, rel=1e-6)
    for x in (-2.0, 0.3, 5.0):
        y = move(x)
        assert bool(support(y))
        assert float(move._inverse(y)) == pytest.approx(x, rel=1e-4, abs=1e-4)
        found = float(move.log_abs_det_jacobian(x, y))
        assert found == pytest.approx(float(jnp.log(slope(x))), abs=1e-9)
    assert bool(support(support.feasible_like(jnp.zeros(3))).all())


def test_several():
    support = scaled_support([1.0, 2e-12], [0.1, 1e-13], ([0.0, -INF], [INF, INF]))
    move = biject_to(support)
    x = np.array([0.5, -1.0])
    jacobian = jax.jacfwd(move)(x)
    found = float(move.log_abs_det_jacobian(x, move(x)))
    assert found == pytest.approx(float(jnp.log(jnp.linalg.det(jacobian))), rel=1e-9)
    assert not bool(support(np.array([-1.0, 0.0])))


def test_density_and_draws():
    cut = ScaledSite(dist.Normal(2.0, 0.5), scaled_support(2.0, 0.1, (1.8, INF)))
    assert float(cut.log_prob(2.2)) == pytest.approx(norm(2.0, 0.5).logpdf(2.2))
    draws = np.asarray(cut.sample(jax.random.PRNGKey(0), (2000,)))
    assert draws.min() >= 1.8
    exact = norm(2.0, 0.5).expect(lambda x: x, lb=1.8, conditional=True)
    assert draws.mean() == pytest.approx(exact, abs=0.03)
    flat = ScaledSite(None, scaled_support(2.0, 0.1, (1.0, 3.0)))
    assert float(flat.log_prob(2.2)) == 0.0
    draws = np.asarray(flat.sample(jax.random.PRNGKey(0), (1000,)))
    assert 1.0 < draws.min() < 1.1 < 2.9 < draws.max() < 3.0
    endless = ScaledSite(None, scaled_support(2.0, 0.1, (1.0, INF)))
    with pytest.raises(NotImplementedError, match="two bounds"):
        endless.sample(jax.random.PRNGKey(0))
    joint = ScaledSite(
        dist.MultivariateNormal(np.zeros(2), np.eye(2)),
        scaled_support([1.0, 1.0], [1.0, 1.0], ([0.0, -INF], [INF, INF])),
    )
    draws = np.asarray(joint.sample(jax.random.PRNGKey(1), (500,)))
    assert draws.shape == (500, 2)
    assert draws[:, 0].min() >= 0 > draws[:, 1].min()


def test_draws_of_a_prior_far_from_the_bounds():
    """One draw in 30,000 is above four sigma: it is found. None is above twenty: that is said."""
    tail = ScaledSite(dist.Normal(0.0, 1.0), scaled_support(4.5, 1.0, (4.0, INF)))
    draws = np.asarray(jax.jit(lambda key: tail.sample(key, (200,)))(jax.random.PRNGKey(0)))
    assert draws.min() >= 4.0
    exact = norm.expect(lambda x: x, lb=4.0, conditional=True)
    assert draws.mean() == pytest.approx(exact, abs=4 * 0.22 / np.sqrt(200))
    nowhere = ScaledSite(dist.Delta(0.0), scaled_support(20.5, 1.0, (20.0, INF)))
    assert np.isnan(nowhere.sample(jax.random.PRNGKey(0)))
