"""What a run says about datasets of each kind."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from gjax.cli.rows import background_counts, dataset_rows, predicted_background
from gjax.dataset import Dataset
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.maps import MapAxis, WcsGeom
from gjax.maps.region_geom import RegionGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw, PowerLawNorm

GEOM = WcsGeom.create((83.6, 22.0), binsz=0.5, width=1.0)
ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 2)
TRUE = MapAxis.from_energy_bounds(1.0, 10.0, 3, name="energy_true")
MODELS = Models.create(
    {
        "crab": SkyModel(PowerLaw(), Point(lon_0=83.6, lat_0=22.0)),
        "map-bkg": FoVBackground("map", PowerLawNorm(norm=2.0, tilt=0.5)),
    }
)


def on_map(name="map", background=True):
    cube = np.full((2, *GEOM.shape), 3.0)
    return Dataset(name, GEOM, ENERGY, TRUE, counts=cube, background=cube if background else None)


def onoff():
    column = np.reshape([12.0, 3.0], (2, 1, 1))
    return Dataset(
        "spectrum",
        RegionGeom.circle(83.6, 22.0, 0.1),
        ENERGY,
        TRUE,
        counts=column,
        counts_off=np.reshape([20.0, 0.0], (2, 1, 1)),
        acceptance=np.ones((2, 1, 1)),
        acceptance_off=np.reshape([5.0, 10.0], (2, 1, 1)),
        livetime=np.array(100.0),
        obs_ids=(7,),
    )


def test_background_counts_have_norm_and_tilt():
    found = background_counts(on_map(), MODELS)
    expected = 3.0 * 2.0 * ENERGY.center**-0.5
    np.testing.assert_allclose(found[:, 0, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(background_counts(on_map("other"), MODELS), 3.0)
    assert background_counts(on_map(background=False), MODELS) is None


def test_background_of_onoff_data_is_the_best_for_the_signal():
    dataset = onoff()
    signal = np.reshape([8.0, 1.0], (2, 1, 1))
    background = predicted_background(dataset, signal, MODELS)
    alpha = dataset.alpha
    # Small changes of it make the likelihood worse.
    n, m = dataset.counts, dataset.counts_off

    def loss(off):
        on = signal + alpha * off
        return 2 * (on + off - n * np.log(on) - np.where(m > 0, m * np.log(off + 1e-300), 0))

    best = loss(background / alpha)
    for step in (0.99, 1.01):
        changed = loss(step * background / alpha)
        assert changed[0] > best[0]
        assert changed[1] == best[1]  # the second is at its bound: no background at all
    # A model of the background scales the ratio of acceptances.
    scaled = Models.create([FoVBackground("spectrum", PowerLawNorm(norm=2.0))])
    twice = dataclasses.replace(dataset, acceptance=2 * dataset.acceptance)
    np.testing.assert_allclose(
        predicted_background(dataset, signal, scaled), predicted_background(twice, signal, MODELS)
    )


def test_rows_of_each_kind():
    points = FluxPointsDataset(
        "points", np.array([1.0, 2.0]), np.array([1e-11, 2e-12]), dnde_err=np.array([1e-12, np.nan])
    )
    datasets = [on_map(), onoff(), points]
    signal = np.reshape([8.0, 1.0], (2, 1, 1))
    npred = [background_counts(datasets[0], MODELS) + 1.0, signal, np.array([1e-11, 3e-12])]
    fit = SimpleNamespace(models=MODELS, stat_datasets={"map": 1.0, "spectrum": 2.0, "points": 3.0})
    rows = dataset_rows(datasets, npred, fit)
    assert [row["stat"] for row in rows] == [1.0, 2.0, 3.0]
    assert rows[0]["npred_signal"] == pytest.approx(8.0)
    assert rows[0]["npred"] == pytest.approx(8.0 + rows[0]["npred_background"])
    assert rows[0]["background"] == 24.0
    assert rows[1]["counts"] == 15.0
    assert rows[1]["counts_off"] == 20.0
    assert rows[1]["background"] == 4.0
    assert rows[1]["excess"] == 11.0
    assert rows[1]["alpha"] == pytest.approx(0.2)
    assert rows[1]["npred"] == pytest.approx(9.0 + rows[1]["npred_background"])
    assert rows[1]["livetime"] == 100.0
    assert (rows[2]["shape"], rows[2]["mask"]) == ((2,), 1)
    assert "counts" not in rows[2]
