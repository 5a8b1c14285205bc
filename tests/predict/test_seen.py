"""Responses switched off for a source."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.maps import WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import npred_prepared, prepare

GEOM = WcsGeom.create((83.6, 22.0), 0.05, npix=(60, 60), proj="TAN")
SHAPE = Gaussian(83.6, 22.0, 0.2)


def predicted(dataset, apply_irf, amplitude=1e-11):
    models = Models.create({"s": SkyModel(PowerLaw(2.0, amplitude), SHAPE, apply_irf=apply_irf)})
    table = Parameters.from_models(models).freeze("*.spatial.*")
    return npred_prepared(prepare(dataset, models, table), models)[0][0]


def test_without_psf_the_morphology_is_as_it_is(gaussian_dataset):
    blurred, plain = gaussian_dataset(GEOM, 0.2), gaussian_dataset(GEOM, None)
    off = predicted(blurred, {"psf": False})
    np.testing.assert_allclose(off, predicted(plain, ("exposure", "psf", "edisp")), rtol=1e-12)
    assert off.max() == pytest.approx(2 * predicted(blurred, {}).max(), rel=0.02)


def test_without_exposure_the_spectrum_gives_counts(gaussian_dataset):
    dataset = gaussian_dataset(GEOM, 0.1)
    counts = predicted(dataset, {"exposure": False}, amplitude=10.0)
    assert counts.sum() == pytest.approx(9.0, rel=2e-3)
    models = Models.create({"s": SkyModel(PowerLaw(), SHAPE, apply_irf={"exposure": False})})
    with pytest.raises(ValueError, match="morphology must be frozen"):
        prepare(dataset, models)


def test_unknown_responses_are_refused():
    with pytest.raises(ValueError, match="unknown response 'pfs'"):
        SkyModel(PowerLaw(), apply_irf={"pfs": False})
