"""Event lists."""

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time

from gjax.events import EventList


@pytest.fixture
def events():
    return EventList(
        energy=[0.5, 1.0, 2.0, 4.0],
        lon=[83.0, 83.5, 84.0, 84.5],
        lat=[22.0, 22.0, 22.0, 22.0],
        time=[0.0, 10.0, 20.0, 30.0],
        event_id=[7, 8, 9, 2**40],
        reference=53343.0,
    )


def test_energy_selection_includes_the_lower_edge_only(events):
    np.testing.assert_array_equal(events.select_energy(1.0, 4.0).event_id, [8, 9])
    np.testing.assert_array_equal(events.select_energy("1000 GeV", 4 * u.TeV).event_id, [8, 9])


def test_time_selection_takes_seconds_and_times(events):
    assert len(events.select_time(10.0, 30.0)) == 2
    start = Time(53343.0, format="mjd", scale="tt") + 5 * u.s
    assert len(events.select_time(start, start + 10 * u.s)) == 1


def test_offset_selection_is_the_true_separation(events):
    separation = events.skycoord.separation(events.skycoord[0]).deg
    limit = 0.5 * (separation[1] + separation[2])
    assert len(events.select_offset(83.0, 22.0, limit)) == 2
    assert len(events.select_offset(83.0, 22.0, 10 * u.deg, limit * u.deg)) == 2


def test_large_event_numbers_survive(events):
    assert events.event_id[-1] == 2**40
    assert events.event_id.dtype == np.int64


def test_stack_converts_epochs(events):
    stacked = EventList.stack([events, events.to_reference(53342.0)])
    assert len(stacked) == 8
    np.testing.assert_allclose(stacked.time[4:], events.time, atol=1e-6)
    assert stacked.arrival[5].isot == events.arrival[1].isot


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        EventList([1.0, 2.0], [0.0], [0.0], [0.0], [1])
