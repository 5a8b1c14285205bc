"""The table of datasets with what models predict."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.dataset import FluxPointsDataset
from gjax.maps import WcsGeom
from gjax.model import FoVBackground, Models
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLawNorm
from gjax.predict import info_table, npred, npred_prepared, prepare
from gjax.predict.npred import onoff_background

SOURCE = Gaussian(lon_0=10.0, lat_0=20.0, sigma=0.1)


@pytest.fixture
def dataset(gaussian_dataset):
    geom = WcsGeom.create((10.0, 20.0), binsz=0.05, npix=32, proj="TAN")
    ones = np.ones((1, *geom.shape))
    return gaussian_dataset(geom, 0.05, counts=np.round(2.0 * ones), background=ones)


def test_signal_and_background_are_told_apart(dataset, source):
    models = Models.create([*source(SOURCE).items(), FoVBackground("toy", PowerLawNorm(norm=1.5))])
    table = info_table(dataset, models)
    assert table["npred_background"] == [pytest.approx(1.5 * 32**2)]
    assert table["npred_signal"] == [pytest.approx(npred(dataset, source(SOURCE)).sum() - 32**2)]
    assert table["excess"] == [pytest.approx(0.5 * 32**2)]
    total = npred(dataset, models)
    expected = 2.0 * (total - dataset.counts * np.log(total)).sum()
    assert table["stat_sum"] == [pytest.approx(expected)]


def test_onoff_data_have_their_most_likely_background(dataset, source):
    ones = np.ones(dataset.shape)
    onoff = dataclasses.replace(
        dataset, background=None, counts_off=6.0 * ones, acceptance=ones, acceptance_off=5.0 * ones
    )
    models = source(SOURCE)
    (row,) = info_table(onoff, models).rows
    (signal,) = npred_prepared(prepare([onoff], models), models)
    assert row["npred_signal"] == pytest.approx(signal.sum())
    assert row["npred_background"] == pytest.approx(onoff_background(onoff, signal).sum())
    assert row["background"] == pytest.approx(1.2 * 32**2)


def test_flux_points_have_a_row_too(dataset, source):
    points = FluxPointsDataset.create("sed", [1.0, 2.0], [1e-11, 2e-12], dnde_err=[1e-12, 1e-12])
    table = info_table([dataset, points], source(SOURCE))
    assert table["name"] == ["toy", "sed"]
    assert table["n_fit_bins"] == [32**2, 2]
    assert np.isnan(table["npred"][1])
