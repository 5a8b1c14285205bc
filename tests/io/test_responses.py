"""Responses of a dataset in files: what is refused, and what may be missing."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from gjax.dataset.response import RecoPSFMap
from gjax.errors import FileFormatError
from gjax.io.bands import axes_header, axes_to_hdu
from gjax.io.maps import open_fits
from gjax.io.responses import edisp_to_hdus, psf_to_hdus, read_edisp, read_psf
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import everywhere

PATH = Path(__file__).parents[1] / "reference" / "data" / "dataset_migra.fits.gz"


@pytest.fixture(scope="module")
def hdus():
    with open_fits(PATH) as hdus:
        yield hdus


def test_responses_survive_a_round_trip(hdus):
    psf, edisp = read_psf(hdus, PATH), read_edisp(hdus, PATH)
    again = fits.HDUList([fits.PrimaryHDU(), *psf_to_hdus(psf), *edisp_to_hdus(edisp)])
    np.testing.assert_allclose(read_psf(again, None).data, psf.data, rtol=1e-14)
    np.testing.assert_allclose(read_psf(again, None).exposure, psf.exposure, rtol=1e-14)
    np.testing.assert_allclose(read_edisp(again, None).data, edisp.data, rtol=1e-14)
    assert read_edisp(again, None).migra == edisp.migra


def test_without_exposure_all_weights_are_one(hdus):
    psf = fits.HDUList([hdu for hdu in hdus if not hdu.name.startswith("PSF_EXPOSURE")])
    assert np.all(read_psf(psf, PATH).exposure == 1.0)
    assert read_psf(fits.HDUList([hdus[0]]), PATH) is None
    assert read_edisp(fits.HDUList([hdus[0]]), PATH) is None


def test_axes_of_another_response_are_refused(hdus):
    swapped = fits.HDUList([hdus[0], hdus["EDISP"].copy(), hdus["EDISP_BANDS"]])
    swapped[1].name = "PSF"
    with pytest.raises(FileFormatError, match=r"rad.*migra"):
        read_psf(swapped, PATH)


def test_psf_in_reconstructed_energy_survives_a_round_trip(hdus):
    psf = read_psf(hdus, PATH)
    energy = MapAxis.from_energy_bounds(1.0, 10.0, len(psf.data))
    for exposure in (None, psf.exposure):
        reco = RecoPSFMap(psf.data, exposure, psf.geom, energy, psf.rad)
        again = read_psf(fits.HDUList([fits.PrimaryHDU(), *psf_to_hdus(reco)]), None)
        assert isinstance(again, RecoPSFMap)
        assert again.energy.is_allclose(energy)
        np.testing.assert_allclose(again.data, psf.data, rtol=1e-14)
        assert (again.exposure is None) == (exposure is None)


def _table(data, **header):
    column = fits.Column("DATA", "D", unit="deg-2", array=data)
    axis = MapAxis.from_energy_bounds(1.0, 10.0, 3, name="energy_true")
    rad = MapAxis.from_bounds(0.0, 0.5, 2, "rad", "deg")
    hdu = fits.BinTableHDU.from_columns([column], name="PSF")
    hdu.header.update(axes_header((axis, rad)), **header)
    return fits.HDUList([fits.PrimaryHDU(), hdu, axes_to_hdu((axis, rad), "PSF_BANDS")])


def test_table_without_a_region_holds_everywhere():
    psf = read_psf(_table(np.arange(6.0)), PATH)
    assert psf.data.shape == (3, 2, *everywhere().shape)
    expected = np.arange(6.0).reshape(3, 2) * np.degrees(1) ** 2  # per deg2 to per sr
    for i in range(2):
        np.testing.assert_allclose(psf.data[:, :, 0, i], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (_table(np.arange(5.0)), "5 values for axes of shape"),
        (_table(np.arange(6.0), BANDSHDU="NOTHING"), "NOTHING.*no such HDU"),
    ],
)
def test_table_that_does_not_fit_is_refused(table, problem):
    with pytest.raises(FileFormatError, match=problem):
        read_psf(table, PATH)
