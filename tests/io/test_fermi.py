"""Files of the Fermi science tools."""

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.fermi import read_fermi_events, read_fermi_psf

THETA = np.linspace(0.0, 2.0, 21)
ENERGY = np.array([1e4, 1e5, 1e6])


def _write(tmp_path, psf, drop=""):
    columns = [
        fits.Column("Energy", "D", array=ENERGY),
        fits.Column("Exposure", "D", array=[1e11, 2e11, 3e11]),
        fits.Column("Psf", f"{psf.shape[1]}D", array=psf),
    ]
    table = fits.BinTableHDU.from_columns([c for c in columns if c.name != drop], name="PSF")
    theta = fits.BinTableHDU.from_columns([fits.Column("Theta", "D", array=THETA)], name="THETA")
    path = tmp_path / "psf.fits"
    hdus = [fits.PrimaryHDU(), table] + ([] if drop == "THETA" else [theta])
    fits.HDUList(hdus).writeto(path)
    return path


def test_table_of_gtpsf(tmp_path):
    values = np.exp(-0.5 * (THETA / np.array([[0.5], [0.2], [0.1]])) ** 2)
    psf = read_fermi_psf(_write(tmp_path, values))
    np.testing.assert_allclose(psf.energy_true.center, ENERGY * 1e-6)
    np.testing.assert_allclose(psf.rad.center, THETA)
    for pixel in range(2):
        np.testing.assert_array_equal(psf.data[:, :, 0, pixel], values)
    np.testing.assert_array_equal(psf.exposure[:, 0, 0], [1e11, 2e11, 3e11])


@pytest.mark.parametrize(
    ("drop", "problem"), [("THETA", "the HDU is missing"), ("Exposure", "the column is missing")]
)
def test_what_is_missing_is_named(tmp_path, drop, problem):
    with pytest.raises(FileFormatError, match=problem):
        read_fermi_psf(_write(tmp_path, np.ones((3, 21)), drop))


def test_wrong_number_of_angles_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match=r"shape \(3, 20\), expected \(3, 21\)"):
        read_fermi_psf(_write(tmp_path, np.ones((3, 20))))


def test_event_list_of_gtselect(tmp_path):
    columns = [
        fits.Column("ENERGY", "E", unit="MeV", array=[1e4, 2.5e5]),
        fits.Column("RA", "E", unit="deg", array=[83.0, 84.0]),
        fits.Column("DEC", "E", unit="deg", array=[22.0, 21.0]),
        fits.Column("TIME", "D", unit="s", array=[10.0, 20.0]),
    ]
    span = [
        fits.Column("START", "D", unit="s", array=[5.0]),
        fits.Column("STOP", "D", unit="s", array=[25.0]),
    ]
    hdus = [fits.PrimaryHDU()]
    for name, table in (("EVENTS", columns), ("GTI", span)):
        hdu = fits.BinTableHDU.from_columns(table, name=name)
        hdu.header.update(MJDREFI=51910, MJDREFF=7.428703703703703e-4, TIMESYS="TT")
        hdus.append(hdu)
    path = tmp_path / "events.fits"
    fits.HDUList(hdus).writeto(path)
    events, gti = read_fermi_events(path)
    np.testing.assert_allclose(events.energy, [0.01, 0.25], rtol=1e-6)
    assert gti.total == 20.0
    assert events.reference == gti.reference
