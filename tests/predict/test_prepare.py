"""Preparation takes out what cannot change, and refuses what does not fit together."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from gjax.infer.objective import expand_objective, make_objective
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import Folding, npred_prepared, prepare
from gjax.predict.extended import ExtendedSource
from gjax.predict.source import FixedSource, ProfileSource

#: One kind of energy dispersion is enough here.
pytestmark = pytest.mark.parametrize("kind", ["migra"], indirect=True, scope="session")

MODELS = Models.create(
    {
        "point": SkyModel(PowerLaw(2.3, 2e-11), Point(83.65, 22.03)),
        "gauss": SkyModel(PowerLaw(2.0, 1e-11), Gaussian(83.6, 22.1, 0.15)),
    }
)
TABLE = Parameters.from_models(MODELS)


@pytest.fixture(scope="module")
def dataset(reference):
    return reference[0]


@pytest.mark.parametrize(
    ("frozen", "kinds"),
    [
        ((), {ProfileSource, ExtendedSource}),
        (("*.spatial.*",), {FixedSource}),
        (("gauss.*",), {ProfileSource}),
        (("*",), set()),
    ],
)
def test_frozen_prediction_is_the_free_one(dataset, frozen, kinds):
    prepared = prepare(dataset, MODELS, TABLE.freeze(*frozen))
    (block,) = prepared.blocks
    assert {type(source) for source in block.data.sources} == kinds
    free = npred_prepared(prepare(dataset, MODELS, TABLE), MODELS)[0]
    np.testing.assert_allclose(npred_prepared(prepared, MODELS)[0], free, rtol=1e-12)


def test_source_that_follows_another_is_not_frozen(dataset):
    table = TABLE.freeze("gauss.*").link("gauss.spatial.lon_0", "point.spatial.lon_0")
    (block,) = prepare(dataset, MODELS, table).blocks
    assert {type(s) for s in block.data.sources} == {ProfileSource, ExtendedSource}


def test_equal_datasets_are_one_block(dataset):
    twin = dataclasses.replace(dataset, name="twin", counts=dataset.counts[:, ::-1])
    prepared = prepare([dataset, twin], MODELS, TABLE)
    assert prepared.names == (dataset.name, "twin")
    assert [block.datasets for block in prepared.blocks] == [(0, 1)]


def test_names_must_differ(dataset):
    with pytest.raises(ValueError, match="must have different names"):
        prepare([dataset, dataset], MODELS)


def test_model_of_a_dataset_that_is_not_there(dataset):
    models = MODELS.append("bkg", FoVBackground("elsewhere"))
    with pytest.raises(
        ValueError, match=r"'bkg' is for dataset elsewhere, .* are: " + dataset.name
    ):
        prepare(dataset, models)


def test_parts_that_are_missing(dataset):
    with pytest.raises(ValueError, match="has no exposure"):
        prepare(dataclasses.replace(dataset, exposure=None), MODELS)
    models = MODELS.append("bkg", FoVBackground(dataset.name))
    with pytest.raises(ValueError, match="has a background model but no background"):
        prepare(dataclasses.replace(dataset, background=None), models)
    with pytest.raises(ValueError, match="'flat' has no spatial model"):
        prepare(dataset, Models.create({"flat": SkyModel(PowerLaw())}))


def test_table_of_other_models(dataset):
    other = Parameters.from_models(Models.create({"x": MODELS["point"]}))
    with pytest.raises((ValueError, IndexError, KeyError)):
        other.layout(MODELS)


def test_values_that_are_not_finite_count_as_nothing(dataset):
    exposure = np.array(dataset.exposure)
    exposure[:, :3] = np.nan
    background = np.array(dataset.background)
    background[:, -2:] = np.nan
    holes = dataclasses.replace(dataset, exposure=exposure, background=background)
    found = npred_prepared(prepare(holes, MODELS, TABLE), MODELS)[0]
    whole = npred_prepared(prepare(dataset, MODELS, TABLE), MODELS)[0]
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:, 3:-2], whole[:, 3:-2], rtol=1e-12)
    np.testing.assert_allclose(found[:, :3], dataset.background[:, :3], rtol=1e-12)


def test_single_precision_moves_no_fit(dataset):
    """Images are in single precision; value, slope and curvature hardly differ."""
    rng = np.random.default_rng(0)
    background = np.full(dataset.shape, 0.02)
    (bright,) = npred_prepared(prepare(dataset, MODELS, TABLE), MODELS)
    seen = dataclasses.replace(
        dataset, background=background, counts=rng.poisson(bright + background).astype(float)
    )
    table = TABLE.freeze("*.reference")
    found = {}
    for precision in ("float64", "float32"):
        objective = make_objective(seen, MODELS, table, Folding(precision=precision))
        (block,) = objective.prepared.blocks
        assert block.data.exposure.dtype == precision
        assert {source.dtype for source in block.data.sources} == {np.dtype(precision)}
        found[precision] = expand_objective(objective, objective.layout.start)
        assert {leaf.dtype for leaf in jax.tree.leaves(found[precision])} == {np.dtype(float)}
    exact, rough = found["float64"], found["float32"]
    assert 0 < abs(rough.stat - exact.stat) < 1e-3
    error = np.sqrt(2 * np.diag(np.linalg.inv(exact.expected)))
    move = np.linalg.solve(exact.expected, rough.gradient - exact.gradient)
    assert (np.abs(move) < 1e-3 * error).all()
    np.testing.assert_allclose(np.diag(rough.hessian), np.diag(exact.hessian), rtol=1e-5)
