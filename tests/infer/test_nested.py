"""Evidence against the integral on a grid; priors that have none are refused."""

from __future__ import annotations

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.infer.fit import fit
from gjax.infer.nested import nested, unit_cube
from gjax.infer.objective import make_objective
from gjax.model import FoVBackground, Models
from gjax.parameters import Parameters
from gjax.parameters.distributions import GeneralizedNormal
from gjax.simulate import fake


@pytest.fixture(scope="module")
def models():
    return Models.create([FoVBackground("spot")])


@pytest.fixture(scope="module")
def table(models):
    """Bound the norm, and give the tilt a prior that is cut."""
    table = Parameters.from_models(models).thaw("*.tilt").bound("*.norm", 0.2, 3.0)
    return table.prior("*.tilt", dist.Normal(0.0, 0.5)).bound("*.tilt", -1.0, 2.0)


@pytest.fixture(scope="module")
def empty(spot):
    """Simulate the field without its source."""
    return fake(spot, spot.background, seed=3)


def test_cube(spot, models, table):
    """The flat prior is linear in the cube, a normal one is its inverse distribution function."""
    cube = unit_cube(make_objective(spot, models, table), table)
    for u in (0.1, 0.5, 0.9):
        theta = np.asarray(cube.theta(np.array([u, u])) * cube.objective.layout.scale)
        tilt, norm = theta
        assert norm == pytest.approx(0.2 + 2.8 * u, rel=1e-12)
        ends = dist.Normal(0.0, 0.5).cdf(np.array([-1.0, tilt, 2.0]))
        assert (ends[1] - ends[0]) / (ends[2] - ends[0]) == pytest.approx(u, rel=1e-9)
    assert cube.log_likelihood(np.array([1.2, 0.5])) == -np.inf
    assert np.isfinite(cube.log_likelihood(np.array([0.5, 0.5])))


def test_priors_that_cannot_be_normalised(spot, models, table):
    objective = make_objective(spot, models, table)
    with pytest.raises(ValueError, match=r"two bounds or a prior to .*norm"):
        unit_cube(objective, table.bound("*.norm", min=0.0))
    with pytest.raises(ValueError, match="inverse"):
        unit_cube(objective, table.prior("*.tilt", GeneralizedNormal(0.0, 1.0)))
    joint = dist.MultivariateNormal(np.zeros(2), np.eye(2))
    with pytest.raises(ValueError, match="this parameter alone"):
        unit_cube(objective, table.prior(["*.norm", "*.tilt"], joint))


@pytest.mark.slow
def test_evidence_and_draws(empty, models, table):
    pytest.importorskip("blackjax", reason="the extra nested is not installed")
    result = fit(empty, models, table)
    posterior = nested(result, live=500, seed=1, samples=4000)
    cube = unit_cube(result.objective, table)
    middle = (np.arange(120) + 0.5) / 120
    grid = np.stack(np.meshgrid(middle, middle, indexing="ij"), axis=-1).reshape(-1, 2)
    likelihood = np.asarray(jax.jit(jax.vmap(cube.log_likelihood))(grid))
    top = likelihood.max()
    weight = np.exp(likelihood - top)
    exact = top + np.log(weight.mean())
    error = posterior.info["log_evidence_error"]
    assert 0.02 < error < 0.3
    assert posterior.info["log_evidence"] == pytest.approx(exact, abs=4 * error)
    values = 0.2 + 2.8 * grid[:, 1]
    mean = np.average(values, weights=weight)
    sd = np.sqrt(np.average((values - mean) ** 2, weights=weight))
    # Four standard errors: of the points, and of the draws from them.
    effective = 1 / (1 / posterior.info["effective_points"] + 1 / 4000)
    assert effective > 700
    draws = posterior.draws("*.norm")
    assert draws.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(effective))
    assert draws.std() == pytest.approx(sd, rel=4 / np.sqrt(2 * effective))
    assert posterior.method == "nested"
    assert "log_evidence" in str(posterior)
