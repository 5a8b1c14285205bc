"""The event sampler closes against exposure, point spread function, dispersion and background."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from gjax.events.gti import GTI
from gjax.events.pointing import Pointing
from gjax.model import FoVBackground, SkyModel
from gjax.model.spatial import Gaussian, PiecewiseNormSpatial, Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.model.temporal import ExpDecay, Linear
from gjax.model.temporal.time_scale import days_since
from gjax.simulate import cta_like, observation, simulate_events
from gjax.simulate.background import expected_background

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


def test_background_model_scales_the_background(plan):
    half = {"bkg": FoVBackground("obs-1", PowerLawNorm(norm=0.5))}
    count = len(simulate_events(plan, half, 1).events)
    expected = 0.5 * expected_background(plan)
    assert count == pytest.approx(expected, abs=4 * np.sqrt(expected))
    other = {"bkg": FoVBackground("another", PowerLawNorm(norm=0.5))}
    assert len(simulate_events(plan, other, 1).events) > 1.5 * count


def test_background_model_may_change_over_the_field(plan):
    factor = PiecewiseNormSpatial((82.0, 85.0, 82.0, 85.0), (21.0, 21.0, 24.0, 24.0), (0, 2, 0, 2))
    tilted = FoVBackground("obs-1", PowerLawNorm(norm=0.5), factor)
    events = simulate_events(plan, {"bkg": tilted}, 1).events
    expected = expected_background(plan, tilted)
    assert len(events) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    near = simulate_events(plan, None, 1).events
    near, events = (e.select(np.hypot(e.lon - 83.5, e.lat - 22.5) < 1.0) for e in (near, events))
    east = np.array([np.mean(e.lon > 83.5) for e in (near, events)])
    weight = np.clip(np.asarray(factor(near.lon, near.lat)), 0.0, None)
    assert len(events) == pytest.approx(0.5 * weight.sum(), abs=5 * np.sqrt(len(events)))
    assert east[1] == pytest.approx(np.average(near.lon > 83.5, weights=weight), abs=0.05)
    assert east[1] > east[0] + 0.1


def test_a_source_that_varies_has_its_light_curve(plan):
    gti = GTI([10.0, 2000.0], [110.0, 2300.0], plan.gti.reference)
    dark = dataclasses.replace(plan, gti=gti, bkg=None)
    bright = SkyModel(PowerLaw(2.3, 3e-10), Point(lon_0=83.63, lat_0=22.0))
    start = days_since(0.0, 0.0, plan.gti.reference, "tt")
    decay = ExpDecay(t0=1000.0 / 86400.0, t_ref=float(start), scale="tt")
    steady, varying = (
        simulate_events(dark, {"src": dataclasses.replace(bright, temporal=curve)}, 7).events
        for curve in (None, decay)
    )
    mean = float(decay.mean(gti.start, gti.stop, gti.reference))
    expected = len(steady) * mean
    assert 0.2 < mean < 0.5
    assert len(varying) == pytest.approx(expected, abs=5 * np.sqrt(expected))
    parts = np.asarray(decay.integral(gti.start, gti.stop, gti.reference))
    share = float(parts[0] / parts.sum())
    assert np.mean(varying.time < 1000) == pytest.approx(share, abs=4 / np.sqrt(len(varying)))
    assert (np.diff(varying.time) >= 0).all()
    fading = SkyModel(PowerLaw(), bright.spatial, Linear(alpha=-1.0, t_ref=float(start)))
    with pytest.raises(ValueError, match="'src': the light curve is negative"):
        simulate_events(dark, {"src": fading}, 1)


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
