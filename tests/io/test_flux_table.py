"""Flux points as tables: every file of the real data, other people's columns, what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable, Table

from gjax.errors import FileFormatError
from gjax.io.flux_points import read_flux_points
from gjax.io.flux_table import Columns, flux_points_from_table, flux_points_to_table
from gjax.model.spectral import PowerLaw

REFERENCE = Path(__file__).parents[1] / "reference" / "data" / "flux_points.json"
DNDE = "cm-2 s-1 TeV-1"
FILES = [
    "hawc/crab_flux/HAWC19_flux_points.fits",
    "tests/spectrum/flux_points/diff_flux_points.fits",
    "tests/spectrum/flux_points/diff_flux_points.ecsv",
    "tests/spectrum/flux_points/flux_points.fits",
    "tests/spectrum/flux_points/flux_points.ecsv",
    "estimators/crab_hess_fp/crab_hess_fp.fits",
]


def assert_same(points, expected):
    """Compare with all that Gammapy read."""
    for name, numbers in expected.items():
        wanted = np.array(numbers) if name == "is_ul" else np.array(numbers, float)
        kind = name.split("_")[0]
        if name == "n_sigma_ul":
            if numbers is not None:  # rounded to tenths there
                assert points.n_sigma_ul == pytest.approx(numbers, abs=0.05)
            continue
        if kind in ("dnde", "flux", "eflux", "e2dnde"):
            unit = {"dnde": DNDE, "flux": "cm-2 s-1"}.get(kind, "TeV cm-2 s-1")
            found = points.column(name).to_value(unit)
        elif kind == "norm" and name != "norm_scan":
            found = getattr(points, name)
        else:
            found = getattr(points, name)
        assert found is not None, name
        found = np.squeeze(found)
        if name == "is_ul":
            np.testing.assert_array_equal(found, wanted)
        else:
            # Gammapy turns energies into edges and back. A band without a fit has no ts there,
            # though both statistics are there.
            rtol = 1e-6 if name == "e_ref" else 3e-7
            known = np.isfinite(wanted) if kind in ("ts", "sqrt") else np.ones(wanted.shape, bool)
            np.testing.assert_allclose(found[known], wanted[known], rtol=rtol, err_msg=name)


@pytest.mark.parametrize("name", FILES)
def test_every_file_reads_as_in_gammapy(gammapy_data, name):
    expected = json.loads(REFERENCE.read_text())["read"][name]
    points = read_flux_points(gammapy_data / name)
    assert len(expected) >= 8
    assert_same(points, expected)


def test_a_table_of_text_reads_as_in_gammapy(gammapy_data):
    name = "tests/spectrum/flux_points/flux_points_ctb_37b.txt"
    table = Table.read(gammapy_data / name, format="ascii.csv", delimiter=" ", comment="#")
    names = ("Differential_Flux", "lower_error", "upper_error")
    columns = dict(zip(("dnde", "dnde_errn", "dnde_errp"), names, strict=True)) | {"e_ref": "E"}
    units = dict.fromkeys(("dnde", "dnde_errn", "dnde_errp"), DNDE) | {"e_ref": "TeV"}
    points = flux_points_from_table(table, sed_type="dnde", columns=columns, units=units)
    expected = json.loads(REFERENCE.read_text())["read"][name]
    assert_same(points, expected)


@pytest.mark.parametrize("name", FILES)
def test_writing_and_reading_changes_nothing(gammapy_data, name):
    points = read_flux_points(gammapy_data / name)
    again = flux_points_from_table(flux_points_to_table(points))
    assert again.sed_type == points.sed_type
    assert again.n_sigma_ul == points.n_sigma_ul
    for kind in ("norm", "dnde"):
        for column in points.names(kind):
            before, after = points.column(column), again.column(column)
            np.testing.assert_allclose(after.value, before.value, rtol=1e-15, err_msg=column)
    np.testing.assert_array_equal(again.is_ul, points.is_ul)


def test_quantities_frequencies_and_other_units():
    table = QTable()
    table["e_ref"] = [4.8e9, 2.4e20] * u.Hz
    table["e2dnde"] = [1e-13, 2e-12] * u.Unit("erg cm-2 s-1")
    table["e2dnde_err"] = [1e-14, 1e-13] * u.Unit("erg cm-2 s-1")
    points = flux_points_from_table(table)
    assert points.sed_type == "e2dnde"
    np.testing.assert_allclose(points.e_ref[1], 0.9925601e-6, rtol=1e-6)  # 1 MeV, nearly
    np.testing.assert_allclose(points.e2dnde.to_value("erg cm-2 s-1"), [1e-13, 2e-12])
    back = flux_points_to_table(points)
    np.testing.assert_allclose(u.Quantity(back["e2dnde_err"]).value, [1e-14, 1e-13])
    assert "e_min" not in back.colnames
    with pytest.raises(ValueError, match="need e_min and e_max"):
        flux_points_to_table(points, "flux")


def test_the_assumed_spectrum_relates_bands_to_energies():
    low, high = [1.0, 10.0] * u.TeV, [10.0, 100.0] * u.TeV
    table = Table({"e_min": low, "e_max": high, "flux": [1e-11, 1e-13] * u.Unit("cm-2 s-1")})
    steep = PowerLaw(index=3.0)
    points = flux_points_from_table(table, reference=steep)
    ratio = np.asarray(steep(points.e_ref) / steep.integral(low.value, high.value))
    np.testing.assert_allclose(points.dnde.value, [1e-11, 1e-13] * ratio)
    flat = flux_points_from_table(table)
    np.testing.assert_allclose(flat.flux.value, points.flux.value)
    assert (flat.dnde > points.dnde).all()


def test_log_likelihoods_become_statistics():
    norm = np.linspace(0.0, 2.0, 5)
    drop = -0.5 * ((norm - 1.0) / 0.2) ** 2
    table = Table({"e_ref": [1.0] * u.TeV, "ref_dnde": [1e-12] * u.Unit(DNDE), "norm": [1.0]})
    table["loglike"], table["loglike_null"] = [-50.0], [-62.5]
    # Relative to the source's absence, as fermipy writes it.
    table["norm_scan"], table["dloglike_scan"] = norm[None], (drop - drop[0])[None]
    points = flux_points_from_table(table)
    np.testing.assert_allclose([points.stat[0], points.ts[0]], [100.0, 25.0])
    np.testing.assert_allclose(points.stat_scan[0] - 100.0, -2 * drop, atol=1e-12)


def test_widths_can_be_told():
    table = Table({"e_ref": [1.0] * u.TeV, "dnde": [1e-12] * u.Unit(DNDE)})
    table.meta["UL_CONF"] = 0.95
    points = flux_points_from_table(table)
    assert (points.n_sigma, points.n_sigma_ul) == (1.0, 1.96)
    told = flux_points_from_table(table, n_sigma=2.0, n_sigma_ul=1.645)
    assert (told.n_sigma, told.n_sigma_ul) == (2.0, 1.645)


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        (lambda t: t.meta.update(UL_CONF="high"), "UL_CONF", "'high' is not a number"),
        (lambda t: t.meta.update(SED_TYPE="flux"), "flux", "e_min|missing"),
        (lambda t: t.rename_column("e_ref", "energy"), "e_ref", "missing"),
        (lambda t: setattr(t["e_ref"], "unit", "s"), "e_ref", "not convertible"),
        (lambda t: t.replace_column("e_ref", [-1.0] * u.TeV), "e_ref", "positive"),
        (lambda t: t.add_column([55000.0], name="time_min"), None, "a light curve"),
        (lambda t: t.add_column([1.0], name="x_min"), None, "a profile in space"),
    ],
)
def test_what_is_wrong_is_named(change, column, words):
    table = Table({"e_ref": [1.0] * u.TeV, "dnde": [1e-12] * u.Unit(DNDE)})
    change(table)
    with pytest.raises(FileFormatError, match=words) as caught:
        flux_points_from_table(table, path="points.txt")
    assert column is None or caught.value.column in (column, "e_min")
    assert "points.txt" in str(caught.value)


def test_columns_of_a_light_curve_have_bands():
    table = Table({"flux": [1.0, 2.0, 3.0], "is_ul": [True, False, True]})
    columns = Columns(table, None, is_light_curve=True)
    assert columns.numbers("flux").shape == (3, 1)
    assert columns.flags("is_ul").shape == (3, 1)
    assert columns.flags("success") is None
