"""What every temporal model has from the abstract one."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model.temporal import Linear


def test_mean_weights_with_the_time():
    model = Linear(alpha=0.0, beta=86400.0, t_ref=58000.0, scale="tt")
    # Means 1 over 2 s and 13 over 6 s.
    assert float(model.mean([0.0, 10.0], [2.0, 16.0], 58000.0)) == pytest.approx((2 + 78) / 8)


def test_padding_adds_nothing_and_no_time_gives_zero():
    model = Linear(alpha=1.0, beta=0.5)
    padded = model.mean(np.array([0.0, 0.0]), np.array([2.0, 0.0]), 51544.0)
    assert float(padded) == float(model.mean(0.0, 2.0, 51544.0))
    value, slope = jax.value_and_grad(lambda m: m.mean(3.0, 3.0, 51544.0))(model)
    assert float(value) == 0.0
    assert all(np.isfinite(leaf) for leaf in jax.tree.leaves(slope))
