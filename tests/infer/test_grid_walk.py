"""Grids are walked from neighbour to neighbour, every point once."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.infer.crossing import origin_of
from gjax.infer.grid_walk import _waves, walk_grid
from tests.infer.counting import gaussian


@pytest.mark.parametrize(("shape", "start"), [((7,), (2,)), ((5, 4), (4, 1)), ((1, 3), (0, 0))])
def test_every_point_comes_after_its_neighbour(shape, start):
    best_fit = 128
    waves = _waves(shape, start, best_fit)
    visited = {best_fit}
    for points, parents in zip(waves.points, waves.parents, strict=True):
        real = points[points < best_fit]
        assert set(parents[points < best_fit]) <= visited
        assert not visited & set(real)
        visited |= set(real)
    assert visited == {best_fit, *range(int(np.prod(shape)))}


def test_grid_of_a_linear_problem():
    result = gaussian()
    origin = origin_of(result)
    sigma = result.error("*.amplitude") / np.asarray(result.objective.layout.scale)[0]
    pull = np.linspace(-4, 2, 7)
    walked = walk_grid(origin, [0], [origin.theta[0] + pull * sigma])
    assert walked.converged.all()
    np.testing.assert_allclose(walked.stat - origin.stat, pull**2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(walked.theta[:, 0], origin.theta[0] + pull * sigma, rtol=1e-12)
