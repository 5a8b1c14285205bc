"""Datasets that see different sources share code, and predict what each predicts alone."""

from __future__ import annotations

import dataclasses
from fnmatch import fnmatch

import numpy as np
import pytest

from gjax.infer.objective import expand_objective, make_objective
from gjax.maps import WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import npred_prepared, prepare

GEOM = WcsGeom.create((83.63, 22.01), binsz=0.05, npix=30, proj="TAN")


@pytest.fixture
def observations(gaussian_dataset):
    """Three observations of equal shape."""
    made = gaussian_dataset(GEOM, 0.06, background=np.full((1, 30, 30), 0.3))
    rng = np.random.default_rng(0)
    return [
        dataclasses.replace(made, name=name, counts=rng.poisson(0.3, made.shape).astype(float))
        for name in ("a", "b", "c")
    ]


def models():
    seen = {"p1": "ab", "p2": "bc", "g1": "ab", "g2": "c"}
    shapes = {name: Point(83.5 + 0.03 * i, 22.0) for i, name in enumerate(seen)}
    shapes |= {"g1": Gaussian(83.7, 22.0, 0.1), "g2": Gaussian(83.7, 22.1, 0.1)}
    return Models.create(
        {
            name: SkyModel(PowerLaw(2.0, 1e-11), shape, datasets_names=tuple(seen[name]))
            for name, shape in shapes.items()
        }
    )


def seen_by(name, sky):
    """Select the models of one observation."""
    return Models.create({key: one for key, one in sky.items() if name in one.datasets_names})


def expanded(datasets, sky, frozen):
    """Expand the objective to second order; with the names of its parameters."""
    table = Parameters.from_models(sky)
    table = table.freeze(*(n for n in table.names if fnmatch(n, frozen)))
    objective = make_objective(datasets, sky, table)
    layout = table.layout(sky)
    found = expand_objective(objective, layout.start)
    return objective, found, [table.names[i] for i in table.free], np.asarray(layout.scale)


@pytest.mark.parametrize("frozen", ["*.spatial.*", "g?.spatial.*", "nothing"])
def test_observations_are_one_block_with_the_same_numbers(observations, frozen):
    sky = models()
    together, found, names, scale = expanded(observations, sky, frozen)
    assert [block.datasets for block in together.prepared.blocks] == [(0, 1, 2)]
    present = [np.asarray(one).sum() for one in together.prepared.blocks[0].data.present]
    assert sum(present) == 7
    stat, gradient = 0.0, np.zeros(len(names))
    hessian = np.zeros((len(names), len(names)))
    for dataset in observations:
        _, alone, own, own_scale = expanded(dataset, seen_by(dataset.name, sky), frozen)
        at = np.array([names.index(name) for name in own])
        np.testing.assert_allclose(own_scale, scale[at])
        stat += alone.stat
        gradient[at] += alone.gradient
        hessian[np.ix_(at, at)] += alone.hessian
    np.testing.assert_allclose(found.stat, stat, rtol=1e-12)
    np.testing.assert_allclose(found.gradient, gradient, atol=1e-9 * np.abs(gradient).max())
    np.testing.assert_allclose(found.hessian, hessian, atol=1e-9 * np.abs(hessian).max())


def test_predictions_of_each_observation(observations):
    sky = models()
    together = npred_prepared(prepare(observations, sky), sky)
    for found, dataset in zip(together, observations, strict=True):
        own = seen_by(dataset.name, sky)
        (alone,) = npred_prepared(prepare(dataset, own), own)
        np.testing.assert_allclose(found, alone, atol=1e-9 * alone.max())


def test_a_crowd_in_one_observation_is_not_copied_into_the_others(observations, monkeypatch):
    """Where its sources take much of the memory, which is not so for maps as small as these."""
    monkeypatch.setattr("gjax.predict.align._RATIO", 1.05)
    sky = models()
    crowd = {
        f"s{i}": SkyModel(PowerLaw(2.0, 1e-11), Point(83.5, 22.0), datasets_names=("a",))
        for i in range(20)
    }
    table = Parameters.from_models(joined := Models.create(dict(sky.items()) | crowd))
    prepared = prepare(observations, joined, table.freeze("*.spatial.*", "*.reference"))
    assert [block.datasets for block in prepared.blocks] == [(0,), (1, 2)]
