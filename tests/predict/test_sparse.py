"""Total and occupied bins are those of the full cube, clipped bins included."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.predict import map_datasets, npred_prepared, prepare
from gjax.predict.sparse import npred_sparse

#: One kind of energy dispersion is enough here.
pytestmark = pytest.mark.parametrize("kind", ["migra"], indirect=True, scope="session")


@jax.jit
def predict(prepared, models):
    """Give total and occupied bins of the one dataset; compiled once."""
    (found,) = map_datasets(npred_sparse, prepared, models)
    return found.total, found.npred


@pytest.mark.parametrize("amplitude", [2e-11, 0.0, -2e-11, -1e-9])
@pytest.mark.parametrize("norm", [1.1, -0.2])
def test_sparse_is_the_full_prediction(reference, amplitude, norm):
    dataset = reference[0]
    models = Models.create(
        [
            ("point", SkyModel(PowerLaw(2.3, amplitude), Point(83.65, 22.03))),
            ("gauss", SkyModel(PowerLaw(2.0, 1e-11), Gaussian(83.4, 22.1, 0.15))),
            FoVBackground(dataset.name, PowerLawNorm(norm=norm)),
        ]
    )
    prepared = prepare(dataset, models)
    full = npred_prepared(prepared, models)[0]
    total, npred = predict(prepared, models)
    assert float(total) == pytest.approx(full[dataset.mask].sum(), rel=1e-12, abs=1e-12)
    bins = prepared.blocks[0].data.occupied
    counts = np.asarray(bins.counts)[0]
    pad = (np.shape(bins.mask)[2] - dataset.shape[1]) // 2
    some = counts > 0
    index = (np.asarray(i)[0][some] for i in (bins.energy, bins.row, bins.column))
    energy, row, column = index
    found, expected = np.asarray(npred)[some], full[energy, row - pad, column - pad]
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    assert counts.sum() == dataset.counts[dataset.mask].sum()
    if amplitude < -1e-10 or norm < 0:
        assert (full == 0).any()
