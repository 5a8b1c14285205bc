"""Equal structures are stacked; different ones are not."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from gjax.model.spatial import Gaussian, Point
from gjax.predict.group import group_equal, map_stacked, stack_trees, structure


def test_groups_keep_the_order():
    a, b = Point(1.0, 2.0), Gaussian(1.0, 2.0, 0.1)
    other_frame = Point(5.0, 6.0, frame="galactic")
    assert group_equal([a, b, Point(3.0, 4.0), other_frame, b]) == [(0, 2), (1, 4), (3,)]
    assert group_equal([]) == []


def test_structure_knows_shape_and_type():
    assert structure(np.zeros(3)) == structure(np.ones(3)) == structure(jnp.ones(3))
    assert structure(np.zeros(3)) != structure(np.zeros(4))
    assert structure(np.zeros(3)) != structure(np.zeros(3, int))
    assert structure({"a": 1.0}) != structure({"b": 1.0})


def test_stack_stays_where_its_members_are():
    stacked = stack_trees([Point(1.0, 2.0), Point(3.0, 4.0)])
    assert isinstance(stacked.lon_0, np.ndarray)
    np.testing.assert_array_equal(stacked.lon_0, [1.0, 3.0])
    mixed = stack_trees([Point(1.0, 2.0), Point(jnp.asarray(3.0), 4.0)])
    assert isinstance(mixed.lon_0, jax.Array)
    assert isinstance(mixed.lat_0, np.ndarray)


def test_map_over_a_stack_of_any_length():
    for n in (1, 2, 5):
        stacked = {"x": np.arange(float(n)), "y": np.ones((n, 3))}
        found = map_stacked(lambda one: one["x"] * one["y"], stacked)
        np.testing.assert_allclose(found, np.arange(float(n))[:, None] * np.ones((n, 3)))


def test_map_can_be_differentiated():
    slope = jax.grad(lambda x: map_stacked(jnp.sin, x).sum())(jnp.arange(3.0))
    np.testing.assert_allclose(slope, np.cos(np.arange(3.0)), rtol=1e-12)
