"""Fluxes predicted for flux points."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.dataset import FluxPointsDataset
from gjax.infer.objective import make_objective
from gjax.model import Models, ResponseModifier, SkyModel
from gjax.model.spectral import LogParabola, PowerLaw, PowerLawNorm
from gjax.predict import npred

ENERGY = np.geomspace(0.3, 30.0, 6)
PL = PowerLaw(2.4, 3e-11)
LP = LogParabola(amplitude=1e-11, reference=1.0, alpha=2.0, beta=0.2)


def points(dnde=None, **parts) -> FluxPointsDataset:
    dnde = 3e-11 * ENERGY**-2.4 if dnde is None else dnde
    return FluxPointsDataset.create("sed", ENERGY, dnde, dnde_err=0.1 * dnde, **parts)


def test_spectra_of_all_sources_are_added():
    models = Models.create({"a": SkyModel(PL), "b": SkyModel(LP), "c": SkyModel(PL)})
    expected = 2 * PL(ENERGY) + LP(ENERGY)
    np.testing.assert_allclose(npred(points(), models), expected, rtol=1e-12)


def test_bands_compare_integrals():
    low, high = 0.8 * ENERGY, 1.3 * ENERGY
    width = np.asarray(PL.integral(low, high) / PL(ENERGY))
    banded = points(energy_min=low, energy_max=high, width=width, compare="band")
    np.testing.assert_allclose(npred(banded, Models.create({"a": SkyModel(PL)})), PL(ENERGY))


def test_an_instrument_with_a_wrong_scale_publishes_other_points():
    scale = ResponseModifier("sed", aeff=PowerLawNorm(norm=1.2), energy=PowerLawNorm(norm=1.1))
    models = Models.create([("a", SkyModel(PL)), scale])
    # 1.1^1.4: a power law moved along the energies.
    np.testing.assert_allclose(npred(points(), models), 1.2 * 1.1**1.4 * PL(ENERGY), rtol=1e-12)


def test_statistic_is_that_of_the_points():
    models = Models.create({"a": SkyModel(PowerLaw(2.4, 3.3e-11))})
    objective = make_objective(points(), models)
    assert float(objective(objective.layout.start)) == pytest.approx(len(ENERGY), rel=1e-10)
