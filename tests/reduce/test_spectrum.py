"""Counts and responses of a region."""

import dataclasses

import numpy as np
import pytest
from scipy.integrate import quad

from gjax.maps.region_geom import RegionGeom
from gjax.numerics.sphere import separation
from gjax.reduce.safe_mask import safe_mask
from gjax.reduce.spectrum import containment, reduce_spectrum_dataset


@pytest.fixture(scope="module")
def region(truth):
    """Put a circle half a degree north of the pointing."""
    return RegionGeom.circle(truth.lon, truth.lat + 0.5, 0.4)


def test_counts_are_the_events_in_the_region(observation, region, energy, energy_true):
    dataset = reduce_spectrum_dataset(observation, region, energy, energy_true)
    events = observation.events
    inside = separation(*region.center, events.lon, events.lat) < 0.4
    expected = np.histogram(events.energy[inside], energy.edges)[0]
    np.testing.assert_array_equal(dataset.counts[:, 0, 0], expected)
    assert dataset.is_region
    assert dataset.name == "obs-7"
    assert float(dataset.livetime) == observation.livetime


def test_responses_are_those_at_the_centre(observation, truth, region, energy, energy_true):
    dataset = reduce_spectrum_dataset(observation, region, energy, energy_true)
    np.testing.assert_allclose(dataset.exposure, truth.area(0.5) * truth.livetime, rtol=1e-9)
    kernel = observation.edisp.kernel(0.5, energy_true, energy)
    np.testing.assert_allclose(dataset.edisp.data[..., 0, 0], kernel, rtol=1e-9, atol=1e-12)
    assert dataset.psf is None
    assert dataset.background is None


def test_containment_is_that_of_a_gaussian(observation, truth, region, energy, energy_true):
    expected = 1 - np.exp(-0.5 * (0.4 / truth.psf_width(0.5)) ** 2)
    np.testing.assert_allclose(containment(observation, region, energy_true), expected, rtol=1e-9)
    options = (observation, region, energy, energy_true)
    with_, without = (
        reduce_spectrum_dataset(*options, containment_correction=each).exposure
        for each in (True, False)
    )
    np.testing.assert_allclose(with_, without * expected, rtol=1e-12)


def test_average_over_the_region(observation, truth, energy, energy_true):
    region = RegionGeom.circle(truth.lon, truth.lat, 1.0)
    options = {"use_region_center": False, "selection": ("exposure", "edisp", "background")}
    dataset = reduce_spectrum_dataset(observation, region, energy, energy_true, **options)
    # The area falls linearly with the offset, whose mean over a disk is two thirds of its radius.
    mean = quad(lambda r: truth.area(r) * 2 * r, 0, 1)[0]
    np.testing.assert_allclose(dataset.exposure, mean * truth.livetime, rtol=2e-3)
    # The energy dispersion is the same everywhere.
    kernel = observation.edisp.kernel(0.0, energy_true, energy)
    np.testing.assert_allclose(dataset.edisp.data[..., 0, 0], kernel, rtol=1e-9, atol=1e-12)
    centre = reduce_spectrum_dataset(
        observation, region, energy, energy_true, selection=("background",)
    )
    # The rate is exp(slope lon): its mean over a disk is 1 + slope^2 / 8 to second order.
    ratio = dataset.background / centre.background
    np.testing.assert_allclose(ratio, 1 + truth.slope**2 / 8, rtol=5e-3)


def test_background_is_rate_times_solid_angle(observation, truth, energy, energy_true):
    region = RegionGeom.circle(truth.lon, truth.lat, 0.2)
    dataset = reduce_spectrum_dataset(
        observation, region, energy, energy_true, selection=("background",)
    )
    low, high = energy.edges[:-1], energy.edges[1:]
    slope = truth.index - 1
    rate = truth.amplitude / slope * (low**-slope - high**-slope)
    expected = rate * region.solid_angle()[0, 0] * truth.ontime
    np.testing.assert_allclose(dataset.background[:, 0, 0], expected, rtol=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "ellipse(83.63, 22.3, 0.3, 0.1, 20)",
        "annulus(83.63, 22.01, 0.3, 0.5)",
        "polygon(83.2, 22, 84, 22, 83.6, 22.6)",
    ],
)
def test_any_region_counts(observation, energy, energy_true, text):
    region = RegionGeom.create(f"icrs; {text}")
    dataset = reduce_spectrum_dataset(
        observation, region, energy, energy_true, use_region_center=False
    )
    events = observation.events
    assert dataset.counts.sum() == region.contains(events.lon, events.lat).sum() > 0
    assert (dataset.exposure > 0).all()


def test_safe_masks_of_a_region(observation, region, energy, energy_true):
    dataset = reduce_spectrum_dataset(
        observation,
        region,
        energy,
        energy_true,
        selection=("counts", "exposure", "edisp", "background"),
    )
    mask = safe_mask(dataset, observation, ["aeff-default"]).mask_safe[:, 0, 0]
    edges = energy.edges
    np.testing.assert_array_equal(mask, (edges[:-1] >= 0.6) & (edges[1:] <= 15.0))
    assert safe_mask(dataset, observation, ["aeff-max"]).mask_safe.all()
    assert safe_mask(dataset, observation, ["bkg-peak"]).mask_safe.all()
    assert safe_mask(dataset, observation, ["edisp-bias"], bias_percent=50).mask_safe.any()
    assert safe_mask(dataset, observation, ["offset-max"], offset_max=0.6).mask_safe.all()
    assert not safe_mask(dataset, observation, ["offset-max"], offset_max=0.4).mask_safe.any()


def test_peak_of_a_measured_background(observation, region, energy, energy_true):
    dataset = reduce_spectrum_dataset(observation, region, energy, energy_true)
    with pytest.raises(ValueError, match="needs the background"):
        safe_mask(dataset, observation, ["bkg-peak"])
    measured = dataclasses.replace(
        dataset,
        counts_off=np.array([1.0, 5.0, 3.0, 0.0])[:, None, None],
        acceptance=np.ones((4, 1, 1)),
        acceptance_off=np.full((4, 1, 1), 2.0),
    )
    mask = safe_mask(measured, observation, ["bkg-peak"]).mask_safe[:, 0, 0]
    assert mask.tolist() == [False, True, True, True]


def test_impossible_wishes_are_refused(observation, region, energy, energy_true):
    options = (energy, energy_true)
    with pytest.raises(ValueError, match=r"unknown selection \['psf'\]"):
        reduce_spectrum_dataset(observation, region, *options, selection=("psf",))
    box = RegionGeom.create("icrs; box(83.63, 22.01, 0.2, 0.2, 0)")
    with pytest.raises(ValueError, match="needs one circle as region, not: rectangle"):
        reduce_spectrum_dataset(observation, box, *options, containment_correction=True)
    cut = dataclasses.replace(
        observation, aeff=dataclasses.replace(observation.aeff, is_pointlike=True)
    )
    with pytest.raises(ValueError, match=r"observation 7: .*point-like responses"):
        reduce_spectrum_dataset(cut, region, *options, containment_correction=True)
    with pytest.raises(ValueError, match="observation 7 has no PSF"):
        reduce_spectrum_dataset(
            dataclasses.replace(observation, psf=None),
            region,
            *options,
            containment_correction=True,
        )
    with pytest.raises(ValueError, match="no RAD_MAX"):
        reduce_spectrum_dataset(observation, RegionGeom.point(83.63, 22.01), *options)


def test_reconstructed_axis_serves_as_true_axis(observation, region, energy):
    dataset = reduce_spectrum_dataset(observation, region, energy)
    assert dataset.energy_true.name == "energy_true"
    np.testing.assert_array_equal(dataset.energy_true.edges, energy.edges)
