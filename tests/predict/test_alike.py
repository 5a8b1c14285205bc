"""Spectra of different shapes share code."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.dataset import slice_energy
from gjax.infer.objective import make_objective
from gjax.model import Models, SkyModel
from gjax.model.spectral import LogParabola
from gjax.predict import npred, prepare
from gjax.predict.alike import alike, fill_up

MODELS = Models.create({"source": SkyModel(LogParabola(amplitude=2e-11, reference=1.0))})


@pytest.fixture(scope="module")
def spectra(onoff_spectrum):
    short = slice_energy(onoff_spectrum("short", 2), energy_max=3.0)
    return [onoff_spectrum("long", 1), short]


def test_filling_changes_nothing_but_the_shape(spectra):
    short = spectra[1]
    filled = fill_up(short, 8, 20)
    assert filled.shape == (8, 1, 1)
    cube = npred(filled, MODELS)
    np.testing.assert_allclose(cube[: short.shape[0]], npred(short, MODELS), rtol=1e-12)
    assert not cube[short.shape[0] :].any()


def test_the_statistic_stays(spectra):
    one, other = (
        make_objective(datasets, MODELS) for datasets in (spectra, [alike(spectra)[1], spectra[0]])
    )
    alone = [make_objective(spectrum, MODELS) for spectrum in spectra]
    start = one.layout.start
    total = sum(float(objective(start)) for objective in alone)
    assert float(one(start)) == pytest.approx(total, rel=1e-12)
    assert float(other(start)) == pytest.approx(total, rel=1e-12)


def test_they_are_one_block_and_predictions_have_their_shapes(spectra):
    prepared = prepare(spectra, MODELS)
    assert len(prepared.blocks) == 1
    assert [cube.shape for cube in npred(spectra, MODELS)] == [d.shape for d in spectra]
