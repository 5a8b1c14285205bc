"""Errors of a simulated field of two extended sources against Minuit's Hesse and Minos."""

from __future__ import annotations

from pathlib import Path

import pytest

from gjax.infer.fit import fit
from gjax.io.datasets import read_dataset
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.predict import GAMMAPY
from tests.reference.minuit_errors import assert_errors_of_minuit

FIELD = Path(__file__).parent / "data" / "cta_field.fits.gz"


@pytest.mark.slow
def test_field_of_two_gaussians():
    """Twelve parameters, all correlated: positions, sizes, spectra and background."""
    models = Models.create(
        [
            ("wide", SkyModel(PowerLaw(2.2, 3e-11), Gaussian(265.9, -29.0, 0.25))),
            ("narrow", SkyModel(PowerLaw(2.6, 2e-11), Gaussian(266.25, -28.85, 0.15))),
            ("bkg", FoVBackground("field", PowerLawNorm())),
        ]
    )
    table = Parameters.from_models(models).thaw("bkg.*.tilt")
    dataset = read_dataset(FIELD, name="field")
    assert_errors_of_minuit(fit(dataset, models, table, folding=GAMMAPY, tolerance=1e-8), "field")
