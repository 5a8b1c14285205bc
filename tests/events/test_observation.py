"""Observations."""

import jax
import numpy as np
import pytest

from gjax.events import GTI, EventList, Observation, Pointing


@pytest.fixture
def observation():
    gti = GTI([0.0, 100.0], [50.0, 150.0], 53343.0)
    events = EventList([1.0, 2.0], [83.0, 84.0], [22.0, 22.0], [10.0, 120.0], [1, 2], 53343.0)
    meta = (("telescop", "HESS"), ("instrume", "Phase I"))
    return Observation(
        4, gti, Pointing(83.6, 22.0), events=events, deadtime_fraction=0.1, meta=meta
    )


def test_livetime_sums_all_intervals(observation):
    assert observation.ontime == 100.0
    assert observation.livetime == pytest.approx(90.0)
    assert (observation.telescope, observation.instrument) == ("HESS", "Phase I")


def test_time_selection_cuts_events_and_livetime_together(observation):
    cut = observation.select_time(20.0, 130.0)
    np.testing.assert_array_equal(cut.events.event_id, [2])
    assert cut.livetime == pytest.approx(0.9 * (30 + 30))
    assert cut.obs_id == 4


def test_it_is_a_pytree_of_arrays(observation):
    leaves = jax.tree_util.tree_leaves(observation)
    assert leaves
    assert all(isinstance(leaf, np.ndarray) for leaf in leaves)


def test_epochs_must_agree(observation):
    with pytest.raises(ValueError, match="count from MJD"):
        Observation(4, GTI([0.0], [1.0], 51544.0), observation.pointing, events=observation.events)


def test_deadtime_is_a_fraction(observation):
    with pytest.raises(ValueError, match="dead-time"):
        Observation(4, observation.gti, observation.pointing, deadtime_fraction=1.2)
