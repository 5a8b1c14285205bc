"""Good time, live time and observations beside the maps of a dataset."""

from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.events.gti import GTI
from gjax.io.dataset_tables import (
    gti_from_hdus,
    gti_to_hdu,
    livetime_from_hdus,
    meta_from_hdus,
    meta_to_hdu,
)


def hdulist(*hdus):
    return fits.HDUList([fits.PrimaryHDU(), *hdus])


def test_good_time_survives_a_round_trip():
    gti = GTI([10.0, 700.0], [600.0, 1300.5], 53000.00074287037)
    again = gti_from_hdus(hdulist(gti_to_hdu(gti)), None)
    np.testing.assert_array_equal(again.start, gti.start)
    np.testing.assert_array_equal(again.stop, gti.stop)
    assert again.reference == pytest.approx(gti.reference, abs=1e-11)
    assert gti_from_hdus(hdulist(), None) is None


def test_no_interval_at_all_is_no_damage():
    assert gti_from_hdus(hdulist(gti_to_hdu(GTI([], []))), None).total == 0.0


def test_unknown_unit_of_time_is_named():
    hdu = gti_to_hdu(GTI([0.0], [1.0]))
    hdu.columns.change_unit("STOP", "blob")
    with pytest.raises(FileFormatError, match=r"x\.fits.*STOP.*blob"):
        gti_from_hdus(hdulist(hdu), "x.fits")


@pytest.mark.parametrize("obs_ids", [(), (7,), (7, 20131105240)])
def test_observations_survive_a_round_trip(obs_ids):
    source = SimpleNamespace(obs_ids=obs_ids, telescope="HESS", instrument="CT5")
    meta = meta_from_hdus(hdulist(meta_to_hdu(source)))
    assert meta.pop("obs_ids", ()) == obs_ids
    assert meta == {"telescope": "HESS", "instrument": "CT5"}


def test_livetime_is_that_of_the_exposure():
    def exposure(meta):
        hdu = fits.ImageHDU(np.ones((1, 1)), name="EXPOSURE")
        hdu.header["META"] = meta
        return hdulist(hdu)

    assert float(livetime_from_hdus(exposure('{"livetime": "0.5 h"}'))) == 1800.0
    for unusable in ("{}", "", "[]", '{"livetime": "3 m"}', '{"livetime": "long"}'):
        assert livetime_from_hdus(exposure(unusable)) is None
    assert livetime_from_hdus(hdulist()) is None
