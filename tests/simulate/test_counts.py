"""Binned simulations."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.dataset.dataset import Dataset
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom
from gjax.simulate import fake


@pytest.fixture
def dataset() -> Dataset:
    energy = MapAxis.from_energy_bounds(0.1, 10.0, 4)
    true = MapAxis.from_energy_bounds(0.1, 10.0, 5, name="energy_true")
    geom = WcsGeom.create((0.0, 0.0), 0.1, (2.0, 3.0))
    return Dataset("toy", geom, energy, true, background=np.ones((4, 30, 20)))


def test_asimov_is_the_prediction(dataset):
    npred = np.full(dataset.shape, 2.5)
    np.testing.assert_array_equal(fake(dataset, npred).counts, npred)


def test_poisson_counts_have_mean_and_variance(dataset):
    npred = np.full(dataset.shape, 7.3)
    counts = fake(dataset, npred, seed=3).counts
    error = np.sqrt(7.3 / counts.size)
    assert counts.mean() == pytest.approx(7.3, abs=4 * error)
    assert counts.var() == pytest.approx(7.3, rel=4 * np.sqrt(2 / counts.size))
    assert (counts == np.rint(counts)).all()


def test_the_seed_decides_and_the_rest_is_kept(dataset):
    npred = np.full(dataset.shape, 7.3)
    first, again = fake(dataset, npred, seed=3), fake(dataset, npred, seed=3)
    np.testing.assert_array_equal(first.counts, again.counts)
    assert (fake(dataset, npred, seed=4).counts != first.counts).any()
    assert first.background is dataset.background
    assert dataset.counts is None


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_an_impossible_expectation_is_named(dataset, bad):
    npred = np.ones(dataset.shape)
    npred[1, 2, 3] = bad
    with pytest.raises(ValueError, match=r"\(1, 2, 3\)"):
        fake(dataset, npred, seed=1)


def test_shape_and_off_counts_are_refused(dataset):
    with pytest.raises(ValueError, match="shape"):
        fake(dataset, np.ones((4, 30, 21)))
    onoff = Dataset(
        "toy", dataset.geom, dataset.energy, dataset.energy_true, counts_off=np.ones(dataset.shape)
    )
    with pytest.raises(ValueError, match="off counts"):
        fake(onoff, np.ones(dataset.shape))
