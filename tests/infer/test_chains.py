"""Chains in blocks: their record, their progress and what is kept of them."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.infer.chains import ChainSettings, run_chains
from gjax.infer.whiten import whiten


class Memory:
    """Keeps states in memory."""

    def __init__(self):
        self.kept = []

    def load(self):
        return self.kept[-1] if self.kept else None

    def save(self, arrays):
        self.kept.append({name: np.array(array) for name, array in arrays.items()})


@pytest.fixture(scope="module")
def whitened(linear_fit):
    return whiten(linear_fit.objective, linear_fit.theta)


def settings(**changes):
    """Give small settings: two chains of five blocks."""
    options = {"chains": 2, "warmup": 50, "samples": 60, "seed": 0, "target_accept": 0.8}
    return ChainSettings(**(options | {"max_tree_depth": 8, "vectorized": False} | changes))


def test_record_and_progress(whitened):
    seen = []
    record = run_chains(whitened, settings(), report=seen.append)
    assert record["z"].shape == (2, 60, 2)
    for name in ("diverging", "steps", "accept_prob", "energy", "step_size"):
        assert record[name].shape == (2, 60)
    assert (record["step_size"] > 0).all()
    # The step size is that of the end of the adaptation.
    assert (np.ptp(record["step_size"], axis=1) == 0).all()
    assert [state.done for state in seen] == [25 * (i + 1) for i in range(10)]
    assert {state.total for state in seen} == {250}
    assert [state.chain for state in seen] == [0] * 5 + [1] * 5
    assert [state.is_warmup for state in seen] == ([True] * 2 + [False] * 3) * 2
    assert np.isnan(seen[0].seconds_left)
    assert all(state.seconds_left >= 0 for state in seen[1:])
    assert seen[-1].seconds_left == 0
    assert seen[-1].step_size == record["step_size"][1, -1]
    assert seen[-1].divergences == record["diverging"].sum() == 0


def test_any_kept_state_ends_in_the_same_draws(whitened):
    memory = Memory()
    whole = run_chains(whitened, settings(), memory)
    assert len(memory.kept) >= 2
    for state in memory.kept:
        again = Memory()
        again.kept.append(state)
        resumed = run_chains(whitened, settings(), again)
        for name, values in whole.items():
            np.testing.assert_array_equal(resumed[name], values)


def test_kept_coordinates_are_used(whitened):
    """A fit that is repeated elsewhere may differ in the last digit; the chains do not."""
    memory = Memory()
    whole = run_chains(whitened, settings(), memory)
    moved = whiten(whitened.objective, np.asarray(whitened.objective.layout.start) * (1 + 1e-9))
    assert (moved.center != whitened.center).any()
    first = Memory()
    first.kept.append(memory.kept[0])
    np.testing.assert_array_equal(run_chains(moved, settings(), first)["z"], whole["z"])
