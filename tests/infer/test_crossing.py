"""Rays from the best fit: their first guess, their bounds, and where they end."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.infer import crossing
from gjax.infer.crossing import find_crossings, origin_of, rays_from
from gjax.infer.problem import Status
from tests.infer.counting import counting, gaussian


def test_first_guess_of_a_linear_problem_is_right():
    result = gaussian()
    origin = origin_of(result)
    kept, along = np.ones((2, 1), bool), np.array([[1.0], [-1.0]])
    rays = rays_from(origin, kept, along, 9.0)
    sigma = result.error("*.amplitude") / np.asarray(result.objective.layout.scale)[0]
    np.testing.assert_allclose(rays.first, 3 * sigma, rtol=1e-5)
    assert np.isinf(rays.last).all()
    found = find_crossings(origin, rays, 9.0)
    np.testing.assert_allclose(found.distance, 3 * sigma, rtol=1e-5)
    np.testing.assert_allclose(found.rise, 9.0, rtol=1e-5)
    assert found.reached.all()


def test_rays_end_on_bounds():
    origin = origin_of(counting(4, 2.0, min=0.0, max=3e-12))
    kept, along = np.ones((2, 1), bool), np.array([[1.0], [-2.0]])
    rays = rays_from(origin, kept, along, 100.0)
    scale = np.asarray(origin.objective.layout.scale)[0]
    np.testing.assert_allclose(np.asarray(rays.last) * scale, [1e-12, 1e-12], rtol=1e-6)
    found = find_crossings(origin, rays, 100.0)
    assert not found.reached.any()
    np.testing.assert_array_equal(found.distance, rays.last)


def test_far_first_guesses_come_back():
    """From a guess a thousand times too far or too near, the same end."""
    origin = origin_of(counting(4, 2.0))
    kept, along = np.ones((2, 1), bool), np.ones((2, 1))
    rays = rays_from(origin, kept, along, 1.0)
    wild = dataclasses.replace(rays, first=np.asarray(rays.first) * np.array([1e3, 1e-3]))
    found, plain = find_crossings(origin, wild, 1.0), find_crossings(origin, rays, 1.0)
    np.testing.assert_allclose(found.distance, plain.distance, rtol=1e-5)


def test_any_number_of_rays_shares_compiled_code():
    result = gaussian()
    origin = origin_of(result)
    kept, along = np.ones((11, 1), bool), np.where(np.arange(11) % 2, 1.0, -1.0)[:, None]
    single = find_crossings(origin, rays_from(origin, kept[:1], along[:1], 4.0), 4.0)
    before = crossing._find_all._cache_size()
    many = find_crossings(origin, rays_from(origin, kept, along, 4.0), 4.0)
    assert crossing._find_all._cache_size() == before
    np.testing.assert_allclose(many.distance, single.distance[0], rtol=1e-5)
    assert many.theta.shape == (11, 1)


def test_no_profile_without_a_minimum():
    failed = dataclasses.replace(counting(4, 2.0), status=Status.MAX_EVALUATIONS)
    with pytest.raises(ValueError, match="too many evaluations"):
        origin_of(failed)
