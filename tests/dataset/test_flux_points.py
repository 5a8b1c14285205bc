"""Flux points as data: which numbers count, what is predicted, and Gammapy's statistic."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

import gjax
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.estimate import FluxPoints
from gjax.io.flux_points import read_flux_points
from gjax.io.flux_table import flux_points_from_table
from gjax.model import spectral

NAN = np.nan
REFERENCE = Path(__file__).parents[1] / "reference" / "data"
CTB_37B = "flux_points_ctb_37b.txt"


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((REFERENCE / "flux_points.json").read_text())


def make(**fields) -> FluxPointsDataset:
    """Make four points: measured, measured, limit only, limit with a best fit."""
    columns = {
        "energy": np.array([1.0, 2.0, 4.0, 8.0]),
        "dnde": np.array([10.0, 4.0, NAN, 0.5]),
        "dnde_errn": np.array([1.0, 0.5, NAN, NAN]),
        "dnde_errp": np.array([2.0, 0.7, NAN, 0.8]),
        "dnde_ul": np.array([14.0, 5.0, 3.0, 2.0]),
        "is_ul": np.array([False, False, True, True]),
    }
    return FluxPointsDataset(**({"name": "points", **columns} | fields))


def build(tag: str, values: dict):
    """Make the spectral model of a tag."""
    kinds = {
        "pl": spectral.PowerLaw,
        "lp": spectral.LogParabola,
        "ecpl": spectral.ExpCutoffPowerLaw,
    }
    return kinds[tag](**values)


def load(name: str, data: Path) -> FluxPoints:
    """Read a file, or the table of text that needs names and units."""
    if not name.endswith(CTB_37B):
        return read_flux_points(data / name)
    table = Table.read(data / name, format="ascii.csv", delimiter=" ", comment="#")
    names = ("Differential_Flux", "lower_error", "upper_error")
    columns = dict(zip(("dnde", "dnde_errn", "dnde_errp"), names, strict=True))
    units = dict.fromkeys(columns, "cm-2 s-1 TeV-1") | {"e_ref": "TeV"}
    return flux_points_from_table(
        table, sed_type="dnde", columns=columns | {"e_ref": "E"}, units=units
    )


def test_chi2_takes_the_mean_error_and_leaves_limits_out():
    data = make()
    assert data.mask.tolist() == [True, True, False, False]
    stat = data.stat_array(np.array([13.0, 4.0, 100.0, 100.0]))
    np.testing.assert_allclose(stat, [(3.0 / 1.5) ** 2, 0.0, 0.0, 0.0])
    symmetric = make(dnde_err=np.array([3.0, NAN, NAN, NAN]))
    np.testing.assert_allclose(symmetric.stat_array(np.array([13.0, 4.6, 0, 0]))[:2], [1.0, 1.0])


def test_distrib_takes_the_error_of_the_side():
    data = make(stat_type="distrib")
    low, high = (data.stat_array(np.array([x, y, 0.0, 0.0]))[:2] for x, y in ((9, 3), (14, 4.7)))
    np.testing.assert_allclose(low, [1.0, 4.0])
    np.testing.assert_allclose(high, [4.0, 1.0])


@pytest.mark.parametrize("n_sigma_ul", [1.645, 2.0, 3.0])
def test_limits_cost_their_confidence_at_the_limit(n_sigma_ul):
    data = make(stat_type="distrib", n_sigma_ul=n_sigma_ul)
    assert data.mask.all()
    at_limit = data.stat_array(np.array([10.0, 4.0, 3.0, 2.0]))
    np.testing.assert_allclose(at_limit, [0.0, 0.0, n_sigma_ul**2, n_sigma_ul**2])
    # From zero, and from the best fit; nothing below.
    half = data.stat_array(np.array([10.0, 4.0, 1.5, 1.25]))
    np.testing.assert_allclose(half[2:], n_sigma_ul**2 / 4)
    np.testing.assert_allclose(data.stat_array(np.array([10.0, 4.0, -1.0, 0.1]))[2:], 0.0)


def test_limits_are_guessed_where_there_is_no_value():
    data = make(is_ul=None, stat_type="distrib")
    assert data.mask.tolist() == [True, True, True, False]


def test_gradients_are_finite_everywhere():
    rng = np.random.default_rng(2)
    norm = np.linspace(0.0, 3.0, 7)
    scan = np.array([4.0, 9.0, NAN, 1.0])[:, None] * (norm - 1.0) ** 2
    for kind in ("chi2", "distrib", "profile"):
        data = make(stat_type=kind, norm_scan=norm, stat_scan=scan, dnde_ref=np.full(4, 2.0))
        slope = jax.grad(lambda m, d=data: d.stat_array(m).sum())
        for predicted in (np.zeros(4), np.array([10.0, 4.0, 0.0, 0.5]), rng.normal(size=4) * 1e3):
            value, gradient = data.stat_array(predicted), slope(jax.numpy.asarray(predicted))
            assert np.isfinite(value).all()
            assert np.isfinite(gradient).all()
            assert not gradient[~data.mask].any()


def test_masks_and_ranges():
    data = make(stat_type="distrib", mask_safe=np.array([True, True, True, False]))
    assert data.with_mask_fit(2 * u.TeV, 8.0).mask.tolist() == [False, True, True, False]
    assert data.with_mask_fit(energy_max=1.0).mask.tolist() == [True, False, False, False]
    assert not data.with_mask_fit().stat_array(np.full(4, 1e9))[3]


def test_predictions_at_the_centre_and_over_the_band():
    law, assumed = spectral.PowerLaw(index=3.0), spectral.PowerLaw(index=2.0, amplitude=5e-12)
    low, high = np.array([1.0, 4.0]), np.array([4.0, 9.0])
    energy = np.sqrt(low * high)
    width = np.asarray(assumed.integral(low, high)) / np.asarray(assumed(energy))
    none = np.full(2, NAN)
    data = FluxPointsDataset("a", energy, none, low, high, width=width, compare="band")
    # A model of the assumed shape is predicted as it is, another as it would be measured.
    np.testing.assert_allclose(data.predict(assumed), assumed(energy), rtol=1e-12)
    expected = np.asarray(law.integral(low, high)) / np.asarray(assumed.integral(low, high))
    np.testing.assert_allclose(data.predict(law), expected * np.asarray(assumed(energy)))
    center = dataclasses.replace(data, compare="center")
    np.testing.assert_allclose(center.predict(law), law(energy))


def test_arrays_may_have_units():
    data = FluxPointsDataset.create(
        "a", [500.0] * u.GeV, [2e-15] * u.Unit("cm-2 s-1 GeV-1"), dnde_err=[1e-13]
    )
    np.testing.assert_allclose([data.energy, data.dnde, data.dnde_err], [[0.5], [2e-12], [1e-13]])
    with pytest.raises(u.UnitConversionError, match="dnde has unit"):
        FluxPointsDataset.create("a", [1.0], [1.0] * u.TeV)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dnde_errn": np.array([0.0, 0.5, NAN, NAN]), "stat_type": "distrib"}, "point 0 at 1 TeV"),
        ({"dnde_err": np.array([1.0, -0.5, NAN, NAN])}, "point 1 at 2 TeV: the error must be"),
        ({"dnde_ul": np.array([NAN, NAN, 3.0, 0.4]), "stat_type": "distrib"}, "above the best fit"),
        ({"stat_type": "cash"}, "'cash' is none of chi2, distrib, profile"),
        ({"compare": "band"}, "energy_min, energy_max and width are needed"),
        ({"stat_type": "profile"}, "needs norm_scan"),
        ({"is_ul": np.array([True])}, r"is_ul has shape \(1,\)"),
        ({"energy": np.array([1.0, 2.0, -4.0, 8.0])}, "energies must be positive"),
    ],
)
def test_what_makes_no_sense_is_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        make(**fields)


def test_a_masked_point_may_be_wrong():
    wrong = np.array([0.0, 0.5, NAN, NAN])
    data = make(dnde_errn=wrong, stat_type="distrib", mask_safe=np.array([False, True, True, True]))
    assert data.mask.tolist() == [False, True, True, True]


def test_errors_of_several_sigma_are_scaled():
    points = FluxPoints(
        source="a",
        e_ref=np.ones(1),
        e_min=np.full(1, 0.5),
        e_max=np.full(1, 2.0),
        ref_dnde=np.full(1, 1e-12),
        ref_flux=np.full(1, 1.5e-12),
        ref_eflux=np.full(1, 1e-12),
        norm=np.ones(1),
        norm_err=np.full(1, 0.2),
        success=np.ones(1, bool),
        n_sigma=2.0,
    )
    data = FluxPointsDataset.from_flux_points(points, stat_type="chi2")
    np.testing.assert_allclose(data.dnde_err, 0.1e-12)
    np.testing.assert_allclose(data.width, 1.5)
    assert data.name == "a"
    failed = dataclasses.replace(points, success=np.zeros(1, bool))
    assert not FluxPointsDataset.from_flux_points(failed, name="b").mask.any()


def test_statistic_is_that_of_gammapy(reference, gammapy_data):
    """Gammapy's limits cost what their wrong sign makes of them: these points are not compared."""
    compared = 0
    for case in reference["stat"]:
        points = load(case["file"], gammapy_data)
        data = FluxPointsDataset.from_flux_points(points, "a", stat_type=case["stat_type"])
        stat = np.asarray(data.stat_array(data.predict(build(case["tag"], case["parameters"]))))
        expected = np.array(case["stat"], float)
        both = data.mask & ~np.asarray(data.is_ul) & np.array(case["mask"])
        np.testing.assert_array_equal(both, data.mask & ~np.asarray(data.is_ul))
        np.testing.assert_allclose(stat[both], expected[both], rtol=1e-9, err_msg=case["file"])
        compared += both.sum()
    assert compared > 200


def test_profiles_are_those_of_gammapy_at_their_nodes(reference, gammapy_data):
    points = read_flux_points(gammapy_data / "estimators/crab_hess_fp/crab_hess_fp.fits")
    data = FluxPointsDataset.from_flux_points(points, "a", stat_type="profile")
    case = reference["profile"]
    assert data.mask.tolist() == [False, True, True, True, True]
    for norm, expected in zip(case["norm"], np.array(case["nodes"], float).T, strict=True):
        stat = np.asarray(data.stat_array(norm * points.ref_dnde))
        np.testing.assert_allclose(stat[1:], expected[1:], rtol=1e-6, atol=0.01)
    between = np.asarray(data.stat_array(data.predict(build(case["tag"], case["parameters"]))))
    # Between nodes Gammapy's quadratic spline is off by up to some tenths.
    np.testing.assert_allclose(between[1:], np.array(case["stat"], float), rtol=0.1, atol=0.3)


def assert_fit(datasets, case, *, of_error=0.01, error=0.02):
    """Compare a fit with Gammapy's: statistic, values and errors."""
    models = gjax.Models.create({"source": gjax.SkyModel(build(case["tag"], case["start"]))})
    result = gjax.fit(datasets, models)
    assert result.success
    assert result.stat == pytest.approx(case["stat"], abs=1e-4)
    for name, value in case["values"].items():
        (i,) = result.parameters.select(("source", "spectral", name))
        sigma = case["errors"][name]
        assert abs(result.parameters.values[i] - value) < of_error * sigma, name
        assert result.errors[i] == pytest.approx(sigma, rel=error), name


@pytest.mark.parametrize("number", [0, 1], ids=["fermi", "hawc"])
def test_fit_of_published_points_is_that_of_gammapy(reference, gammapy_data, number):
    name = (
        "tests/spectrum/flux_points/diff_flux_points.fits",
        "hawc/crab_flux/HAWC19_flux_points.fits",
    )[number]
    data = FluxPointsDataset.from_flux_points(read_flux_points(gammapy_data / name), "a")
    assert_fit([data], reference["single"][number])


def test_fit_of_profiles_is_nearly_that_of_gammapy(reference, gammapy_data):
    """The rest is the quadratic spline with which Gammapy interpolates profiles."""
    points = read_flux_points(gammapy_data / "estimators/crab_hess_fp/crab_hess_fp.fits")
    data = FluxPointsDataset.from_flux_points(points, "a", stat_type="profile")
    models = gjax.Models.create(
        {"crab": gjax.SkyModel(build("pl", {"index": 2.6, "amplitude": 3.5e-11}))}
    )
    result, case = gjax.fit([data], models), reference["single"][2]
    assert result.success
    for name, value in case["values"].items():
        (i,) = result.parameters.select(("crab", "spectral", name))
        pull = (result.parameters.values[i] - value) / case["errors"][name]
        assert abs(pull) < 0.2
        assert result.errors[i] == pytest.approx(case["errors"][name], rel=0.1)
