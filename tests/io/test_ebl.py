"""Tables of absorption: those of the Gammapy data against Gammapy, and a user's own file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError, UnknownNameError
from gjax.io.ebl import EBL_TABLES, read_ebl, read_xspec_template
from gjax.model.spectral import PowerLaw

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "data" / "spectral_models.json").read_text()
)
NODES, LOW = np.array([0.0, 0.1, 0.2]), np.geomspace(1e8, 1e10, 5)


def write_table(path, *, rows=1, spectra=None, low=LOW):
    """Write a table in XSPEC's format with energies in keV, as users have them."""
    depth = NODES[:, None] * np.sqrt(low * 1e-9)
    spectra = np.exp(-depth).astype("f4") if spectra is None else spectra
    n, m = spectra.shape
    value = np.broadcast_to(NODES.astype("f4"), (rows, len(NODES)))
    columns = {
        "PARAMETERS": [
            fits.Column("NAME", "12A", array=["REDSHIFT"] * rows),
            fits.Column("VALUE", f"{len(NODES)}E", array=value),
        ],
        "ENERGIES": [
            fits.Column("ENERG_LO", "E", array=low),
            fits.Column("ENERG_HI", "E", array=low * 1.1),
        ],
        "SPECTRA": [
            fits.Column("PARAMVAL", "E", array=NODES[:n]),
            fits.Column("INTPSPEC", f"{m}E", array=spectra),
        ],
    }
    hdus = [fits.BinTableHDU.from_columns(c, name=name) for name, c in columns.items()]
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    return path


@pytest.mark.parametrize("case", REFERENCE["absorption"], ids=lambda case: case["table"])
def test_tables_are_those_of_gammapy(case, gammapy_data):
    model = read_ebl(case["table"], redshift=case["redshift"], alpha_norm=case["alpha_norm"])
    energy = np.array(case["energy"])
    np.testing.assert_allclose(model(energy), case["values"], rtol=1e-4, atol=1e-30)
    # The rest is Gammapy's: it takes the logarithm of energies (keV) in single precision.
    rounded = np.log(np.asarray(model.energy, "f4") * np.float32(1e9)).astype(float)
    model = dataclasses.replace(model, energy=np.exp(rounded - np.log(1e9)))
    np.testing.assert_allclose(model(energy), case["values"], rtol=1e-5, atol=1e-30)
    assert model.filename == EBL_TABLES[case["table"]]


def test_redshift_has_a_gradient(gammapy_data):
    table = read_ebl("dominguez", redshift=0.116)
    source = PowerLaw(index=2.5, amplitude=1e-11) * table

    def flux(redshift):
        model = PowerLaw(index=2.5, amplitude=1e-11) * type(table)(
            table.energy, table.redshifts, table.values, redshift=redshift
        )
        return model.integral(0.5, 5.0)

    flux = jax.jit(flux)
    numeric = (flux(0.1165) - flux(0.1155)) / 0.001
    assert float(flux(0.116)) == pytest.approx(float(source.integral(0.5, 5.0)), rel=1e-12)
    assert float(jax.grad(flux)(0.116)) == pytest.approx(float(numeric), rel=1e-5)


def test_a_file_of_the_user(tmp_path):
    model = read_ebl(write_table(tmp_path / "mine.fits"), redshift=0.15)
    energy = np.sqrt(1.1) * LOW[1:3] * 1e-9
    expected = np.exp(-0.15 * np.sqrt(LOW[1:3] * 1e-9))
    np.testing.assert_allclose(model(energy), expected, rtol=1e-6)
    assert np.asarray(model.redshifts).tolist() == [0.0, 0.1, 0.2], "not 0.10000000149"
    assert model.filename == str(tmp_path / "mine.fits")


def test_one_spectrum_of_a_table(tmp_path):
    path = write_table(tmp_path / "mine.fits")
    model = read_xspec_template(path, 0.12)
    np.testing.assert_allclose(model.values, np.exp(-0.1 * np.sqrt(LOW * 1e-9)), rtol=1e-6)
    with pytest.raises(ValueError, match=r"from 0 to 0\.2"):
        read_xspec_template(path, 0.3)


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(UnknownNameError, match="saldana-lopez21"):
        read_ebl("domingues")
    cases = {
        "one parameter": {"rows": 2},
        "shape": {"spectra": np.ones((2, 5), "f4")},
        "not negative": {"spectra": -np.ones((3, 5), "f4")},
        "increase": {"low": LOW[::-1]},
    }
    for i, (problem, change) in enumerate(cases.items()):
        path = write_table(tmp_path / f"{i}.fits", **change)
        with pytest.raises(FileFormatError, match=problem):
            read_ebl(path)
    fits.PrimaryHDU().writeto(tmp_path / "empty.fits")
    with pytest.raises(FileFormatError, match="PARAMETERS"):
        read_ebl(tmp_path / "empty.fits")
