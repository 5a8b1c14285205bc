"""The instruments that ship with the package do what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u

from gjax.simulate import cta_like, hess_like, observation
from gjax.simulate.background import expected_background
from gjax.simulate.instruments import _CTA


@pytest.fixture(scope="module")
def cta():
    return cta_like()


def test_effective_area_is_that_of_a_large_array(cta):
    area = cta.aeff.evaluate(np.array([0.03, 1.0, 10.0]), 0.0)
    assert area == pytest.approx([1.3e8, 6.2e9, 3.2e10], rel=0.05)


def test_effective_area_follows_the_formula_between_nodes(cta):
    energy, offset = np.geomspace(0.1, 100, 37)[:, None], np.linspace(0.2, 4.7, 11)
    area = cta.aeff.evaluate(energy, offset)
    np.testing.assert_allclose(area, _CTA.effective_area(energy, offset), rtol=0.015)


def test_effective_area_rolls_off(cta):
    ratio = cta.aeff.evaluate(1.0, np.array([0.0, 1.0, 3.2])) / cta.aeff.evaluate(1.0, 0.0)
    assert ratio == pytest.approx([1.0, 0.99, 0.5], abs=0.01)


@pytest.mark.parametrize(("energy", "offset"), [(0.1, 0.5), (1.0, 0.5), (10.0, 2.0)])
def test_psf_holds_68_percent_within_its_radius(cta, energy, offset):
    radius = _CTA.containment_radius(energy, offset)
    assert cta.psf.containment(radius, energy, offset) == pytest.approx(0.68, abs=0.01)
    # The integral of the profile is the containment, and reaches one.
    rad = np.linspace(0, radius, 4001)
    profile = cta.psf.evaluate(energy, offset, rad) * 2 * np.pi * np.deg2rad(rad)
    inside = np.trapezoid(profile, np.deg2rad(rad))
    assert inside == pytest.approx(cta.psf.containment(radius, energy, offset), rel=1e-5)
    assert cta.psf.containment(5.0, energy, offset) == pytest.approx(1.0, abs=1e-4)


def test_psf_sizes_are_those_of_a_large_array():
    radius = _CTA.containment_radius(np.array([0.1, 10.0]), 0.0)
    assert radius == pytest.approx([0.15, 0.043], abs=0.003)
    assert _CTA.containment_radius(1.0, 3.0) > 1.3 * _CTA.containment_radius(1.0, 0.0)


@pytest.mark.parametrize(("energy", "width"), [(0.05, 0.25), (1.0, 0.081), (10.0, 0.062)])
def test_energy_dispersion_has_the_width_and_bias(cta, energy, width):
    migra = cta.edisp.table.axis("migra")
    density = cta.edisp.evaluate(energy, migra.center, 0.5)
    weight = density * np.diff(migra.edges)
    assert weight.sum() == pytest.approx(1.0, abs=5e-3)
    mean = np.average(np.log(migra.center), weights=weight)
    rms = np.sqrt(np.average((np.log(migra.center) - mean) ** 2, weights=weight))
    assert rms == pytest.approx(width, rel=0.05)
    assert np.exp(mean) == pytest.approx(_CTA.median_migra(energy), rel=0.01)


def test_background_rate_and_slope(cta):
    rate = cta.bkg.integrate(np.array([0.1, 200.0]), 0.0, 0.0)
    assert np.isfinite(rate).all()
    low, high = (
        np.log(cta.bkg.evaluate(2 * energy, 0.3, 0.2) / cta.bkg.evaluate(energy, 0.3, 0.2))
        / np.log(2)
        for energy in (0.2, 20.0)
    )
    assert low == pytest.approx(-2.7, abs=0.2)
    assert high == pytest.approx(-3.4, abs=0.1)


@pytest.mark.parametrize(("make", "low", "high"), [(cta_like, 5, 15), (hess_like, 0.2, 1)])
def test_background_counts_per_second(make, low, high):
    plan = observation(make(), (83.63, 22.01), 3600.0)
    assert low < expected_background(plan) / plan.ontime < high


def test_observation_has_the_live_time(cta):
    plan = observation(cta, (83.63, 22.01), 1 * u.h, obs_id=7, deadtime_fraction=0.1)
    assert plan.livetime == pytest.approx(3600.0)
    assert plan.ontime == pytest.approx(4000.0)
    assert plan.events is None
    assert plan.obs_id == 7
    assert plan.telescope == "CTA-like"


@pytest.mark.parametrize("wrong", [{"livetime": 0.0}, {"deadtime_fraction": 1.0}])
def test_observation_refuses_impossible_times(cta, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        observation(cta, (0.0, 0.0), **({"livetime": 3600.0} | wrong))
