"""The redshift of a blazar from its absorption: real and simulated data, against Gammapy."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from gjax.infer import fit
from gjax.io import read_ebl, read_ogip
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "data" / "ebl.json").read_text())
SOURCE = {"index": "first", "amplitude": "first", "redshift": "second"}


@pytest.fixture
def measured(gammapy_data):
    return read_ogip(gammapy_data / "PKS2155-steady" / "pks2155-304_steady.fits.gz")


@pytest.fixture
def absorbed(gammapy_data):
    """Make a power law behind the background light, off its best values."""
    spectrum = PowerLaw(index=2.2, amplitude=1e-11) * read_ebl("dominguez", redshift=0.116)
    return Models.create({"pks": SkyModel(spectrum)})


def run(dataset, models, expected, scale=1.0):
    """Fit, compare with Gammapy in units of its errors, and give the values."""
    parameters = Parameters.from_models(models)
    if "redshift" in expected["values"]:
        parameters = parameters.thaw("*.redshift")
    result = fit([dataset], models, parameters)
    assert result.success, result.message
    # Gammapy's integrals over energy are good to some 1e-4, which more counts make worse.
    assert result.stat == pytest.approx(expected["stat"], abs=2e-3 * scale)
    spectrum = result.models["pks"].spectral
    found = {
        name: float(getattr(getattr(spectrum, SOURCE[name]), name)) for name in expected["values"]
    }
    for name, value in found.items():
        distance = abs(value - expected["values"][name]) / expected["errors"][name]
        assert distance < 0.05, name
    return found


def test_known_redshift(measured, absorbed):
    run(measured, absorbed, REFERENCE["measured"])


def test_free_redshift_of_faint_data(measured, absorbed):
    """The redshift is hardly known: any of a wide range fits, and the fit says so."""
    run(measured, absorbed, REFERENCE["measured_free"])


def test_free_redshift_of_simulated_data(measured, absorbed):
    def shaped(values):
        return np.asarray(values, float).reshape(measured.shape)

    long = dataclasses.replace(
        measured,
        exposure=measured.exposure * REFERENCE["factor"],
        counts=shaped(REFERENCE["counts"]),
        counts_off=shaped(REFERENCE["counts_off"]),
    )
    expected = REFERENCE["simulated_free"]
    found = run(long, absorbed, expected, scale=10.0)
    for name, truth in REFERENCE["truth"].items():
        assert abs(found[name] - truth) < 2 * expected["errors"][name]
