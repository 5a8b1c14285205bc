"""Files of light curves: Gammapy's own, round trips, scales of time, what is wrong."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from astropy.time import Time

from gjax.errors import FileFormatError
from gjax.estimate.light_curve import LightCurve
from gjax.io.flux_points import read_flux_points, read_table
from gjax.io.light_curve import read_light_curve, write_light_curve

REFERENCE = Path(__file__).parents[1] / "reference" / "data" / "flux_points.json"
CURVES = [f"estimators/pks2155_hess_lc/pks2155_hess_lc{end}.fits" for end in ("", "_3bins")]


@pytest.fixture
def table() -> Table:
    """Make a small foreign light curve of one band, in days since an epoch in UTC."""
    made = Table()
    made["time_min"], made["time_max"] = [0.25, 1.5], [0.5, 1.75]
    made["e_min"], made["e_max"] = [0.2, 0.2] * u.TeV, [20.0, 20.0] * u.TeV
    made["flux"] = [1e-11, 3e-11] * u.Unit("cm-2 s-1")
    made["flux_err"] = [1e-12, 2e-12] * u.Unit("cm-2 s-1")
    made.meta |= {"SED_TYPE": "flux", "MJDREFI": 57000, "MJDREFF": 0.5, "TIMESYS": "utc"}
    made.meta |= {"TELESCOP": "HESS"}
    return made


def assert_same(one: LightCurve, other: LightCurve) -> None:
    np.testing.assert_allclose(one.start, other.start, rtol=0, atol=1e-6)
    np.testing.assert_allclose(one.stop, other.stop, rtol=0, atol=1e-6)
    assert one.reference == other.reference
    for field in dataclasses.fields(one.points):
        before, after = getattr(one.points, field.name), getattr(other.points, field.name)
        if field.name == "is_limit":
            np.testing.assert_array_equal(one.points.is_ul, other.points.is_ul)
        elif isinstance(before, np.ndarray):
            np.testing.assert_allclose(after, before, rtol=1e-14, err_msg=field.name)
        elif field.name != "gti":
            assert after == before, field.name


@pytest.mark.parametrize("name", CURVES)
def test_files_read_as_in_gammapy(gammapy_data, name):
    expected = json.loads(REFERENCE.read_text())["curves"][name]
    curve = read_light_curve(gammapy_data / name)
    points = curve.points
    np.testing.assert_allclose(curve.time_start.mjd, expected["time_min"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(curve.time_stop.mjd, expected["time_max"], rtol=0, atol=1e-10)
    for column in ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "sqrt_ts"):
        found = np.squeeze(getattr(points, column))
        np.testing.assert_allclose(found, np.array(expected[column], float), err_msg=column)
    found = np.squeeze(points.dnde.to_value("cm-2 s-1 TeV-1"))
    np.testing.assert_allclose(found, np.array(expected["dnde"], float), rtol=1e-6)
    np.testing.assert_array_equal(np.squeeze(points.is_ul), expected["is_ul"])
    found = np.squeeze(points.stat_scan)
    np.testing.assert_allclose(found, np.array(expected["stat_scan"], float))
    assert curve[0].gti.total > 0
    assert points.gti.start.size == 44


@pytest.mark.parametrize("ending", ["fits", "ecsv"])
@pytest.mark.parametrize("name", CURVES)
def test_writing_and_reading_changes_nothing(gammapy_data, tmp_path, name, ending):
    curve = read_light_curve(gammapy_data / name)
    assert_same(curve, read_light_curve(write_light_curve(curve, tmp_path / f"curve.{ending}")))


def test_a_curve_of_one_band_needs_no_vectors(table, tmp_path):
    table.write(tmp_path / "curve.ecsv", format="ascii.ecsv")
    curve = read_light_curve(tmp_path / "curve.ecsv")
    np.testing.assert_allclose(curve.points.flux.value, [[1e-11], [3e-11]])
    start = Time([57000.75, 57002.0], format="mjd", scale="utc")
    np.testing.assert_allclose((curve.time_start - start).to_value("s"), 0.0, atol=1e-6)
    assert curve.points.telescope == "HESS"
    assert_same(curve, read_light_curve(write_light_curve(curve, tmp_path / "again.fits")))


def test_dates_may_be_whole(table, tmp_path):
    for key in ("MJDREFI", "MJDREFF", "TIMESYS"):
        table.meta.pop(key)
    table["time_min"], table["time_max"] = [57000.75, 57002.0], [57001.0, 57002.25]
    table.write(tmp_path / "curve.ecsv", format="ascii.ecsv")
    curve = read_light_curve(tmp_path / "curve.ecsv")
    np.testing.assert_allclose(curve.time_start.utc.mjd, [57000.75, 57002.0], rtol=0, atol=1e-10)
    np.testing.assert_allclose(curve.stop - curve.start, 21600.0, atol=1e-5)


def test_format_of_the_file(table, tmp_path):
    table.write(tmp_path / "curve.ecsv", format="ascii.ecsv")
    curve = read_light_curve(tmp_path / "curve.ecsv")
    written, _ = read_table(write_light_curve(curve, tmp_path / "out.fits", sed_type="likelihood"))
    assert written.colnames[:5] == ["time_min", "time_max", "e_ref", "e_min", "e_max"]
    assert written["norm"].shape == (2, 1)
    assert written["ref_dnde"].shape == (2, 1)
    assert {"MJDREFI", "MJDREFF", "TIMESYS", "TIMEUNIT"} <= set(written.meta)
    with pytest.raises(FileExistsError):
        write_light_curve(curve, tmp_path / "out.fits")


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        (lambda t: t.remove_column("time_min"), "time_min", "no light curve"),
        (lambda t: t.remove_column("time_max"), "time_max", "missing"),
        (lambda t: t.replace_column("time_max", [0.0, 2.0]), None, "interval 0 .* ends before"),
        (lambda t: t.replace_column("time_max", [np.nan, 2.0]), "time_max", "NaN"),
        (lambda t: t.meta.update(TIMESYS="noon"), "MJDREFI", "unknown time scale"),
        (lambda t: t.meta.update(TIMEUNIT="m"), "MJDREFI", "not convertible"),
        (lambda t: t.replace_column("e_min", [0.2, 0.3] * u.TeV), "e_min", "share their bands"),
    ],
)
def test_damage_is_named(table, tmp_path, change, column, words):
    change(table)
    table.write(tmp_path / "curve.ecsv", format="ascii.ecsv")
    with pytest.raises(FileFormatError, match=words) as caught:
        read_light_curve(tmp_path / "curve.ecsv")
    assert caught.value.column == column
    assert "curve.ecsv" in str(caught.value)


def test_a_curve_is_no_spectrum(table, tmp_path):
    table.write(tmp_path / "curve.ecsv", format="ascii.ecsv")
    with pytest.raises(FileFormatError, match="a light curve"):
        read_flux_points(tmp_path / "curve.ecsv")
    with pytest.raises(TypeError, match="unknown options: colums"):
        read_light_curve(tmp_path / "curve.ecsv", colums={})
