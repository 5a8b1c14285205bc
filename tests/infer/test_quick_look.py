"""Quick looks: exact where the posterior is a Gaussian, and honest where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from numpyro.infer.autoguide import AutoDiagonalNormal

from gjax.infer.fit import fit
from gjax.infer.quick_look import laplace, svi
from gjax.model import FoVBackground, Models
from gjax.parameters import Parameters
from gjax.simulate import fake


def test_laplace_of_a_gaussian(linear_fit):
    posterior = laplace(linear_fit, samples=4000, seed=1)
    assert posterior.values.shape == (1, 4000, 6)
    assert posterior.info["efficiency"] > 0.99
    draws, sigma = posterior.free_values[0], linear_fit.errors[list(linear_fit.parameters.free)]
    shift = draws.mean(axis=0) - linear_fit.parameters.values[list(linear_fit.parameters.free)]
    assert (np.abs(shift / sigma) < 4 / np.sqrt(4000)).all()
    correlation = np.corrcoef(draws.T)[0, 1]
    free = np.ix_(linear_fit.parameters.free, linear_fit.parameters.free)
    assert correlation == pytest.approx(linear_fit.correlation[free][0, 1], abs=0.03)
    assert not posterior.success
    assert posterior.message.startswith("quick look, not sampled: Gaussian around the best fit")
    assert "worth 100% of their number" in posterior.message


def test_laplace_of_few_counts_says_what_it_is_worth(spot):
    counts = np.zeros(spot.shape)
    counts[0, 3, 4] = 1.0
    models = Models.create([FoVBackground("spot")])
    table = Parameters.from_models(models).bound("*.norm", min=0.0)
    posterior = laplace(fit(fake(spot, counts), models, table), samples=2000)
    assert 0.01 < posterior.info["efficiency"] < 0.97
    assert posterior.draws("*.norm").min() > 0


@pytest.mark.parametrize("guide", ["multivariate_normal", "normal"])
def test_svi_of_a_gaussian(linear_fit, guide):
    """In whitened coordinates there are no correlations: the simpler guide does as well."""
    posterior = svi(linear_fit, guide=guide, steps=300, samples=4000)
    sigma = linear_fit.errors[list(linear_fit.parameters.free)]
    np.testing.assert_allclose(posterior.free_values[0].std(axis=0) / sigma, 1.0, atol=0.15)
    assert posterior.info["efficiency"] > 0.9
    assert not posterior.success
    assert "variational" in posterior.message


def test_guide_of_ones_own(linear_fit):
    posterior = svi(linear_fit, guide=AutoDiagonalNormal, steps=20, samples=10)
    assert posterior.values.shape == (1, 10, 6)
    with pytest.raises(ValueError, match="no guide 'flow'; there are: multivariate_normal"):
        svi(linear_fit, guide="flow")
