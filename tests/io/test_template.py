"""Tables of spectra in text, ECSV and FITS files."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

from gjax.errors import FileFormatError
from gjax.io.template import read_fermi_isotropic, read_template

ENERGY = np.array([1e5, 1e6, 1e7])
VALUES = np.array([1e-12, 1e-14, 1e-17])


def test_text_is_in_mev(tmp_path):
    path = tmp_path / "table.txt"
    np.savetxt(path, np.stack([ENERGY, VALUES, VALUES], axis=1), header="MeV ...")
    model = read_template(path)
    np.testing.assert_allclose(model.energy, [0.1, 1.0, 10.0], rtol=1e-14)
    np.testing.assert_allclose(model.values, VALUES * 1e6, rtol=1e-14)
    other = read_template(path, energy_unit="GeV", values_unit="", interp="lin")
    np.testing.assert_allclose(other.energy, ENERGY * 1e-3, rtol=1e-14)
    np.testing.assert_allclose(other.values, VALUES)


@pytest.mark.parametrize("name", ["table.ecsv", "table.fits"])
def test_units_are_read(tmp_path, name):
    table = Table([ENERGY * u.keV, VALUES * u.Unit("m-2 s-1 GeV-1")], names=("e", "f"))
    table.write(tmp_path / name)
    model = read_template(tmp_path / name)
    np.testing.assert_allclose(model.energy, ENERGY * 1e-9, rtol=1e-14)
    np.testing.assert_allclose(model.values, VALUES * 0.1, rtol=1e-14)


def test_what_is_wrong_is_named(tmp_path):
    path = tmp_path / "table.txt"
    for text, problem in (("1 2\n0 3\n", "increase"), ("1\n2\n", "two columns"), ("a b", "table")):
        path.write_text(text)
        with pytest.raises(FileFormatError, match=problem):
            read_template(path)
    with pytest.raises(FileNotFoundError):
        read_template(tmp_path / "none.fits")


def test_isotropic_spectrum_of_fermi(gammapy_data):
    path = gammapy_data / "fermi_3fhl" / "iso_P8R2_SOURCE_V6_v06.txt"
    source = read_fermi_isotropic(path, datasets_names="lat")
    numbers = np.loadtxt(path)
    found = source.spectral(numbers[:, 0] * 1e-6)
    np.testing.assert_allclose(found, numbers[:, 1] * 1e6, rtol=1e-12)
    assert source.datasets_names == ("lat",)
    assert float(source.spatial(1.0, 2.0)) == 1.0
