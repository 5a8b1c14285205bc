"""Damaged spectra: one clear error that names the file, never one of numpy or astropy."""

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.datasets import read_dataset
from gjax.io.ogip import read_ogip, write_ogip

FOLDER = Path(__file__).parents[1] / "reference" / "data" / "spectra"
PHA, ARF, RMF, BKG = "x.fits", "x_arf.fits", "x_rmf.fits", "x_bkg.fits"


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    """Bytes of the files of a spectrum."""
    folder = tmp_path_factory.mktemp("pristine")
    dataset = read_dataset(FOLDER / "onoff.fits.gz")
    write_ogip(dataclasses.replace(dataset, livetime=np.array(1500.0)), folder / PHA)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(pristine, tmp_path):
    for name, content in pristine.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def edit(path, hdu, change, *arguments):
    """Apply a change to a HDU of a file."""
    with fits.open(path, mode="update", memmap=False, output_verify="ignore") as hdus:
        found = change(hdus[hdu], *arguments)
        if found is not None:
            hdus[hdu] = found


def rename(hdu, column):
    hdu.columns.change_name(column, "NOTHING")


def reunit(hdu, column, unit):
    hdu.columns.change_unit(column, unit)


def put(hdu, column, index, value):
    hdu.data[column][index] = value


def delete(hdu, key):
    del hdu.header[key]


def keyword(hdu, key, value):
    hdu.header[key] = value


def shorten(hdu):
    return fits.BinTableHDU(hdu.data[:-1], hdu.header)


def name(hdu, text):
    hdu.name = text


def wide(hdu, column):
    """Make a column one of two numbers in each row: a table of two spectra."""
    columns = []
    for old in hdu.columns:
        values = np.array(hdu.data[old.name])
        if old.name == column:
            columns.append(fits.Column(column, "2D", array=np.stack([values, values], axis=1)))
        else:
            columns.append(fits.Column(old.name, old.format, array=values))
    return fits.BinTableHDU.from_columns(columns, hdu.header)


# What is done to which HDU of which file, and what the error says.
DAMAGES = {
    "no counts": (PHA, "SPECTRUM", rename, ("COUNTS",), "COUNTS.*missing"),
    "no channels": (PHA, "SPECTRUM", rename, ("CHANNEL",), "CHANNEL.*missing"),
    "channels jump": (PHA, "SPECTRUM", put, ("CHANNEL", 2, 9), "not consecutive"),
    "negative counts": (PHA, "SPECTRUM", put, ("COUNTS", 1, -3), r"row 1 has -3\.0 counts"),
    "no live time": (PHA, "SPECTRUM", delete, ("EXPOSURE",), "live time is None"),
    "negative live time": (PHA, "SPECTRUM", keyword, ("EXPOSURE", -5.0), r"live time is -5\.0"),
    "live time text": (PHA, "SPECTRUM", keyword, ("EXPOSURE", "long"), "not a number"),
    "negative alpha": (PHA, "SPECTRUM", put, ("BACKSCAL", 0, -1.0), r"channel 0 has -1\.0"),
    "alpha NaN": (PHA, "SPECTRUM", put, ("BACKSCAL", 3, np.nan), "channel 3 has nan"),
    "net counts": (PHA, "SPECTRUM", keyword, ("HDUCLAS2", "NET"), "subtracted"),
    "type II": (PHA, "SPECTRUM", wide, ("COUNTS",), "type II"),
    "spectrum gone": (PHA, "SPECTRUM", name, ("SPEC",), "no such HDU"),
    "one channel less": (PHA, "SPECTRUM", shorten, (), "EBOUNDS.*5 bins for 4 channels"),
    "energies shifted": (PHA, "EBOUNDS", put, ("E_MIN", 1, 1.4), "do not touch"),
    "negative energy": (PHA, "EBOUNDS", put, ("E_MIN", 0, -1.0), "negative"),
    "energy NaN": (PHA, "EBOUNDS", put, ("E_MAX", 4, np.nan), "not finite"),
    "energy in m2": (PHA, "EBOUNDS", reunit, ("E_MIN", "m2"), "cannot be converted"),
    "another range": (PHA, "EBOUNDS", put, ("E_MAX", 4, 70.0), "others than in"),
    "region": (PHA, "REGION", put, ("SHAPE", 0, "pie"), "REGION.*'pie'"),
    "good time": (PHA, "GTI", put, ("STOP", 0, -9e9), "GTI.*ends before"),
    "no RMF": (PHA, "SPECTRUM", keyword, ("RESPFILE", "no.rmf"), "RESPFILE.*'no.rmf'.*not there"),
    "no ARF": (PHA, "SPECTRUM", keyword, ("ANCRFILE", "no.arf"), "ANCRFILE.*'no.arf'.*not there"),
    "no BKG": (PHA, "SPECTRUM", keyword, ("BACKFILE", "no.bkg"), "BACKFILE.*'no.bkg'.*not there"),
    "ARF not named": (PHA, "SPECTRUM", delete, ("ANCRFILE",), "ANCRFILE.*no effective area"),
    "area column": (ARF, "SPECRESP", rename, ("SPECRESP",), "SPECRESP.*missing"),
    "area unit": (ARF, "SPECRESP", reunit, ("SPECRESP", "blob"), "'blob' cannot be converted"),
    "area NaN": (ARF, "SPECRESP", put, ("SPECRESP", 2, np.nan), "area of row 2 is nan"),
    "area negative": (ARF, "SPECRESP", put, ("SPECRESP", 2, -1.0), "area of row 2 is -"),
    "another grid": (ARF, "SPECRESP", shorten, (), "7 bins.*energies of ARF and RMF differ"),
    "shifted grid": (ARF, "SPECRESP", put, ("ENERG_HI", 7, 90.0), "energies of ARF and RMF"),
    "matrix gone": (RMF, "MATRIX", name, ("RESP",), "no such HDU"),
    "matrix column": (RMF, "MATRIX", rename, ("N_CHAN",), "N_CHAN.*missing"),
    "first channels": (RMF, "MATRIX", rename, ("F_CHAN",), "F_CHAN.*missing"),
    "channel offset": (RMF, "MATRIX", keyword, ("TLMIN4", 3), "row 0 reaches beyond"),
    "groups": (RMF, "MATRIX", put, ("N_GRP", 3, 4), "row 3 has 4 groups"),
    "negative groups": (RMF, "MATRIX", put, ("N_GRP", 3, -1), "row 3 has -1 groups"),
    "run too long": (RMF, "MATRIX", put, ("N_CHAN", 4, np.array([9], np.int16)), "row 4"),
    "ebounds gone": (RMF, "EBOUNDS", name, ("BOUNDS",), "no such HDU"),
    "ebounds short": (RMF, "EBOUNDS", shorten, (), "F_CHAN.*row 5 reaches beyond the 4 channels"),
    "off counts": (BKG, "SPECTRUM", rename, ("COUNTS",), "COUNTS.*missing"),
    "off negative": (BKG, "SPECTRUM", put, ("BACKSCAL", 1, -2.0), r"channel 1 has -2\.0"),
    "off energies": (BKG, "EBOUNDS", put, ("E_MAX", 4, 80.0), "others than in"),
}


def read_or_error(folder, filename=PHA):
    """Read a spectrum; any error but the one of gjax goes through."""
    try:
        return read_ogip(folder / filename)
    except FileFormatError as error:
        return error


def test_pristine_files_open(folder):
    assert read_ogip(folder / PHA).is_onoff


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(folder, damage):
    filename, hdu, change, arguments, message = DAMAGES[damage]
    edit(folder / filename, hdu, change, *arguments)
    with pytest.raises(FileFormatError, match=message) as caught:
        read_ogip(folder / PHA)
    # The ends of two axes differ: which of the files is wrong cannot be known.
    blamed = {Path(caught.value.path).name} | {n for n in (PHA, RMF) if n in str(caught.value)}
    assert filename in blamed


def test_missing_spectrum(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_ogip(tmp_path / "nothing.fits")


@pytest.mark.parametrize("given", ["arf", "rmf", "bkg"])
def test_missing_file_that_was_given(folder, given):
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_ogip(folder / PHA, **{given: folder / "nothing.fits"})


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.45, 0.6, 0.9])
@pytest.mark.parametrize("filename", [PHA, ARF, RMF, BKG])
def test_truncated_files_are_named(folder, pristine, filename, part):
    content = pristine[filename][: int(part * len(pristine[filename]))]
    (folder / filename).write_bytes(content)
    found = read_or_error(folder)
    if isinstance(found, FileFormatError):
        assert Path(found.path).name == filename
    else:
        # Only padding behind complete data was lost, if it was no more than that of one block.
        expected = read_or_error(FOLDER, "onoff_ogip.fits.gz")
        np.testing.assert_array_equal(found.counts, expected.counts)
        np.testing.assert_allclose(found.exposure, expected.exposure)
    compressed = gzip.compress(pristine[filename])
    (folder / filename).write_bytes(compressed[: int(part * len(compressed))])
    assert isinstance(read_or_error(folder), FileFormatError)


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_never_raise_another_error(folder, pristine, seed):
    """Where the file still makes sense it may open, but nothing else may happen."""
    rng = np.random.default_rng(seed)
    filename = (PHA, ARF, RMF, BKG)[seed % 4]
    content = bytearray(pristine[filename])
    # Half of the flips go where the bytes mean something: into a header or the first data.
    used = np.flatnonzero(np.frombuffer(bytes(content), np.uint8) != ord(" "))
    for place in rng.choice(used, size=rng.integers(1, 12)):
        content[place] ^= 1 << int(rng.integers(8))
    (folder / filename).write_bytes(bytes(content))
    found = read_or_error(folder)
    if isinstance(found, FileFormatError):
        assert Path(found.path).name in pristine
    else:
        assert np.isfinite(found.exposure).all()
        assert np.all(found.counts >= 0)
        assert found.edisp is None or np.isfinite(found.edisp.data).all()
