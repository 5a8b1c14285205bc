"""The event sampler closes against exposure, point spread function, dispersion and background."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2

from gjax.events.gti import GTI
from gjax.events.pointing import Pointing
from gjax.irf.background import Background2D
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis
from gjax.model import FoVBackground, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.numerics.sphere import fov_offsets, separation
from gjax.simulate import cta_like, observation, simulate_events
from gjax.simulate.background import expected_background
from gjax.simulate.response import blur_directions, disperse_energies

POINTING = (83.63, 22.5)


@pytest.fixture(scope="module")
def plan():
    return observation(cta_like(), POINTING, 1800.0)


def source(**kwargs):
    return SkyModel(PowerLaw(index=2.3, amplitude=3e-11), Point(**kwargs))


def expected_counts(plan, offset):
    """Integrate flux times effective area between the edges of the table, by brute force."""

    def rate(x):
        return 3e-11 * np.exp(-1.3 * x) * float(plan.aeff.evaluate(np.exp(x), offset))

    axis = plan.aeff.table.axis("energy_true")
    knots = np.log(np.concatenate([axis.edges[:1], axis.center, axis.edges[-1:]]))
    return plan.livetime * sum(quad(rate, *span)[0] for span in pairwise(knots))


@pytest.mark.parametrize("offset", [0.5, 3.0])
def test_number_of_source_events(plan, offset):
    dark = dataclasses.replace(plan, bkg=None)
    model = source(lon_0=POINTING[0], lat_0=POINTING[1] - offset)
    counts = [len(simulate_events(dark, {"src": model}, seed).events) for seed in range(8)]
    expected = expected_counts(plan, offset)
    assert np.mean(counts) == pytest.approx(expected, abs=3.5 * np.sqrt(expected / 8))
    assert np.var(counts, ddof=1) / expected == pytest.approx(1.0, abs=1.5)


def test_an_extended_source_weights_the_area_with_its_morphology(plan):
    dark = dataclasses.replace(plan, bkg=None)
    wide = SkyModel(
        PowerLaw(index=2.3, amplitude=3e-11),
        Gaussian(lon_0=POINTING[0], lat_0=POINTING[1], sigma=1.2),
    )
    count = np.mean([len(simulate_events(dark, {"src": wide}, seed).events) for seed in range(4)])
    offset = np.linspace(0, 5, 101)
    weight = offset * np.exp(-0.5 * (offset / 1.2) ** 2)
    expected = np.average(
        [expected_counts(plan, value) for value in offset[::5]], weights=weight[::5]
    )
    assert count == pytest.approx(expected, abs=3.5 * np.sqrt(expected / 4) + 0.003 * expected)


def test_a_source_outside_the_field_gives_nothing(plan):
    dark = dataclasses.replace(plan, bkg=None)
    events = simulate_events(dark, {"src": source(lon_0=83.63, lat_0=-40.0)}, 1).events
    assert len(events) == 0


def test_directions_follow_the_point_spread_function(plan):
    rng = np.random.default_rng(5)
    count = 60000
    energy = np.exp(rng.uniform(np.log(0.2), np.log(20.0), count))
    offset = rng.uniform(0.0, 3.0, count)
    lon, lat, known = blur_directions(
        plan.psf, energy, offset, np.full(count, 83.0), np.full(count, 22.0), rng
    )
    assert known.all()
    distance = np.asarray(separation(83.0, 22.0, lon, lat))
    # The containment of each event at its own distance is uniform.
    share = np.histogram(plan.psf.containment(distance, energy, offset), 20, (0, 1))[0]
    assert chi2.sf(((share - count / 20) ** 2 / (count / 20)).sum(), 19) > 1e-3
    east, north = fov_offsets(83.0, 22.0, lon, lat)
    turn = np.histogram(np.arctan2(east, north), 12, (-np.pi, np.pi))[0]
    assert chi2.sf(((turn - count / 12) ** 2 / (count / 12)).sum(), 11) > 1e-3


@pytest.mark.parametrize("energy_true", [0.05, 0.8, 12.0])
def test_energies_follow_the_dispersion(plan, energy_true):
    count = 40000
    energy, known = disperse_energies(
        plan.edisp, np.full(count, energy_true), np.full(count, 0.7), np.random.default_rng(6)
    )
    assert known.all()
    migra = plan.edisp.table.axis("migra")
    weight = plan.edisp.evaluate(energy_true, migra.center, 0.7) * np.diff(migra.edges)
    mean = np.average(migra.center, weights=weight)
    rms = np.sqrt(np.average((migra.center - mean) ** 2, weights=weight))
    ratio = energy / energy_true
    assert ratio.mean() == pytest.approx(mean, abs=4 * rms / np.sqrt(count))
    assert ratio.std() == pytest.approx(rms, rel=0.02)


def test_background_follows_its_rate(plan):
    events = simulate_events(plan, None, 11).events
    expected = expected_background(plan)
    assert len(events) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    east, north = fov_offsets(*POINTING, events.lon, events.lat)
    edges = np.array([0.03, 0.06, 0.1, 0.2, 0.5, 2.0])
    fine = np.linspace(-1.0, 1.0, 41)
    center = 0.5 * (fine[1:] + fine[:-1])
    # One quarter of the inner field: north-west, which is at positive detector longitude.
    inside = (east > -1) & (east < 0) & (north > 0) & (north < 1)
    counts = np.histogram(events.energy[inside], edges)[0]
    lon, lat = np.meshgrid(center[center > 0], center[center > 0])
    rate = plan.bkg.integrate(edges, lon, lat) * np.deg2rad(0.05) ** 2 * np.cos(np.deg2rad(lat))
    npred = rate.sum(axis=(1, 2)) * plan.ontime
    assert chi2.sf(((counts - npred) ** 2 / npred).sum(), counts.size) > 1e-3


def test_detector_longitude_runs_to_the_west(plan):
    energy, axis = (
        MapAxis.from_energy_bounds(0.1, 10, 3),
        MapAxis.from_bounds(-2.0, 2.0, 2, "fov_lon", "deg"),
    )
    lat = MapAxis.from_bounds(-2.0, 2.0, 2, "fov_lat", "deg")
    rate = np.full((3, 2, 2), 0.5)
    rate[:, 1, :] = 5.0
    table = Table(rate, (energy, axis, lat), unit="s-1 TeV-1 sr-1", scale="log")
    lopsided = dataclasses.replace(plan, bkg=type(plan.bkg)(table))
    events = simulate_events(lopsided, None, 1).events
    east, _ = fov_offsets(*POINTING, events.lon, events.lat)
    assert np.mean(east) < -0.5
    turned = type(plan.bkg)(table, fov_alignment="REVERSE_LON_RADEC")
    events = simulate_events(dataclasses.replace(plan, bkg=turned), None, 1).events
    east, _ = fov_offsets(*POINTING, events.lon, events.lat)
    assert np.mean(east) > 0.5
    tilted = type(plan.bkg)(table, fov_alignment="ALTAZ")
    with pytest.raises(ValueError, match="ALTAZ"):
        simulate_events(dataclasses.replace(plan, bkg=tilted), None, 1)


def test_radial_background_fills_a_disk(plan):
    energy = MapAxis.from_energy_bounds(0.1, 10, 8)
    offset = MapAxis.from_bounds(0.0, 2.0, 4, "offset", "deg")
    rate = np.repeat(3.0 * energy.center[:, None] ** -2.0, 4, axis=1)
    table = Table(rate, (energy, offset), unit="s-1 TeV-1 sr-1", scale="log")
    flat = dataclasses.replace(plan, bkg=Background2D(table))
    events = simulate_events(flat, None, 2).events
    # As in the reduction, the rate goes on for one more bin of offset.
    solid_angle = 2 * np.pi * (1 - np.cos(np.deg2rad(2.5)))
    expected = 3.0 * (10 - 0.1) * solid_angle * plan.ontime
    assert len(events) == pytest.approx(expected, abs=4 * np.sqrt(expected) + 0.005 * expected)
    distance = np.asarray(separation(*POINTING, events.lon, events.lat))
    assert (distance < 2.5 / np.sqrt(2)).mean() == pytest.approx(0.5, abs=0.03)


def test_background_model_scales_the_background(plan):
    half = {"bkg": FoVBackground("obs-1", PowerLawNorm(norm=0.5))}
    count = len(simulate_events(plan, half, 1).events)
    expected = 0.5 * expected_background(plan)
    assert count == pytest.approx(expected, abs=4 * np.sqrt(expected))
    other = {"bkg": FoVBackground("another", PowerLawNorm(norm=0.5))}
    assert len(simulate_events(plan, other, 1).events) > 1.5 * count


def test_times_are_in_the_good_time_and_in_order(plan):
    gti = GTI([10.0, 2000.0], [110.0, 2300.0], plan.gti.reference)
    gaps = dataclasses.replace(plan, gti=gti)
    events = simulate_events(gaps, None, 1).events
    first = (events.time >= 10.0) & (events.time < 110.0)
    second = (events.time >= 2000.0) & (events.time < 2300.0)
    assert (first | second).all()
    assert (np.diff(events.time) >= 0).all()
    assert first.mean() == pytest.approx(0.25, abs=0.03)
    assert np.array_equal(events.event_id, np.arange(1, len(events) + 1))
    # Order in time says nothing about energy.
    assert abs(np.corrcoef(events.time, np.log(events.energy))[0, 1]) < 0.06


def test_seed_decides_and_one_more_source_leaves_the_others(plan):
    one = {"a": source(lon_0=83.63, lat_0=22.0)}
    two = one | {"b": source(lon_0=84.5, lat_0=22.0)}
    first, again = (simulate_events(plan, one, 3).events for _ in range(2))
    np.testing.assert_array_equal(first.energy, again.energy)
    np.testing.assert_array_equal(first.time, again.time)
    both = simulate_events(plan, two, 3).events
    assert np.isin(first.energy, both.energy).all()
    assert len(both) > len(first)
    other = simulate_events(plan, one, 4).events
    assert not np.isin(first.energy, other.energy).any()


def test_what_is_missing_is_named(plan):
    model = source(lon_0=83.63, lat_0=22.0)
    with pytest.raises(ValueError, match="effective area"):
        simulate_events(dataclasses.replace(plan, aeff=None), {"src": model}, 1)
    shapeless = SkyModel(PowerLaw())
    with pytest.raises(ValueError, match="src"):
        simulate_events(plan, {"src": shapeless}, 1)
    drift = Pointing(*POINTING, mode="DRIFT")
    with pytest.raises(ValueError, match="DRIFT"):
        simulate_events(dataclasses.replace(plan, pointing=drift), None, 1)
    bare = dataclasses.replace(plan, psf=None, edisp=None, bkg=None)
    events = simulate_events(bare, {"src": model}, 1).events
    np.testing.assert_allclose(events.lat, 22.0, atol=1e-9)
