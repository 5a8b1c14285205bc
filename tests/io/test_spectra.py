"""Spectra and on/off maps in FITS files: Gammapy's, our own, and damaged ones."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.datasets import read_dataset, write_dataset
from gjax.io.region_maps import NO_REGION
from gjax.maps.region_geom import RegionGeom

FOLDER = Path(__file__).parents[1] / "reference" / "data" / "spectra"
RECORD = json.loads((FOLDER / "spectra.json").read_text())["written"]
CIRCLE = RegionGeom.circle(83.63, 22.01, 0.11)


@pytest.mark.parametrize("kind", RECORD)
def test_gammapy_file_opens_with_the_numbers_of_gammapy(kind):
    dataset, expected = read_dataset(FOLDER / f"{kind}.fits.gz"), RECORD[kind]
    assert dataset.name == expected["name"]
    np.testing.assert_allclose(dataset.energy.edges, expected["energy"], rtol=1e-13)
    np.testing.assert_allclose(dataset.energy_true.edges, expected["energy_true"], rtol=1e-13)
    for key in ("counts", "counts_off", "mask_safe"):
        if key in expected:
            assert getattr(dataset, key).sum((1, 2)).tolist() == expected[key]
    np.testing.assert_allclose(dataset.exposure.sum((1, 2)), expected["exposure"], rtol=1e-6)
    kernel = dataset.edisp.data[:, :, 0, 0]
    np.testing.assert_allclose(kernel.sum(1), expected["edisp_of_true"], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(kernel.sum(0), expected["edisp_of_reco"], rtol=1e-6, atol=1e-12)
    assert dataset.is_onoff == ("alpha" in expected)
    if dataset.is_onoff:
        # Without any off acceptance Gammapy's alpha is the largest of all numbers, ours zero.
        alpha = np.where(np.array(expected["alpha"]) < 1e300, expected["alpha"], 0.0)
        np.testing.assert_allclose(dataset.alpha.mean((1, 2)), alpha, rtol=1e-12)
        assert dataset.background is None
    if "time" in expected:
        assert dataset.gti.total == pytest.approx(expected["time"], rel=1e-12)
        start = dataset.gti.reference + dataset.gti.start[0] / 86400
        assert start == pytest.approx(expected["start_mjd_tt"], abs=1e-10)


def test_regions_of_on_and_off_counts_are_kept():
    dataset = read_dataset(FOLDER / "onoff.fits.gz")
    assert dataset.geom == dataset.edisp.geom == CIRCLE
    assert dataset.geom_off.shapes[0].values == (83.63, 22.01, 0.11)
    assert len(dataset.geom_off.shapes) == 3
    assert dataset.mask_fit.ravel().tolist() == [True, True, True, False, True]
    assert (dataset.obs_ids, dataset.telescope) == ((23523,), "HESS")


@pytest.mark.parametrize("kind", RECORD)
def test_round_trip_keeps_everything(kind, tmp_path):
    dataset = read_dataset(FOLDER / f"{kind}.fits.gz")
    dataset = dataclasses.replace(dataset, livetime=np.array(1499.5), instrument="CT5")
    write_dataset(dataset, tmp_path / "x.fits")
    again = read_dataset(tmp_path / "x.fits")
    for field in dataclasses.fields(dataset):
        ours, theirs = getattr(dataset, field.name), getattr(again, field.name)
        if isinstance(ours, np.ndarray):
            np.testing.assert_allclose(theirs, ours, rtol=1e-15, err_msg=field.name)
            assert theirs.dtype == ours.dtype
        elif field.name == "edisp":
            np.testing.assert_allclose(theirs.data, ours.data, rtol=1e-15)
            np.testing.assert_allclose(theirs.exposure, ours.exposure, rtol=1e-15)
            assert (theirs.geom, theirs.energy) == (ours.geom, ours.energy)
        elif field.name not in ("gti", "instrument"):
            assert theirs == ours, field.name


def test_layout_is_that_of_gammapy(tmp_path):
    write_dataset(read_dataset(FOLDER / "onoff.fits.gz"), tmp_path / "x.fits")
    with fits.open(FOLDER / "onoff.fits.gz") as theirs, fits.open(tmp_path / "x.fits") as ours:
        # Gammapy leaves the region of a background behind that is not there.
        assert {hdu.name for hdu in ours} == {hdu.name for hdu in theirs} - {"BACKGROUND_REGION"}
        for hdu in ours[1:]:
            other = theirs[hdu.name]
            assert hdu.columns.names == other.columns.names, hdu.name
            assert hdu.data.shape == other.data.shape
            for column in hdu.columns.names:
                assert hdu.data[column].shape == other.data[column].shape, (hdu.name, column)
            for key in ("AXCOLS1", "AXCOLS2", "INTERP1", "CTYPE1", "CDELT1"):
                assert hdu.header.get(key) == other.header.get(key), (hdu.name, key)


def test_spectrum_without_region_is_read_and_written(tmp_path):
    def strip(hdus):
        for name in [hdu.name for hdu in hdus if hdu.name.endswith("_REGION")]:
            del hdus[name]

    changed(tmp_path, "onoff", strip)
    dataset = read_dataset(tmp_path / "onoff.fits")
    assert dataset.geom == NO_REGION
    assert dataset.geom_off is None
    write_dataset(dataset, tmp_path / "again.fits")
    assert read_dataset(tmp_path / "again.fits").geom == NO_REGION


def changed(folder, kind, change):
    with fits.open(FOLDER / f"{kind}.fits.gz") as hdus:
        change(hdus)
        hdus.writeto(folder / f"{kind}.fits")


def _put(name, value, index=(1, 0, 0)):
    def change(hdus):
        data = hdus[name].data
        (data["DATA"] if hdus[name].is_image is False else data)[index] = value

    return change


def _drop(name):
    def change(hdus):
        del hdus[name]

    return change


def _short(hdus):
    hdus["COUNTS"].data = hdus["COUNTS"].data[:-1]


def _other_region(hdus):
    hdus["EXPOSURE_REGION"].data["X"] = 5.0


def _unknown_shape(hdus):
    hdus["COUNTS_REGION"].data["SHAPE"] = "pie"


@pytest.mark.parametrize(
    ("kind", "change", "hdu", "message"),
    [
        ("onoff", _put("ACCEPTANCE", -1.0), "ACCEPTANCE", r"acceptance is -1\.0"),
        ("onoff", _put("ACCEPTANCE_OFF", np.nan), "ACCEPTANCE_OFF", "acceptance is nan"),
        ("onoff", _drop("ACCEPTANCE_OFF"), "ACCEPTANCE_OFF", "missing"),
        ("onoff", _drop("COUNTS_BANDS"), "COUNTS_BANDS", "no such HDU"),
        ("onoff", _short, "COUNTS", "4 values"),
        ("onoff", _other_region, "EXPOSURE", "another one"),
        ("onoff", _unknown_shape, "COUNTS_REGION", "pie"),
        ("map_onoff", _drop("ACCEPTANCE"), "ACCEPTANCE", "missing"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_hdu(tmp_path, kind, change, hdu, message):
    changed(tmp_path, kind, change)
    with pytest.raises(FileFormatError, match=message) as caught:
        read_dataset(tmp_path / f"{kind}.fits")
    assert caught.value.path == str(tmp_path / f"{kind}.fits")
    assert caught.value.hdu == hdu


def test_acceptances_of_unsafe_bins_may_be_anything(tmp_path):
    # The first bin of this spectrum is not safe.
    changed(tmp_path, "onoff", _put("ACCEPTANCE_OFF", np.nan, (0, 0, 0)))
    dataset = read_dataset(tmp_path / "onoff.fits")
    assert dataset.acceptance_off.ravel()[0] == 0.0
    assert dataset.alpha.ravel()[0] == 0.0
