"""The arrays at hand decide on the library."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from gjax.numerics.namespace import array_namespace


def test_host_arrays_stay_on_the_host():
    assert array_namespace(1.0, [2.0], np.ones(2)) is np


def test_one_jax_array_is_enough():
    assert array_namespace(np.ones(2), jnp.ones(2)) is jnp


def test_tracers_count_as_jax_arrays():
    seen = []

    @jax.jit
    def f(x):
        seen.append(array_namespace(x))
        return x

    f(1.0)
    assert seen == [jnp]
