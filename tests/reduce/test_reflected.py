"""Off counts in regions around the pointing."""

import dataclasses

import numpy as np
import pytest

from gjax.irf.rad_max import RadMax
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom
from gjax.reduce.off_regions import reflected_regions
from gjax.reduce.pipeline import reduce_map_dataset
from gjax.reduce.reflected import reflected_background, without_off
from gjax.reduce.spectrum import reduce_spectrum_dataset


@pytest.fixture(scope="module")
def spectrum(observation, truth, energy, energy_true):
    region = RegionGeom.circle(truth.lon, truth.lat + 0.8, 0.3)
    return reduce_spectrum_dataset(observation, region, energy, energy_true)


@pytest.fixture(scope="module")
def nothing(geom):
    """Make a mask that excludes everything."""
    return Map(np.zeros(geom.shape, bool), geom)


def point_like(observation, radius):
    axes = (
        MapAxis.from_edges([0.1, 3.0, 100.0], "energy", "TeV", "log"),
        MapAxis.from_edges([0.0, 2.0], "offset", "deg"),
    )
    return dataclasses.replace(observation, rad_max=RadMax(Table(radius, axes, "deg")))


def test_off_counts_are_the_events_in_the_off_regions(observation, truth, spectrum):
    result = reflected_background(spectrum, observation)
    found = reflected_regions(spectrum.geom, (truth.lon, truth.lat))
    assert len(found) > 3
    events = observation.events
    inside = sum(one.contains(events.lon, events.lat).astype(int) for one in found)
    expected = np.histogram(events.energy[inside == 1], spectrum.energy.edges)[0]
    np.testing.assert_array_equal(result.counts_off[:, 0, 0], expected)
    np.testing.assert_array_equal(result.alpha, 1 / len(found))
    assert result.geom_off.shapes == tuple(shape for one in found for shape in one.shapes)
    np.testing.assert_array_equal(result.counts, spectrum.counts)


def test_background_that_was_predicted_goes(observation, spectrum):
    both = dataclasses.replace(spectrum, background=np.ones(spectrum.shape))
    result = reflected_background(both, observation, finder="wobble", n_off_regions=3)
    assert result.background is None
    np.testing.assert_array_equal(result.acceptance_off, 3)


def test_union_of_shapes_counts_as_one_region(observation, truth, energy, energy_true):
    shapes = [RegionGeom.circle(truth.lon, truth.lat + d, 0.1).shapes[0] for d in (0.6, 0.9)]
    dataset = reduce_spectrum_dataset(observation, RegionGeom(tuple(shapes)), energy, energy_true)
    result = reflected_background(dataset, observation, finder="wobble", n_off_regions=3)
    assert len(result.geom_off.shapes) == 6
    np.testing.assert_array_equal(result.acceptance_off, 3)


def test_no_off_region_leaves_nothing_safe(observation, spectrum, nothing, caplog):
    result = reflected_background(spectrum, observation, nothing)
    assert "observation 7: no off region outside the exclusion mask" in caplog.text
    assert not result.mask_safe.any()
    assert not result.is_onoff
    assert (result.acceptance_off == 0).all()
    with pytest.raises(ValueError, match="observation 7: no off region"):
        reflected_background(spectrum, observation, nothing, missing="raise")


def test_dataset_without_off_keeps_its_counts(spectrum):
    np.testing.assert_array_equal(without_off(spectrum).counts, spectrum.counts)


def test_points_are_as_large_as_rad_max(observation, truth, energy, energy_true):
    observed = point_like(observation, [[0.4], [0.2]])
    point = RegionGeom.point(truth.lon, truth.lat + 0.8)
    dataset = reduce_spectrum_dataset(observed, point, energy, energy_true)
    result = reflected_background(dataset, observed, finder="wobble", n_off_regions=2)
    for each, cube in ((point, result.counts), (result.geom_off, result.counts_off)):
        events = observation.events
        radius = np.where(events.energy < 3.0, 0.4, 0.2)
        inside = np.zeros(len(events), bool)
        for shape in each.shapes:
            wide, narrow = (RegionGeom.circle(*shape.center, r) for r in (0.4, 0.2))
            at = events.lon, events.lat
            inside |= np.where(radius == 0.4, wide.contains(*at), narrow.contains(*at))
        expected = np.histogram(events.energy[inside], energy.edges)[0]
        np.testing.assert_array_equal(cube[:, 0, 0], expected)


def test_points_that_overlap_at_any_energy_are_no_use(
    observation, truth, energy, energy_true, caplog
):
    observed = point_like(observation, [[0.6], [0.2]])
    point = RegionGeom.point(truth.lon, truth.lat + 0.8)
    dataset = reduce_spectrum_dataset(observed, point, energy, energy_true)
    options = {"finder": "wobble", "n_off_regions": 4}
    assert not reflected_background(dataset, observed, **options).is_onoff
    assert "observation 7: on and off regions overlap; use less off regions" in caplog.text
    # Above 3 TeV they do not.
    high = MapAxis.from_energy_bounds(5.0, 20.0, 2)
    dataset = reduce_spectrum_dataset(observed, point, high, energy_true)
    assert reflected_background(dataset, observed, **options).is_onoff
    far = MapAxis.from_energy_bounds(200.0, 500.0, 2)
    dataset = reduce_spectrum_dataset(observed, point, far, energy_true)
    assert reflected_background(dataset, observed, **options).counts_off.sum() == 0


def test_wrong_input_is_refused(observation, spectrum, geom, energy, energy_true):
    image = reduce_map_dataset(observation, geom, energy, energy_true, selection=("counts",))
    with pytest.raises(ValueError, match="is a map: reflected regions need a region"):
        reflected_background(image, observation)
    with pytest.raises(ValueError, match=r"unknown finder 'ring'; there are .*wobble"):
        reflected_background(spectrum, observation, finder="ring")
    with pytest.raises(ValueError, match="missing must be 'warn' or 'raise'"):
        reflected_background(spectrum, observation, missing="ignore")
    with pytest.raises(ValueError, match="the region must be a point, not a circle"):
        reflected_background(spectrum, point_like(observation, [[0.2], [0.2]]))
