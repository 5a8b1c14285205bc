"""Which bins make a band, and what is in them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from astropy import units as u

from gjax.estimate.bands import collect, count, find_bands, predict_source
from gjax.maps import MapAxis
from gjax.model import Models
from gjax.predict import npred


@pytest.fixture
def dataset(make_dataset):
    return make_dataset(counts=np.ones((8, 21, 21)))  # four bins per decade from 0.1 to 10 TeV


def test_edges_move_to_those_of_the_bins(dataset):
    low, high = 10**-0.5, 10**0.25
    bands = find_bands([dataset], [0.95 * low, 1.1, 1.05 * high])
    assert [band.slices for band in bands] == [(slice(2, 4),), (slice(4, 5),)]
    np.testing.assert_allclose([band.low for band in bands], [low, 1.0])
    np.testing.assert_allclose([band.high for band in bands], [1.0, high])
    quantities = find_bands([dataset], [0.95e3 * low, 1100, 1050 * high] * u.GeV)
    assert [band.slices for band in quantities] == [band.slices for band in bands]


def test_edges_beyond_the_axis_are_its_ends(dataset):
    (band,) = find_bands([dataset], ["10 GeV", "1 TeV"])
    assert band.slices == (slice(0, 4),)
    assert (band.low, band.high) == pytest.approx((0.1, 1.0))


def test_a_band_without_bins_keeps_its_edges(dataset):
    band, outside = find_bands([dataset], [1.01, 1.02, 20.0])[0], find_bands([dataset], [20, 30])[0]
    assert band.slices[0].stop == band.slices[0].start
    assert (band.low, band.high) == (1.01, 1.02)
    assert (outside.low, outside.high) == (20.0, 30.0)


def test_datasets_are_joined(make_dataset):
    pair = [
        make_dataset("low", counts=np.ones((8, 21, 21))),
        make_dataset("high", nbin=4, energy_min=1.0, counts=np.ones((4, 21, 21))),
    ]
    below, above = find_bands(pair, [0.1, 1.0, 10.0])
    assert below.slices == (slice(0, 4), slice(0, 0))
    assert above.slices == (slice(4, 8), slice(0, 4))
    assert (below.low, below.high, above.high) == pytest.approx((0.1, 1.0, 10.0))


@pytest.mark.parametrize("edges", [[1.0], [2.0, 1.0], [0.0, 1.0], [1.0, 1.0], 3.0])
def test_energies_must_increase(dataset, edges):
    with pytest.raises(ValueError, match="must be positive and increase"):
        find_bands([dataset], edges)


def test_unusable_datasets_are_named(dataset, make_dataset):
    with pytest.raises(ValueError, match="'toy' has no counts"):
        find_bands([make_dataset()], [1, 10])
    onoff = dataclasses.replace(dataset, counts_off=dataset.counts)
    with pytest.raises(ValueError, match="no acceptances"):
        find_bands([onoff], [1, 10])
    energy = MapAxis.from_energy_bounds(0.13, 11.0, 8)
    other = dataclasses.replace(dataset, name="other", energy=energy)
    with pytest.raises(ValueError, match="'toy' and 'other' are not aligned"):
        find_bands([dataset, other], [1, 10])


def test_source_and_rest_add_up_to_the_prediction(dataset, models):
    (signal,), (background,) = predict_source([dataset], models, "crab")
    np.testing.assert_allclose(background, 0.8 * 0.02, rtol=1e-12)
    np.testing.assert_allclose(signal + background, npred(dataset, models), atol=1e-12)
    assert signal.sum() > 100


def test_bins_outside_the_masks_do_not_count(dataset, models):
    mask = np.zeros(dataset.shape, bool)
    mask[4:6, :, :10] = True
    masked = dataclasses.replace(dataset, mask_safe=mask)
    (band,) = find_bands([masked], [1.0, 10.0])
    row = collect([masked], *predict_source([masked], models, "crab"), band)
    assert row.counts[0].shape == (2 * 21 * 10,)
    sums = count([row], np.array([2.0]))
    assert sums["counts"].tolist() == [[420.0]]
    np.testing.assert_allclose(
        sums["npred"] - sums["npred_excess"], [[420 * 0.8 * 0.02]], rtol=1e-12
    )


def test_background_measured_off_the_source_is_not_predicted_but_profiled(dataset, models):
    off = np.full(dataset.shape, 12.0)
    off[:, 0, 0] = 0.0
    acceptance_off = np.full(dataset.shape, 4.0)
    acceptance_off[:, :, 0] = 0.0
    measured = dataclasses.replace(
        dataset,
        background=None,
        counts_off=off,
        acceptance=np.ones(dataset.shape),
        acceptance_off=acceptance_off,
    )
    source = Models.create({"crab": models["crab"]})
    (signal,), (other,) = predict_source([measured], source, "crab")
    assert signal.sum() > 100
    assert not other.any()
    (band,) = find_bands([measured], [1.0, 10.0])
    row = collect([measured], [signal], [other], band)
    # Where there is no acceptance off the source, nothing is known of the background.
    assert row.alpha[0].shape == (4 * 21 * 20,)
    np.testing.assert_array_equal(row.alpha[0], 0.25)
    np.testing.assert_array_equal(row.counts_off[0], 12.0)
    # Without a source, all 13 counts are background: 1 / 5 of them on it.
    sums = count([row], np.array([0.0]))
    np.testing.assert_allclose(sums["npred"], [[4 * 21 * 20 * 13 / 5]])
    assert sums["npred_excess"].tolist() == [[0.0]]
