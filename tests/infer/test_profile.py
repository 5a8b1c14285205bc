"""Profiles, surfaces and contours against exact answers, refits and Minuit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gjax.infer.fit import fit
from gjax.infer.profile import stat_contour, stat_profile, stat_surface
from gjax.io import read_ogip
from gjax.model import Models, SkyModel
from gjax.model.spectral import LogParabola
from tests.infer.counting import counting, gaussian

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference/data/intervals.json").read_text(encoding="utf-8")
)


def test_profile_of_a_linear_problem_is_a_parabola():
    result = gaussian()
    profile = stat_profile(result, "*.amplitude", n_points=9)
    pull = (profile.values - profile.best) / result.error("*.amplitude")
    np.testing.assert_allclose(pull[[0, -1]], [-3, 3], rtol=1e-5)
    np.testing.assert_allclose(profile.delta, pull**2, rtol=1e-5, atol=1e-6)
    assert profile.converged.all()
    assert "Profile of source.spectral.amplitude" in str(profile)


def test_profile_is_a_series_of_fits(spot, spot_truth, spot_table, spot_fit):
    values = np.array([2.4, 1.8, 2.1])
    profile = stat_profile(spot_fit, "*.index", values)
    assert profile.converged.all()
    np.testing.assert_array_equal(profile.values, values)
    for i, value in enumerate(values):
        fixed = fit(spot, spot_truth, spot_table.update({"*.index": value}).freeze("*.index"))
        assert profile.stat[i] == pytest.approx(fixed.stat, abs=1e-4)
        chosen = [spot_fit.parameters.keys[k] for k in spot_fit.parameters.free]
        expected = [fixed.value(key) for key in chosen]
        np.testing.assert_allclose(profile.free_values[i], expected, rtol=1e-3)


def test_profile_up_to_a_bound():
    result = counting(4, 2.0, min=0.0, max=20e-12)
    profile = stat_profile(result, "*.amplitude", n_points=5)
    assert profile.values[0] == 0.0
    with pytest.raises(ValueError, match="within its bounds"):
        stat_profile(result, "*.amplitude", [-1e-12, 1e-12])


def test_surface(spot_fit):
    index, amplitude = np.linspace(1.95, 2.25, 5), np.linspace(4.6e-12, 5.8e-12, 4)
    surface = stat_surface(spot_fit, "*.index", "*.amplitude", index, amplitude)
    assert surface.converged.all()
    turned = stat_surface(spot_fit, "*.amplitude", "*.index", amplitude[::-1], index)
    np.testing.assert_allclose(turned.stat, surface.stat.T[::-1], atol=1e-6)
    # Its minimum along one axis lies on or above the profile of the other.
    profile = stat_profile(spot_fit, "*.index", index)
    fine = np.linspace(4.4e-12, 6e-12, 41)
    lowest = stat_surface(spot_fit, "*.index", "*.amplitude", index, fine).delta.min(axis=1)
    assert (lowest >= profile.delta - 1e-6).all()
    np.testing.assert_allclose(lowest, profile.delta, atol=0.02)
    assert "rises by up to" in str(surface)
    with pytest.raises(ValueError, match="same parameter"):
        stat_surface(spot_fit, "*.index", "spot.spectral.index", index, index)


def test_contour_of_a_gaussian_problem_is_an_ellipse():
    """With a free index the problem is nearly linear: compare with the covariance."""
    result = gaussian("*.index")
    contour = stat_contour(result, "*.index", "*.amplitude", 0.05, 8)
    chosen = [result.parameters.select(p)[0] for p in ("*.index", "*.amplitude")]
    covariance = result.covariance[np.ix_(chosen, chosen)]
    scale = np.sqrt(np.diag(covariance))
    away = (contour.points - contour.best) / scale
    distance = np.einsum(
        "ni,ij,nj->n", away, np.linalg.inv(covariance / np.outer(scale, scale)), away
    )
    np.testing.assert_allclose(distance, contour.rise, rtol=0.02)
    assert contour.reached.all()
    assert stat_contour(result, "*.index", "*.amplitude").rise == pytest.approx(2.2957, rel=1e-4)


def test_contour_at_a_bound(spot, spot_truth, spot_table):
    """From a bound the contour runs along it."""
    table = spot_table.bound("*.index", min=2.3).update({"*.index": 2.4})
    result = fit(spot, spot_truth, table)
    contour = stat_contour(result, "*.index", "*.amplitude", n_points=12)
    assert contour.points[:, 0].min() == pytest.approx(2.3, rel=1e-12)
    assert contour.points[:, 0].max() > 2.305
    assert np.isfinite(contour.points).all()
    assert contour.reached.all()


def test_minuit(gammapy_data):
    """Profile and contour of an on/off spectrum, against Minuit's."""
    dataset = read_ogip(gammapy_data / REFERENCE["spectrum"])
    spectral = LogParabola(amplitude=3e-11, reference=1.0, alpha=2.4, beta=0.2)
    result = fit(dataset, Models.create([("crab", SkyModel(spectral))]), tolerance=1e-8)
    expected = REFERENCE["profile"]
    profile = stat_profile(result, "*.alpha", expected["values"])
    np.testing.assert_allclose(profile.stat, expected["stat"], atol=2e-3)
    contour = stat_contour(result, "*.alpha", "*.amplitude", n_points=60, joint=False)
    for i, name in enumerate(("alpha", "amplitude")):
        theirs = np.array(REFERENCE["contour"][f"crab.spectral.{name}"])
        width = np.ptp(theirs)
        assert contour.points[:, i].min() == pytest.approx(theirs.min(), abs=0.01 * width)
        assert contour.points[:, i].max() == pytest.approx(theirs.max(), abs=0.01 * width)
    assert "Contour of crab.spectral.alpha" in str(contour)
