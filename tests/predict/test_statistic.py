"""The statistic from the sparse prediction, for both kinds of background."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.model import Models, ResponseModifier, SkyModel
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.predict import fold, map_datasets, prepare
from gjax.predict.sparse import npred_sparse
from gjax.predict.statistic import bin_slopes, statistic
from gjax.stats.cash import cash
from gjax.stats.wstat import wstat


def found(dataset, models):
    def one(data, physics):
        sparse = npred_sparse(data, physics)
        slopes = bin_slopes(data.occupied, sparse)
        return fold(data, physics), statistic(data.occupied, sparse), slopes, data.occupied.counts

    return map_datasets(one, prepare(dataset, models), models)[0]


@pytest.mark.parametrize("amplitude", [3e-11, 0.0, -2e-13])
def test_off_counts_give_the_w_statistic(onoff_spectrum, amplitude):
    """Also of a negative signal, which is not clipped."""
    dataset = onoff_spectrum()
    models = Models.create({"source": SkyModel(PowerLaw(2.3, amplitude))})
    npred, stat, slopes, _ = found(dataset, models)
    expected = wstat(dataset.counts, dataset.counts_off, dataset.alpha, npred).sum()
    assert float(stat) == pytest.approx(float(expected), rel=1e-12)
    assert (np.asarray(slopes.npred_npred) >= 0).all()


def test_the_background_modifier_scales_alpha(onoff_spectrum):
    dataset = onoff_spectrum()
    scale = ResponseModifier("onoff", background=PowerLawNorm(norm=1.3))
    models = Models.create([("source", SkyModel(PowerLaw(2.3, 3e-11))), scale])
    npred, stat, _, _ = found(dataset, models)
    expected = wstat(dataset.counts, dataset.counts_off, 1.3 * dataset.alpha, npred).sum()
    assert float(stat) == pytest.approx(float(expected), rel=1e-12)


def test_bins_without_off_acceptance_do_not_count(onoff_spectrum):
    dataset = onoff_spectrum()
    some = np.arange(8)[:, None, None] < 5
    blind = dataclasses.replace(dataset, acceptance_off=np.where(some, 10.0, 0.0))
    masked = dataclasses.replace(dataset, mask_safe=some)
    models = Models.create({"source": SkyModel(PowerLaw(2.3, 3e-11))})
    assert float(found(blind, models)[1]) == pytest.approx(float(found(masked, models)[1]))


def test_without_off_counts_it_is_cash(onoff_spectrum):
    dataset = dataclasses.replace(
        onoff_spectrum(), counts_off=None, acceptance=None, acceptance_off=None
    )
    models = Models.create({"source": SkyModel(PowerLaw(2.3, 3e-11))})
    npred, stat, slopes, counts = found(dataset, models)
    assert float(stat) == pytest.approx(float(cash(dataset.counts, npred).sum()), rel=1e-12)
    some = counts > 0
    mu = np.asarray(npred).ravel()[dataset.counts.ravel() > 0]
    np.testing.assert_allclose(slopes.npred[some], -counts[some] / mu, rtol=1e-12)
    np.testing.assert_allclose(slopes.npred_npred[some], counts[some] / mu**2, rtol=1e-12)
