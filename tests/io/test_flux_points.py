"""Tables of flux points: round trips, Gammapy's own files, and what is wrong with a file."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from gjax.dataset import FluxPointsDataset
from gjax.errors import FileFormatError
from gjax.estimate import FluxPoints
from gjax.events.gti import GTI
from gjax.io import read_flux_points, write_flux_points
from gjax.io.flux_points import read_flux_points_dataset, write_flux_points_dataset

EDGES = np.array([1.0, 2.0, 5.0, 10.0])


@pytest.fixture
def points() -> FluxPoints:
    low, high = EDGES[:-1], EDGES[1:]
    return FluxPoints(
        source="4FGL J0534.5+2201",
        e_ref=np.sqrt(low * high),
        e_min=low,
        e_max=high,
        ref_dnde=3e-11 * (low * high) ** -1.3,
        ref_flux=np.array([2e-11, 5e-12, 7e-13]),
        ref_eflux=np.array([3e-11, 2e-11, 5e-12]),
        norm=np.array([1.1, -0.2, np.nan]),
        norm_err=np.array([0.1, 0.3, np.nan]),
        norm_errn=np.array([0.09, np.nan, np.nan]),
        norm_errp=np.array([0.11, 0.4, np.nan]),
        norm_ul=np.array([1.3, 0.5, np.nan]),
        stat=np.array([100.5, -3.25, np.nan]),
        stat_null=np.array([180.5, -3.0, np.nan]),
        npred=np.array([[10.0, 11.0], [2.0, 3.0], [np.nan, np.nan]]),
        npred_excess=np.array([[5.0, 6.0], [-1.0, -1.0], [np.nan, np.nan]]),
        counts=np.array([[10.0, 12.0], [1.0, 3.0], [0.0, 0.0]]),
        success=np.array([True, True, False]),
        norm_scan=np.array([0.2, 1.0, 5.0]),
        stat_scan=np.arange(9.0).reshape(3, 3),
        n_sigma_ul=3.0,
    )


@pytest.mark.parametrize("name", ["points.fits", "points.fits.gz", "points.ecsv"])
def test_nothing_is_lost(points, tmp_path, name):
    read = read_flux_points(write_flux_points(points, tmp_path / name))
    for field in dataclasses.fields(points):
        before, after = getattr(points, field.name), getattr(read, field.name)
        if field.name == "is_limit":
            np.testing.assert_array_equal(after, points.is_ul)
        elif isinstance(before, np.ndarray):
            np.testing.assert_allclose(after, before, rtol=1e-14, err_msg=field.name)
        else:
            assert after == before, field.name


@pytest.mark.parametrize("kind", ["dnde", "e2dnde", "flux", "eflux"])
@pytest.mark.parametrize("ending", ["fits", "ecsv"])
def test_fluxes_are_those_written(points, tmp_path, kind, ending):
    path = write_flux_points(points, tmp_path / f"points.{ending}", sed_type=kind)
    read = read_flux_points(path)
    for name in points.names(kind):
        column = points.column(name)
        np.testing.assert_allclose(read.column(name).to_value(column.unit), column.value)
    np.testing.assert_allclose(read.sqrt_ts, points.sqrt_ts)


def test_table_is_that_of_the_format(points, tmp_path):
    path = write_flux_points(points, tmp_path / "points.fits")
    with fits.open(path) as hdus:
        header, columns = hdus["FLUXPOINTS"].header, hdus["FLUXPOINTS"].columns
        assert header["SED_TYPE"] == "likelihood"
        assert header["UL_CONF"] == pytest.approx(0.9973002)
        assert columns["ref_eflux"].unit == "erg s-1 cm-2" or u.Unit(
            columns["ref_eflux"].unit
        ) == u.Unit("erg cm-2 s-1")
    # The columns of a table that Gammapy 2.1 writes with all selections.
    expected = (
        "e_ref e_min e_max ref_dnde ref_flux ref_eflux norm norm_err norm_errn norm_errp norm_ul "
        "ts sqrt_ts npred npred_excess stat stat_null stat_scan is_ul counts success norm_scan"
    )
    assert set(columns.names) == set(expected.split())


def test_a_foreign_table_is_read(tmp_path):
    """Energies and fluxes only, in other units, with photons counted and a gap."""
    table = Table()
    table["e_ref"] = [500.0, 2000.0] * u.GeV
    table["dnde"] = [3e-14, 1e-15] * u.Unit("ph cm-2 s-1 GeV-1")
    table["dnde_ul"] = np.ma.array([1e-13, 0.0], mask=[False, True])
    table["dnde_ul"].unit = "ph cm-2 s-1 GeV-1"
    table["sqrt_ts"] = [3.0, 1.0]
    table.write(tmp_path / "points.ecsv")
    points = read_flux_points(tmp_path / "points.ecsv")
    np.testing.assert_allclose(points.e_ref, [0.5, 2.0])
    np.testing.assert_allclose(points.dnde.to_value("cm-2 s-1 TeV-1"), [3e-11, 1e-12])
    assert np.isnan(points.column("dnde_ul")[1])
    assert np.isnan(points.e_min).all()
    np.testing.assert_allclose(points.sqrt_ts, [3.0, 1.0])
    assert points.is_ul.tolist() == [False, True]
    assert points.names() == ("dnde", "dnde_ul")


def test_published_points_are_read(gammapy_data):
    points = read_flux_points(gammapy_data / "hawc/crab_flux/HAWC19_flux_points.fits")
    assert points.dnde[0].to_value("cm-2 s-1 TeV-1") == pytest.approx(1.8237526e-11)
    assert points.sqrt_ts[0] == pytest.approx(52.28767)
    older = read_flux_points(gammapy_data / "tests/spectrum/flux_points/flux_points.fits")
    assert (older.flux[np.isfinite(older.flux)].value > 0).all()


def test_existing_file_is_kept_unless_told(points, tmp_path):
    path = write_flux_points(points, tmp_path / "points.ecsv")
    with pytest.raises(FileExistsError):
        write_flux_points(points, path)
    write_flux_points(points, path, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["points.ecsv"]


def test_wrong_requests_are_refused(points, tmp_path):
    with pytest.raises(ValueError, match=r"not 'points\.csv'"):
        write_flux_points(points, tmp_path / "points.csv")
    with pytest.raises(ValueError, match="'counts' is none of likelihood"):
        write_flux_points(points, tmp_path / "points.fits", sed_type="counts")
    assert not list(tmp_path.iterdir())


def _damage(path, change) -> None:
    table = Table.read(path, format="ascii.ecsv")
    change(table)
    table.write(path, format="ascii.ecsv", overwrite=True)


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        (lambda t: t.remove_column("norm"), "norm", "missing"),
        (lambda t: t.remove_column("ref_dnde"), "ref_dnde", "missing"),
        (lambda t: t.remove_columns(["e_ref", "e_min"]), "e_ref", "missing"),
        (lambda t: setattr(t["e_min"], "unit", "cm"), "e_min", "not convertible"),
        (lambda t: t.meta.update(SED_TYPE="magic"), "SED_TYPE", "none of"),
        (lambda t: t.replace_column("stat", ["a", "b", "c"]), "stat", "could not convert"),
    ],
)
def test_damage_is_named(points, tmp_path, change, column, words):
    path = write_flux_points(points, tmp_path / "points.ecsv")
    _damage(path, change)
    with pytest.raises(FileFormatError, match=words) as caught:
        read_flux_points(path)
    assert caught.value.column == column
    assert str(path) in str(caught.value)


def test_other_files_are_no_flux_points(points, tmp_path):
    text = tmp_path / "text.ecsv"
    text.write_text("not a table")
    image = tmp_path / "image.fits"
    fits.PrimaryHDU(np.ones((2, 2))).writeto(image)
    whole = write_flux_points(points, tmp_path / "whole.fits").read_bytes()
    cut = tmp_path / "cut.fits"
    cut.write_bytes(whole[:4000])
    for path in (text, image, cut):
        with pytest.raises(FileFormatError) as caught:
            read_flux_points(path)
        assert str(path) in str(caught.value)
    with pytest.raises(FileNotFoundError):
        read_flux_points(tmp_path / "missing.fits")


@pytest.mark.parametrize("ending", ["fits", "ecsv"])
@pytest.mark.parametrize("stat_type", ["chi2", "distrib", "profile"])
def test_data_of_a_fit_survive(points, tmp_path, ending, stat_type):
    scan = np.linspace(0.0, 3.0, 7)
    fields = {
        "norm_scan": scan,
        "stat_scan": 100.0 + (scan - 1.1) ** 2 / 0.01 * np.array([1.0, 1.0, np.nan])[:, None],
        "gti": GTI(np.array([0.0]), np.array([10.0]), 55000.0),
        "telescope": "HESS",
    }
    source = dataclasses.replace(points, **fields)
    dataset = FluxPointsDataset.from_flux_points(source, "crab", stat_type=stat_type)
    dataset = dataset.with_mask_fit(1.0, 5.0)
    read = read_flux_points_dataset(write_flux_points_dataset(dataset, tmp_path / f"a.{ending}"))
    assert (read.name, read.stat_type, read.telescope) == ("crab", stat_type, "HESS")
    assert read.mask.tolist() == dataset.mask.tolist()
    predicted = 1.2 * points.ref_dnde
    np.testing.assert_allclose(read.stat_array(predicted), dataset.stat_array(predicted), rtol=1e-9)
    np.testing.assert_allclose(read.width, dataset.width)
    assert (read.gti is not None) == (ending == "fits")


def test_any_file_of_points_is_data(points, tmp_path):
    path = write_flux_points(points, tmp_path / "hess.v2.ecsv", sed_type="dnde")
    named = read_flux_points_dataset(path, "mine", stat_type="distrib")
    assert (named.name, named.stat_type) == ("mine", "distrib")
    assert read_flux_points_dataset(path).name == "4FGL J0534.5+2201"
    _damage(path, lambda t: t.replace_column("dnde_err", 0 * t["dnde_err"]))
    with pytest.raises(FileFormatError, match="the error must be positive") as caught:
        read_flux_points_dataset(path)
    assert str(path) in str(caught.value)
