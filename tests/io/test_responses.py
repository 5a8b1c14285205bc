"""Responses of a dataset in files: what is refused, and what may be missing."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.maps import open_fits
from gjax.io.responses import edisp_to_hdus, psf_to_hdus, read_edisp, read_psf

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
