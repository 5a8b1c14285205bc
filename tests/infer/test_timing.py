"""Compiling is timed apart from running."""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import pytest

from gjax.infer.timing import Stopwatch


def test_time_without_compiling():
    with Stopwatch() as watch:
        time.sleep(0.05)
    assert watch.compile == 0.0
    assert watch.total == watch.run >= 0.05


def test_compiling_is_counted_once():
    function = jax.jit(lambda x: jnp.fft.rfft2(jnp.sin(x)).real.sum())
    x = jnp.ones((8, 8))
    with Stopwatch() as cold:
        function(x).block_until_ready()
    with Stopwatch() as warm:
        function(x).block_until_ready()
    assert 0 < cold.compile <= cold.total
    assert cold.run == pytest.approx(cold.total - cold.compile)
    assert warm.compile == 0.0


def test_an_exception_is_not_swallowed():
    with pytest.raises(RuntimeError, match="stop"), Stopwatch():
        raise RuntimeError("stop")
