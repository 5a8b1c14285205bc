"""What is folded once is what would be folded every time."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import npred_prepared, prepare
from gjax.predict.fold import map_datasets
from gjax.predict.source import FixedSource
from gjax.predict.sparse import npred_sparse

#: One kind of energy dispersion is enough here.
pytestmark = pytest.mark.parametrize("kind", ["migra"], indirect=True, scope="session")


@jax.jit
def predict(prepared, models):
    (found,) = map_datasets(npred_sparse, prepared, models)
    return found.total, found.npred


@pytest.mark.parametrize("amplitude", [2e-11, -1e-9])
@pytest.mark.parametrize("spatial", [Point(83.65, 22.03), Gaussian(83.4, 22.1, 0.15)])
def test_frozen_morphology(reference, spatial, amplitude):
    dataset = reference[0]
    sky = SkyModel(PowerLaw(2.3, amplitude), spatial)
    models = Models.create([("source", sky), FoVBackground(dataset.name)])
    table = Parameters.from_models(models)
    free = prepare(dataset, models, table)
    fixed = prepare(dataset, models, table.freeze("source.spatial.*"))
    data = fixed.blocks[0].data
    assert isinstance(data.sources[0], FixedSource)
    assert data.known[0].transfer is not None
    expected, found = npred_prepared(free, models)[0], npred_prepared(fixed, models)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * expected.max())
    if amplitude < 0:
        assert (expected == 0).any(), "clipped bins do not count in the total"
    for a, b in zip(predict(fixed, models), predict(free, models), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_all_frozen(reference):
    dataset = reference[0]
    sky = SkyModel(PowerLaw(2.3, 2e-11), Gaussian(83.4, 22.1, 0.15))
    models = Models.create([("source", sky), FoVBackground(dataset.name)])
    table = Parameters.from_models(models)
    frozen = prepare(dataset, models, table.freeze("source.*"))
    assert not frozen.blocks[0].data.sources
    expected = npred_prepared(prepare(dataset, models, table), models)[0]
    found = npred_prepared(frozen, models)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * expected.max())
