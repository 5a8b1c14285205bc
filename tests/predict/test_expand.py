"""Derivatives taken source by source are those of the prediction and its statistic."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.predict import map_datasets, prepare
from gjax.predict.expand import expand, local_vector
from gjax.predict.physics import components
from gjax.predict.statistic import statistic

#: One kind of energy dispersion is enough here.
pytestmark = pytest.mark.parametrize("kind", ["migra"], indirect=True, scope="session")

#: In the order of the local parameters: the background first, then spectrum and morphology.
FREE = ("norm", "index", "amplitude", "lon_0", "sigma")


def make_models(name, vector) -> Models:
    norm, index, amplitude, lon, sigma = vector
    return Models.create(
        [
            ("gauss", SkyModel(PowerLaw(index, amplitude), Gaussian(lon, 22.1, sigma))),
            FoVBackground(name, PowerLawNorm(norm=norm)),
        ]
    )


@pytest.fixture(scope="module")
def evaluate(reference):
    """Expand the prediction at a vector of parameters; compiled once."""
    dataset = reference[0]
    models = make_models(dataset.name, [1.1, 2.2, 2e-11, 83.6, 0.15])
    prepared = prepare(dataset, models)
    varying = jax.tree_util.tree_map_with_path(
        lambda path, _: path[-1].name in FREE, components(prepared.blocks[0].members, models)
    )

    @jax.jit
    def compiled(prepared, models):
        def one(data, physics):
            found = expand(data, physics, varying)
            half = 0.5 * statistic(data.occupied, found.sparse)
            return half, found, local_vector(physics, varying), data.occupied.counts

        return map_datasets(one, prepared, models)[0]

    return lambda vector: compiled(prepared, make_models(dataset.name, vector))


@pytest.mark.parametrize("amplitude", [2e-11, -2e-11])
def test_expansion(evaluate, amplitude):
    at, start = evaluate, np.array([1.1, 2.2, amplitude, 83.6, 0.15])
    _, found, local, counts = at(start)
    np.testing.assert_allclose(local, start, rtol=1e-14)
    steps = 1e-4 * np.array([1.0, 1.0, 1e-11, 0.1, 0.1])
    away = [
        [at(start + k * step * unit) for k in (-2, -1, 1, 2)]
        for unit, step in zip(np.eye(5), steps, strict=True)
    ]

    def differentiate(take):
        rows = [[np.asarray(take(one)) for one in four] for four in away]
        return np.stack([(a - 8 * b + 8 * c - d) / 12 for a, b, c, d in rows])

    gradient = differentiate(lambda one: one[0])
    np.testing.assert_allclose(found.gradient * steps, gradient, atol=1e-6 * np.abs(gradient).max())
    some = np.asarray((found.sparse.npred > 0) & (counts > 0))
    slopes = differentiate(lambda one: one[1].sparse.npred)[:, some]
    own = np.asarray(found.slopes)[:, some] * steps[:, None]
    np.testing.assert_allclose(own, slopes, atol=1e-6 * np.abs(slopes).max())
    # The curvature leaves out what the occupied bins give by their slopes alone.
    weight = np.asarray(counts)[some] / np.asarray(found.sparse.npred)[some] ** 2
    whole = found.curvature * np.outer(steps, steps) + (own * weight) @ own.T
    bend = differentiate(lambda one: one[1].gradient * steps)
    np.testing.assert_allclose(whole, bend, atol=1e-6 * np.abs(bend).max())
