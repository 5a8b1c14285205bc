"""Datasets in files: Gammapy's, our own, and damaged ones."""

import dataclasses
import gzip
import json
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time

from gjax.dataset.response import EDispKernelMap, EDispMap
from gjax.errors import FileFormatError
from gjax.io.datasets import read_dataset, write_dataset

FOLDER = Path(__file__).parents[1] / "reference" / "data"
KINDS = {"migra": EDispMap, "kernel": EDispKernelMap}


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def path(kind):
    """Name a dataset written by Gammapy."""
    return FOLDER / f"dataset_{kind}.fits.gz"


@pytest.fixture(scope="module")
def dataset(path):
    return read_dataset(path)


def test_gammapy_file_opens_with_the_numbers_of_gammapy(dataset, kind):
    info = json.loads((FOLDER / f"dataset_{kind}.json").read_text())
    assert dataset.name == f"analytic-{kind}"
    assert dataset.shape == (4, 20, 24)
    assert dataset.counts.sum() == info["counts"]
    assert float(dataset.livetime) == info["livetime"]
    assert dataset.gti.total == pytest.approx(info["livetime"])
    # The background alone, scaled and tilted, is one of Gammapy's predictions.
    (model,) = info["cases"]["background"]["models"]
    norm, tilt = (model["parameters"][key][0] for key in ("norm", "tilt"))
    factor = norm * dataset.energy.center**-tilt
    npred = dataset.background * factor[:, None, None]
    assert npred.sum() == pytest.approx(info["cases"]["background"]["npred"], rel=1e-12)
    expected = info["cases"]["background"]["npred_in_mask"]
    assert npred[dataset.mask].sum() == pytest.approx(expected, rel=1e-12)


def test_units_become_internal(dataset):
    # 2e5 m2 E^0.3 exp(-(offset / 1.5)^2) for an hour, in cm2 s.
    offset = dataset.geom.separation(83.63, 22.31)
    energy = dataset.energy_true.center[:, None, None]
    expected = 2e9 * 3600 * energy**0.3 * np.exp(-((offset / 1.5) ** 2))
    np.testing.assert_allclose(dataset.exposure, expected, rtol=1e-9)
    rad = dataset.psf.rad
    ring = 2 * np.pi * np.deg2rad(rad.center) * np.deg2rad(rad.bin_width)
    np.testing.assert_allclose(np.einsum("eryx,r->eyx", dataset.psf.data, ring), 1.0, rtol=1e-9)


def test_energy_dispersion_is_of_its_kind(dataset, kind):
    assert type(dataset.edisp) is KINDS[kind]
    if kind == "migra":
        total = np.einsum("emyx,m->eyx", dataset.edisp.data, dataset.edisp.migra.bin_width)
        np.testing.assert_allclose(total, 1.0, rtol=1e-9)
    else:
        assert dataset.edisp.energy.is_allclose(dataset.energy)


def test_time_is_the_same_instant_in_another_scale(dataset):
    # Gammapy counts from an epoch in UTC.
    start = Time(dataset.gti.reference, format="mjd", scale="tt") + dataset.gti.start[0] * u.s
    assert abs((start - Time("2020-01-01", scale="utc")).to_value("s")) < 1e-5


def _assert_equal(one, other):
    for field in dataclasses.fields(one):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(ours) and not field.metadata.get("static", False):
            _assert_equal(ours, theirs)
        elif isinstance(ours, np.ndarray):
            np.testing.assert_allclose(theirs, ours, rtol=1e-14, err_msg=field.name)
        else:
            assert ours == theirs, field.name


@pytest.mark.parametrize("suffix", [".fits", ".fits.gz"])
def test_round_trip_keeps_everything(dataset, tmp_path, suffix):
    full = dataclasses.replace(
        dataset, obs_ids=(5, 7), telescope="HESS", instrument="CT5", name="a b/c"
    )
    write_dataset(full, tmp_path / f"x{suffix}")
    again = read_dataset(tmp_path / f"x{suffix}")
    _assert_equal(full, again)
    assert again.mask_safe.dtype == bool


def test_layout_is_that_of_gammapy(dataset, path, tmp_path):
    write_dataset(dataclasses.replace(dataset, obs_ids=(1, 2)), tmp_path / "x.fits")
    with fits.open(path) as theirs, fits.open(tmp_path / "x.fits") as ours:
        assert [hdu.name for hdu in ours] == [*(hdu.name for hdu in theirs), "META_TABLE"]
        for hdu in theirs[1:]:
            if hdu.is_image:
                assert ours[hdu.name].shape == hdu.shape
                for key in ("BUNIT", "BANDSHDU", "WCSSHAPE", "AXCOLS1", "CTYPE1", "CRVAL2"):
                    assert ours[hdu.name].header.get(key, "") == hdu.header.get(key, ""), hdu.name
                np.testing.assert_allclose(ours[hdu.name].data, hdu.data, rtol=1e-9)
            elif hdu.name.endswith("_BANDS"):
                assert ours[hdu.name].columns.names == hdu.columns.names
        assert json.loads(ours["EXPOSURE"].header["META"]) == {"livetime": "3600.0 s"}
        assert ours["META_TABLE"].data["OBS_ID"].tolist() == [[1, 2]]


def test_parts_may_be_missing(dataset, tmp_path):
    bare = dataclasses.replace(
        dataset, exposure=None, psf=None, edisp=None, gti=None, mask_fit=None, livetime=None
    )
    write_dataset(bare, tmp_path / "x.fits")
    again = read_dataset(tmp_path / "x.fits", name="other")
    assert again.name == "other"
    assert again.psf is again.edisp is again.gti is again.exposure is again.livetime is None
    assert again.energy_true.name == "energy_true"
    with fits.open(tmp_path / "x.fits") as hdus:
        del hdus[0].header["NAME"]
        hdus.writeto(tmp_path / "crab.fits.gz")
    assert read_dataset(tmp_path / "crab.fits.gz").name == "crab"


def test_psf_per_square_degree_is_converted(dataset, path, tmp_path):
    with fits.open(path) as hdus:
        hdus["PSF"].data = hdus["PSF"].data * (np.pi / 180) ** 2
        hdus["PSF"].header["BUNIT"] = "deg-2"
        hdus.writeto(tmp_path / "x.fits")
    again = read_dataset(tmp_path / "x.fits")
    np.testing.assert_allclose(again.psf.data, dataset.psf.data, rtol=1e-9)


def test_existing_file_is_kept(dataset, tmp_path):
    target = tmp_path / "x.fits"
    target.write_text("precious")
    with pytest.raises(FileExistsError):
        write_dataset(dataset, target)
    assert target.read_text() == "precious"
    write_dataset(dataset, target, overwrite=True)
    assert read_dataset(target).name == dataset.name


def _remove(name):
    def change(hdus):
        del hdus[name]

    return change


def _other_axis(hdus):
    hdus["BACKGROUND"].header["BANDSHDU"] = "EXPOSURE_BANDS"
    hdus["BACKGROUND"].data = np.ones((6, 20, 24))


def _other_geometry(hdus):
    hdus["MASK_SAFE"].header["CRVAL1"] = 80.0


def _no_stop(hdus):
    hdus["GTI"] = fits.BinTableHDU.from_columns(hdus["GTI"].columns[:1], name="GTI")


def _negative_time(hdus):
    hdus["GTI"].data["STOP"] = hdus["GTI"].data["START"] - 5.0


def _on_off(hdus):
    hdus.append(fits.ImageHDU(np.ones((4, 20, 24)), name="COUNTS_OFF"))


def _two_backgrounds(hdus):
    for name in ("COUNTS_OFF", "ACCEPTANCE", "ACCEPTANCE_OFF"):
        hdus.append(fits.ImageHDU(np.ones((4, 20, 24)), name=name))


def _reco_psf(hdus):
    """Give the PSF an axis of reconstructed energy: the same axis by another name."""
    table = hdus["PSF_BANDS"]
    for old, new in (
        ("ENERGY_TRUE", "ENERGY"),
        ("ENERGY_TRUE_MIN", "E_MIN"),
        ("ENERGY_TRUE_MAX", "E_MAX"),
    ):
        table.columns.change_name(old, new)
    for hdu in (table, hdus["PSF"]):
        hdu.header["AXCOLS2"] = "E_MIN,E_MAX"


@pytest.mark.parametrize(
    ("change", "hdu", "message"),
    [
        (_remove("COUNTS_BANDS"), "COUNTS_BANDS", "no such HDU"),
        (_other_axis, "BACKGROUND", "expected the axes"),
        (_other_geometry, "MASK_SAFE", "another one"),
        (_no_stop, "GTI", "missing"),
        (_negative_time, "GTI", "ends before it begins"),
        (_on_off, "ACCEPTANCE", "missing"),
        (_two_backgrounds, "BACKGROUND", "only one"),
        (_reco_psf, "PSF", "energy axis is another one"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_hdu(tmp_path, change, hdu, message):
    target = tmp_path / "broken.fits"
    with fits.open(FOLDER / "dataset_migra.fits.gz") as hdus:
        change(hdus)
        hdus.writeto(target)
    with pytest.raises(FileFormatError, match=message) as caught:
        read_dataset(target)
    assert caught.value.path == str(target)
    assert caught.value.hdu == hdu


def test_other_files_are_refused(path, tmp_path):
    with pytest.raises(FileNotFoundError):
        read_dataset(tmp_path / "nothing.fits")
    # Wherever a file is cut off, no part of it may pass for the whole.
    compressed, plain = path.read_bytes(), gzip.decompress(path.read_bytes())
    for suffix, content in ((".fits.gz", compressed), (".fits", plain)):
        cut = tmp_path / f"cut{suffix}"
        for part in (0.02, 0.3, 0.6, 0.9, 0.98):
            cut.write_bytes(content[: int(part * len(content))])
            with pytest.raises(FileFormatError, match=r"cut\.fits"):
                read_dataset(cut)
    empty = tmp_path / "empty.fits"
    fits.PrimaryHDU().writeto(empty)
    with pytest.raises(FileFormatError, match="not a dataset"):
        read_dataset(empty)
