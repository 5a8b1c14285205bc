"""Tables of light curves and phase curves."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

from gjax.errors import FileFormatError
from gjax.io.temporal import read_light_curve_template, read_phase_curve, write_temporal_table
from gjax.model.temporal import LightCurveTemplate, TemplatePhaseCurve

HEADER = {"MJDREFI": 58000, "MJDREFF": 0.5, "TIMESYS": "TT"}


def write(path, columns, **header):
    table = Table(columns)
    table.meta |= header
    table.write(path, overwrite=True)
    return path


def test_light_curve_of_the_data(gammapy_data):
    path = gammapy_data / "tests/models/light_curve/lightcrv_PKSB1222+216.fits"
    utc, tt = (read_light_curve_template(path, scale=scale) for scale in ("utc", "tt"))
    assert float(tt.t_ref) == 59000.5
    assert float(utc.t_ref) == pytest.approx(59000.5 - 69.184 / 86400, abs=1e-10)
    np.testing.assert_allclose(tt.time[:3], [0.0, 1.0, 36.0])
    time = 86400 * np.array([0.3, 100.0])
    np.testing.assert_allclose(utc(time, 59000.5), tt(time, 59000.5), rtol=1e-6)


def test_phase_curve_of_the_data(gammapy_data):
    path = gammapy_data / "tests/phasecurve_LSI_DC.fits"
    curve = read_phase_curve(path, f0=1e-6, normalize=False)
    assert float(curve.f0) == 1e-6
    assert curve.filename == str(path)
    np.testing.assert_allclose(curve.phase, np.arange(10) / 10 + 0.05)


@pytest.mark.parametrize(
    "model",
    [
        LightCurveTemplate([0.0, 1.5, 2.0], [1.0, 0.5, 0.7], t_ref=58000.123, scale="tai"),
        TemplatePhaseCurve([0.0, 0.5, 1.0], [1.0, 0.5, 1.0]),
    ],
    ids=["light curve", "phase curve"],
)
def test_what_is_written_is_read(model, tmp_path):
    path = tmp_path / "table.fits"
    write_temporal_table(path, model)
    with pytest.raises(FileExistsError):
        write_temporal_table(path, model)
    if isinstance(model, LightCurveTemplate):
        read = read_light_curve_template(path, scale="tai")
        assert float(read.t_ref) == 58000.123
        np.testing.assert_array_equal(read.time, model.time)
    else:
        read = read_phase_curve(path)
        np.testing.assert_array_equal(read.phase, model.phase)
    np.testing.assert_array_equal(read.norm, model.norm)


def test_unit_may_stand_in_the_header(tmp_path):
    columns = {"TIME": [0.0, 24.0], "NORM": [1.0, 2.0]}
    path = write(tmp_path / "a.fits", columns, TIMEUNIT="h", **HEADER)
    assert list(read_light_curve_template(path).time) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("columns", "header", "message"),
    [
        ({"TIME": [0.0, 1.0] * u.d, "FLUX": [1.0, 2.0]}, HEADER, "'NORM': there is no such column"),
        ({"TIME": [0.0, 1.0], "NORM": [1.0, 2.0]}, HEADER, "unit of the times"),
        ({"TIME": [0.0, 1.0] * u.d, "NORM": [1.0, 2.0]}, {}, "'MJDREFI': the reference time"),
        ({"TIME": [1.0, 0.0] * u.d, "NORM": [1.0, 2.0]}, HEADER, "time should increase"),
        ({"TIME": [0.0, 1.0] * u.m, "NORM": [1.0, 2.0]}, HEADER, "not convertible"),
        (
            {"TIME": [0.0, 1.0] * u.d, "NORM": [1.0, 2.0]},
            HEADER | {"TIMESYS": "moon"},
            "a.fits",
        ),
    ],
)
def test_tables_that_are_none(columns, header, message, tmp_path):
    path = write(tmp_path / "a.fits", columns, **header)
    with pytest.raises(FileFormatError, match=message):
        read_light_curve_template(path)


def test_files_that_are_no_tables(tmp_path):
    path = tmp_path / "a.fits"
    path.write_text("nothing")
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_phase_curve(path)
    with pytest.raises(FileNotFoundError):
        read_phase_curve(tmp_path / "b.fits")
    path = write(tmp_path / "c.fits", {"PHASE": [0.5, 2.0], "NORM": [1.0, 1.0]})
    with pytest.raises(FileFormatError, match="phases go from"):
        read_phase_curve(path)
