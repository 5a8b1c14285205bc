"""Damaged and incomplete files: one clear error each, never a raw one and never a hang."""

import gzip
import os

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gjax.errors import FileFormatError
from gjax.io.gadf import DataStore, write_data_store
from gjax.io.gadf.fits_file import FitsFile


@pytest.fixture(scope="session")
def pristine(observation, tmp_path_factory):
    """Bytes of the files of a store of one observation."""
    folder = write_data_store([observation], tmp_path_factory.mktemp("pristine"))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(pristine, tmp_path):
    """Copy that store afresh, to be damaged."""
    for name, content in pristine.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def edit(path, change):
    """Apply a change to the HDUs of a file."""
    with fits.open(path, memmap=False) as hdus:
        content = fits.HDUList([hdu.copy() for hdu in hdus])
    change(content)
    content.writeto(path, overwrite=True, output_verify="ignore")


def rename(hdu, column):
    """Take a column away."""
    hdu.columns.change_name(column, "NOTHING")


def drop_unit(hdu, column):
    hdu.columns.change_unit(column, "")


def reunit(hdu, column, unit):
    hdu.columns.change_unit(column, unit)


def put(hdu, column, index, value):
    hdu.data[column][index] = value


def delete(hdu, key):
    del hdu.header[key]


def keyword(hdu, key, value):
    hdu.header[key] = value


# What is done, to which HDU, and what the error names: HDU, column or keyword, and the problem.
DAMAGES = {
    "events column": (rename, "EVENTS", ("ENERGY",), "ENERGY", "column is missing"),
    "events unit": (drop_unit, "EVENTS", ("ENERGY",), "ENERGY", "unit is missing"),
    "events wrong unit": (reunit, "EVENTS", ("RA", "TeV"), "RA", "cannot be converted"),
    "events unknown unit": (reunit, "EVENTS", ("DEC", "blob"), "DEC", "cannot be converted"),
    "events NaN": (put, "EVENTS", ("ENERGY", 3, np.nan), "ENERGY", "event 3 has nan"),
    "events epoch": (delete, "EVENTS", ("MJDREFI",), "MJDREFI", "missing"),
    "events time scale": (keyword, "EVENTS", ("TIMESYS", "LST"), "TIMESYS", "scale"),
    "pointing": (delete, "EVENTS", ("RA_PNT",), "RA_PNT", "missing"),
    "pointing text": (keyword, "EVENTS", ("DEC_PNT", "north"), "DEC_PNT", "not a number"),
    "pointing pole": (keyword, "EVENTS", ("DEC_PNT", 95.0), "RA_PNT", "within"),
    "dead time": (keyword, "EVENTS", ("DEADC", 1.7), "DEADC", "from 0 to 1"),
    "gti negative": (put, "GTI", ("STOP", 1, 0.0), "STOP", "interval 1 ends before"),
    "gti NaN": (put, "GTI", ("START", 0, np.nan), "START", "NaN"),
    "gti column": (rename, "GTI", ("STOP",), "STOP", "column is missing"),
    "aeff column": (rename, "EFFECTIVE AREA", ("EFFAREA",), "EFFAREA", "column is missing"),
    "aeff unit": (drop_unit, "EFFECTIVE AREA", ("EFFAREA",), "EFFAREA", "unit is missing"),
    "aeff energy unit": (drop_unit, "EFFECTIVE AREA", ("ENERG_LO",), "ENERG_LO", "unit is missing"),
    "aeff NaN axis": (
        put,
        "EFFECTIVE AREA",
        ("THETA_HI", (0, 0), np.nan),
        "THETA_LO",
        "axis contains NaN",
    ),
    "aeff reversed axis": (
        put,
        "EFFECTIVE AREA",
        ("ENERG_LO", (0, 2), 1e-3),
        "ENERG_LO",
        "do not increase",
    ),
    "aeff class": (
        keyword,
        "EFFECTIVE AREA",
        ("HDUCLAS4", "EDISP_2D"),
        "HDUCLAS4",
        "expected 'aeff_2d'",
    ),
    "threshold": (keyword, "EFFECTIVE AREA", ("LO_THRES", "low"), "LO_THRES", "not a number"),
    "edisp gap": (put, "ENERGY DISPERSION", ("MIGRA_HI", (0, 2), 9.0), "MIGRA_LO", "overlap"),
    "edisp axis": (rename, "ENERGY DISPERSION", ("THETA_LO",), "THETA_LO", "column is missing"),
    "psf unit": (reunit, "PSF_2D_TABLE", ("RPSF", "m"), "RPSF", "cannot be converted"),
    "bkg unit": (reunit, "BACKGROUND", ("BKG", "s-1"), "BKG", "cannot be converted"),
    "bkg column": (rename, "BACKGROUND", ("BKG",), "BKG", "column is missing"),
    "bkg energy": (put, "BACKGROUND", ("ENERG_LO", (0, 0), 0.0), "ENERG_LO", "positive"),
    "bkg alignment": (keyword, "BACKGROUND", ("FOVALIGN", "UP"), "FOVALIGN", "expected one of"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named(folder, name):
    change, hdu, arguments, column, problem = DAMAGES[name]
    path = folder / "obs_000042.fits"
    edit(path, lambda hdus: change(hdus[hdu], *arguments))
    with pytest.raises(FileFormatError, match=problem) as raised:
        DataStore(folder).observations()
    assert raised.value.path == str(path)
    assert raised.value.hdu == hdu
    assert raised.value.column == column
    for part in (str(path), hdu, column):
        assert part in str(raised.value)


def test_missing_hdu(folder):
    path = folder / "obs_000042.fits"
    edit(path, lambda hdus: hdus.pop(3))
    with pytest.raises(FileFormatError, match="no such HDU, only PRIMARY, EVENTS") as raised:
        DataStore(folder).observation(42)
    assert raised.value.hdu == "EFFECTIVE AREA"


def test_wrong_shape(folder):
    path = folder / "obs_000042.fits"

    def narrow(hdus):
        aeff = hdus["EFFECTIVE AREA"]
        columns = [c for c in aeff.columns if not c.name.startswith("THETA")]
        theta = [("THETA_LO", [0.0, 1.0, 2.0]), ("THETA_HI", [1.0, 2.0, 3.0])]
        columns += [fits.Column(n, "3D", unit="deg", array=np.array([v])) for n, v in theta]
        hdus["EFFECTIVE AREA"] = fits.BinTableHDU.from_columns(columns, header=aeff.header)

    edit(path, narrow)
    with pytest.raises(FileFormatError, match=r"\(5, 2\).*\(5, 3\)") as raised:
        DataStore(folder).observation(42)
    assert raised.value.column == "EFFAREA"


def test_missing_file(folder):
    (folder / "obs_000042.fits").unlink()
    with pytest.raises(FileNotFoundError, match="obs_000042"):
        DataStore(folder).observation(42)


def test_no_row(folder):
    def empty(hdus):
        hdus["GTI"] = fits.BinTableHDU(hdus["GTI"].data[:0], hdus["GTI"].header)

    edit(folder / "obs_000042.fits", empty)
    with pytest.raises(FileFormatError, match="no good time"):
        DataStore(folder).observation(42)


def test_image_instead_of_a_table(folder):
    def replace(hdus):
        hdus["GTI"] = fits.ImageHDU(np.zeros(3), name="GTI")

    edit(folder / "obs_000042.fits", replace)
    with pytest.raises(FileFormatError, match="no binary table"):
        DataStore(folder).observation(42)


def test_index_without_a_column(folder):
    edit(folder / "hdu-index.fits.gz", lambda hdus: rename(hdus[1], "HDU_CLASS"))
    with pytest.raises(FileFormatError, match="HDU_CLASS"):
        DataStore(folder)


def test_unsupported_class(folder):
    def change(hdus):
        hdus[1].data["HDU_CLASS"][2] = "aeff_9d"

    edit(folder / "hdu-index.fits.gz", change)
    with pytest.raises(FileFormatError, match="'aeff_9d' are not supported"):
        DataStore(folder).observation(42)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8bhello"])
def test_no_fits_file(tmp_path, content):
    path = tmp_path / "a.fits"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"not a FITS|damaged"):
        FitsFile(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_every_truncation_is_noticed(pristine, folder, compressed):
    """Astropy reads such files with a warning, or silently without their last HDUs."""
    content = pristine["obs_000042.fits"]
    path = folder / "obs_000042.fits"
    data_end = len(content.rstrip(b"\0"))
    sizes = {*range(1, data_end, 1447), *range(2880, data_end, 5760), data_end - 1}
    for size in sorted(sizes):
        cut = content[:size]
        path.write_bytes(gzip.compress(cut, 1) if compressed else cut)
        with pytest.raises(FileFormatError) as raised:
            DataStore(folder).observation(42)
        assert raised.value.path == str(path)


def test_truncated_compression(pristine, tmp_path):
    path = tmp_path / "cut.fits.gz"
    whole = gzip.compress(pristine["obs_000042.fits"], 1)
    for size in (3, 50, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FileFormatError, match="truncated or damaged"):
            FitsFile(path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_other_damage_gives_this_error_or_none(pristine, tmp_path, data):
    content = bytearray(pristine["obs_000042.fits"])
    if data.draw(st.booleans(), "truncate"):
        del content[data.draw(st.integers(0, len(content) - 1), "size") :]
    # Headers are where bytes matter most, and they hold only one in ten: aim at them.
    headers = [i for i in range(0, len(content), 80) if content[i : i + 8].strip().isalnum()]
    for _ in range(data.draw(st.integers(1, 6), "number")):
        if not content:
            break
        if headers and data.draw(st.booleans(), "in a header"):
            position = data.draw(st.sampled_from(headers)) + data.draw(st.integers(0, 79))
        else:
            position = data.draw(st.integers(0, len(content) - 1))
        content[min(position, len(content) - 1)] = data.draw(st.integers(0, 255), "byte")
    for name, original in pristine.items():
        (tmp_path / name).write_bytes(original)
    (tmp_path / "obs_000042.fits").write_bytes(content)
    try:
        observation = DataStore(tmp_path).observation(42)
    except FileFormatError as error:
        raised = error
    else:
        assert observation.obs_id == 42
        return
    assert raised.path == str(tmp_path / "obs_000042.fits")


class TestRealData:
    @pytest.fixture
    def hess(self, gammapy_data, tmp_path):
        """Make a store with a copy of one H.E.S.S. observation, unpacked."""
        name = "hess_dl3_dr1_obs_id_023523.fits.gz"
        (tmp_path / "data").mkdir()
        content = gzip.decompress((gammapy_data / "hess-dl3-dr1/data" / name).read_bytes())
        (tmp_path / "data" / name).write_bytes(content)
        index = gammapy_data / "hess-dl3-dr1/hdu-index.fits.gz"
        (tmp_path / index.name).write_bytes(index.read_bytes())
        return tmp_path, tmp_path / "data" / name

    def test_untouched(self, hess):
        assert len(DataStore(hess[0]).observation(23523).events) > 0

    @pytest.mark.parametrize("part", [0.01, 0.5, 0.999])
    def test_truncated(self, hess, part):
        folder, path = hess
        os.truncate(path, int(part * path.stat().st_size))
        with pytest.raises(FileFormatError, match="truncated"):
            DataStore(folder).observation(23523)

    @pytest.mark.parametrize(
        ("change", "hdu", "arguments", "column"),
        [
            (rename, "BKG", ("BKG",), "BKG"),
            (drop_unit, "AEFF", ("ENERG_LO",), "ENERG_LO"),
            (put, "PSF", ("RAD_LO", (0, 5), np.nan), "RAD_LO"),
        ],
    )
    def test_named(self, hess, change, hdu, arguments, column):
        folder, path = hess
        edit(path, lambda hdus: change(hdus[hdu], *arguments))
        with pytest.raises(FileFormatError) as raised:
            DataStore(folder).observation(23523)
        assert (raised.value.hdu, raised.value.column) == (hdu, column)
