"""Background events follow the background rate."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import chi2

from gjax.irf.background import Background2D
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis
from gjax.numerics.sphere import fov_offsets, separation
from gjax.simulate import cta_like, observation, simulate_events
from gjax.simulate.background import expected_background

POINTING = (83.63, 22.5)


@pytest.fixture(scope="module")
def plan():
    return observation(cta_like(), POINTING, 1800.0)


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
