"""Factors on backgrounds that change over the field: values, exact derivatives, compiled code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from gjax.dataset import Dataset
from gjax.infer.objective import expand_objective, make_objective, value_and_grad
from gjax.maps import Map, MapAxis, WcsGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import EnergyDependent, Gaussian, PiecewiseNormSpatial, Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.model.template_npred import TemplateNPred
from gjax.parameters import Parameters
from gjax.predict import npred, prepare
from gjax.predict.backgrounds import spatial_factor
from gjax.stats import cash

REFERENCE = Path(__file__).parents[1] / "reference" / "data" / "background_factor.json"
GEOM = WcsGeom.create((30.0, 0.0), 0.1, npix=13, frame="galactic")
ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 2)
TRUE = MapAxis.from_energy_bounds(1.0, 10.0, 2, name="energy_true")
NORMS = (0.9, 1.2, 0.8, 1.1)


def make_dataset(name: str = "field", counts: int | None = None) -> Dataset:
    shape = (2, *GEOM.shape)
    found = None if counts is None else np.random.default_rng(counts).poisson(0.6, shape)
    return Dataset(
        name,
        GEOM,
        ENERGY,
        TRUE,
        counts=None if found is None else found.astype(float),
        exposure=np.full(shape, 1e12),
        background=np.linspace(0.2, 0.8, np.prod(shape)).reshape(shape),
    )


def corners(norms=NORMS, interp: str = "lin") -> PiecewiseNormSpatial:
    lon, lat = (29.0, 31.0, 29.0, 31.0), (-1.0, -1.0, 1.0, 1.0)
    return PiecewiseNormSpatial(lon, lat, norms, interp=interp, frame="galactic")


def make_models(amplitude: float, factor: PiecewiseNormSpatial, name: str = "field") -> Models:
    """Give a background and a template with factors that change, and a source."""
    cut, _ = GEOM.cutout((30.1, 0.1), (0.6, 0.6))
    counts = Map(np.full((2, *cut.shape), 0.5), cut, (ENERGY,))
    narrow = EnergyDependent(
        Gaussian(30.05, 0.1, 0.4, frame="galactic"), {"sigma": PowerLawNorm(norm=1.0, tilt=0.2)}
    )
    return Models.create(
        [
            ("source", SkyModel(PowerLaw(2.2, amplitude), Point(30.02, 0.03, frame="galactic"))),
            ("more", TemplateNPred(counts, PowerLawNorm(norm=1e-3), spatial=narrow)),
            FoVBackground(name, PowerLawNorm(norm=1.1, tilt=0.1), spatial=factor),
        ]
    )


def test_prediction_is_that_of_the_factor():
    dataset, models = make_dataset(), make_models(0.0, corners())
    own, more = models.members[2], models.members[1]
    expected = dataset.background * np.asarray(own.spectral(ENERGY.center))[:, None, None]
    expected = expected * np.asarray(own.spatial(*GEOM.coords()))
    _, where = GEOM.cutout((30.1, 0.1), (0.6, 0.6))
    factor = spatial_factor(dataset, more)
    assert factor.shape == (2, *GEOM.shape)
    expected[(..., *where)] += 0.5e-3 * factor[(..., *where)]
    np.testing.assert_allclose(npred(dataset, models), expected, rtol=1e-12)
    # With nothing free it is in the counts of the background already.
    frozen = prepare(dataset, models, Parameters.from_models(models).freeze("*"))
    assert frozen.blocks[0].members[0].fields == (False, False)


@pytest.mark.parametrize(("case", "tolerance"), [("plane", 1e-5), ("waves", 0.07)])
def test_prediction_is_that_of_gammapy(case, tolerance):
    """A plane is a plane; elsewhere the interpolation differs by a tenth of the variation."""
    facts = json.loads(REFERENCE.read_text())
    found = facts["cases"][case]
    factor = PiecewiseNormSpatial(facts["lon"], facts["lat"], found["norms"], frame="galactic")
    models = Models.create([FoVBackground("field", PowerLawNorm(norm=2.0, tilt=0.3), factor)])
    flat = dataclasses.replace(make_dataset(), background=np.ones((2, *GEOM.shape)))
    expected = np.asarray(found["npred"])
    np.testing.assert_allclose(npred(flat, models) / expected, 1.0, atol=tolerance)


@pytest.mark.parametrize("amplitude", [2e-12, -2e-11], ids=["source", "clipped"])
def test_derivatives_are_exact(amplitude):
    dataset, models = make_dataset(counts=1), make_models(amplitude, corners())
    table = Parameters.from_models(models).thaw("*.tilt").freeze("source.spatial.*")
    objective = make_objective(dataset, models, table)
    theta = np.asarray(objective.layout.start)
    found = expand_objective(objective, theta)
    value, gradient = value_and_grad(objective, theta)
    assert float(found.stat) == pytest.approx(float(value), rel=1e-12)
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-9, atol=1e-9)
    steps = 1e-4 / np.sqrt(np.abs(np.diag(found.hessian)))
    away = [
        [value_and_grad(objective, theta + k * step * unit)[1] for k in (-2, -1, 1, 2)]
        for unit, step in zip(np.eye(len(theta)), steps, strict=True)
    ]
    bends = np.stack([(a - 8 * b + 8 * c - d) / 12 for a, b, c, d in np.asarray(away)])
    scaled = np.asarray(found.hessian) * np.outer(steps, steps)
    np.testing.assert_allclose(bends * steps, scaled, atol=1e-6 * np.abs(scaled).max())
    # The statistic is that of the whole prediction, which is clipped where it is negative.
    whole = npred(dataset, models)
    assert (whole == 0).any() == (amplitude < 0)
    expected = np.sum(cash(dataset.counts, whole))
    assert float(value) == pytest.approx(float(expected), rel=1e-10)


def test_code_does_not_grow_with_the_datasets():
    def program(number: int) -> int:
        names = [f"d{i}" for i in range(number)]
        data = [make_dataset(name, counts=i) for i, name in enumerate(names)]
        models = Models.create([FoVBackground(n, spatial=corners()) for n in names])
        objective = make_objective(data, models)
        assert len(objective.prepared.blocks) == 1
        return len(expand_objective.lower(objective, objective.layout.start).as_text())

    assert program(9) < 1.2 * program(3)


def test_what_cannot_be_a_factor_is_named():
    models = Models.create([FoVBackground("field", spatial=Point(30.0, 0.0))])
    with pytest.raises(ValueError, match="a point has no value"):
        prepare(make_dataset(), models)
