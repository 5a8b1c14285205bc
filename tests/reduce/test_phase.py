"""On and off phases of a pulsar."""

import dataclasses

import numpy as np
import pytest

from gjax.io.gadf import DataStore, write_data_store
from gjax.maps.region_geom import RegionGeom
from gjax.reduce.phase import phase_background, phase_intervals
from gjax.reduce.pipeline import reduce_map_dataset
from gjax.reduce.spectrum import reduce_spectrum_dataset


@pytest.fixture
def pulsar(observation):
    rng = np.random.default_rng(3)
    events = dataclasses.replace(observation.events, phase=rng.uniform(size=500))
    return dataclasses.replace(observation, events=events)


def test_counts_are_those_of_the_phases(pulsar, geom, energy, energy_true):
    dataset = reduce_map_dataset(pulsar, geom, energy, energy_true, selection=("counts",))
    result = phase_background(
        dataset, pulsar, on_phase=[(0.9, 0.1), (0.4, 0.5)], off_phase=(0.55, 0.85)
    )
    phase = pulsar.events.phase
    on = (phase >= 0.9) | (phase < 0.1) | ((phase >= 0.4) & (phase < 0.5))
    assert result.counts.sum() == on.sum()
    assert result.counts_off.sum() == ((phase >= 0.55) & (phase < 0.85)).sum()
    np.testing.assert_allclose(result.acceptance, 0.3)
    np.testing.assert_allclose(result.acceptance_off, 0.3)


def test_phases_of_a_region(pulsar, truth, energy, energy_true):
    region = RegionGeom.circle(truth.lon, truth.lat, 0.8)
    dataset = reduce_spectrum_dataset(pulsar, region, energy, energy_true)
    result = phase_background(dataset, pulsar, on_phase=(0.0, 0.25), off_phase=(0.25, 1.0))
    np.testing.assert_array_equal(result.counts + result.counts_off, dataset.counts)
    np.testing.assert_allclose(result.alpha, 1 / 3)


def test_intervals_are_brought_into_one_turn():
    assert phase_intervals((0.2, 0.4)) == [(0.2, 0.4)]
    assert phase_intervals([(0.9, 0.1)]) == [(0.9, 1.0), (0.0, 0.1)]
    assert phase_intervals((0.75, 1.0)) == [(0.75, 1.0)]
    assert phase_intervals((-0.25, 0.25)) == [(0.75, 1.0), (0.0, 0.25)]
    assert phase_intervals((0.5, 1.5)) == [(0.0, 1.0)]
    for wrong in ((0.2, 0.2), (0.0, 1.2)):
        with pytest.raises(ValueError, match="width between 0 and 1"):
            phase_intervals(wrong)
    with pytest.raises(ValueError, match="no phase interval"):
        phase_intervals([])


def test_events_without_phase_are_refused(observation, geom, energy, energy_true):
    dataset = reduce_map_dataset(observation, geom, energy, energy_true, selection=("counts",))
    with pytest.raises(ValueError, match="observation 7: its events have no phases"):
        phase_background(dataset, observation, on_phase=(0, 0.2), off_phase=(0.5, 0.9))


def test_phases_survive_files_and_selections(pulsar, tmp_path):
    write_data_store([pulsar], tmp_path)
    again = DataStore(tmp_path).observation(7).events
    np.testing.assert_array_equal(again.phase, pulsar.events.phase)
    some = again.select(again.energy > 5)
    np.testing.assert_array_equal(some.phase, again.phase[again.energy > 5])
    assert len(type(some).stack([some, some]).phase) == 2 * len(some)
    assert type(some).stack([some, dataclasses.replace(some, phase=None)]).phase is None
    np.testing.assert_array_equal(some.to_reference(50000.0).phase, some.phase)
