"""Derivatives pushed forward are those of plain differentiation, inside loops too."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.numerics.forward import pushed_forward

GRID = jnp.linspace(-1.0, 1.0, 7)


def bump(vector, grid):
    return jnp.exp(-((grid - vector[0]) ** 2) / vector[1] ** 2)


def with_slopes(vector, grid):
    value = bump(vector, grid)
    away = grid - vector[0]
    first = 2 * away / vector[1] ** 2 * value
    return value, lambda move: first * move[0] + first * away / vector[1] * move[1]


@pytest.mark.parametrize("with_push", [None, with_slopes])
def test_gradient_and_hessian_are_those_of_the_function(with_push):
    def pushed(vector):
        return jnp.sum(pushed_forward(bump, vector, GRID, with_push=with_push) ** 2)

    def plain(vector):
        return jnp.sum(bump(vector, GRID) ** 2)

    at = jnp.array([0.2, 0.7])
    np.testing.assert_allclose(pushed(at), plain(at), rtol=1e-14)
    np.testing.assert_allclose(jax.grad(pushed)(at), jax.grad(plain)(at), rtol=1e-12)
    np.testing.assert_allclose(jax.hessian(pushed)(at), jax.hessian(plain)(at), rtol=1e-11)


@pytest.mark.parametrize("with_push", [None, with_slopes])
def test_constants_may_be_traced_in_a_differentiated_loop(with_push):
    grids = jnp.stack([GRID, GRID + 0.3])

    def total(function, vector):
        return jnp.sum(jax.lax.map(lambda grid: function(vector, grid), grids) ** 2)

    def pushed(vector, grid):
        return pushed_forward(bump, vector, grid, with_push=with_push)

    at = jnp.array([0.2, 0.7])
    found = jax.jit(jax.grad(lambda v: total(pushed, v)))(at)
    np.testing.assert_allclose(found, jax.grad(lambda v: total(bump, v))(at), rtol=1e-12)
