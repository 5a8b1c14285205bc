"""Summaries of datasets."""

import dataclasses

import numpy as np
import pytest

from gjax.dataset.dataset import Dataset
from gjax.dataset.info import InfoTable, dataset_info
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.stats.cash import cash
from gjax.stats.counts import ts_known_background, ts_measured_background
from gjax.stats.wstat import wstat

ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 2)
TRUE = MapAxis.from_energy_bounds(1.0, 10.0, 3, name="energy_true")


def _column(*values):
    return np.array(values, float)[:, None, None]


@pytest.fixture
def onoff():
    geom = RegionGeom.circle(83.6, 22.0, 0.1)
    return Dataset(
        "onoff",
        geom,
        ENERGY,
        TRUE,
        counts=_column(20, 5),
        counts_off=_column(30, 50),
        acceptance=_column(1, 1),
        acceptance_off=_column(10, 20),
        exposure=_column(0.0, 2e10, 5e10),
        livetime=np.asarray(100.0),
    )


def test_modelled_background(make):
    dataset = make(1)
    info = dataset_info(dataset)
    safe = dataset.mask_safe
    counts, background = dataset.counts[safe].sum(), dataset.background[safe].sum()
    assert info["counts"] == counts
    assert info["excess"] == pytest.approx(counts - background)
    expected = np.sqrt(ts_known_background(counts, background)) * np.sign(counts - background)
    assert info["sqrt_ts"] == pytest.approx(float(expected))
    assert info["npred"] == info["npred_background"] == pytest.approx(background)
    assert np.isnan(info["npred_signal"])
    assert info["counts_rate"] == pytest.approx(counts / 540.0)
    assert (info["ontime"], info["livetime"]) == (600.0, 540.0)
    assert (info["n_bins"], info["n_fit_bins"]) == (safe.size, safe.sum())
    assert info["stat_type"] == "cash"
    assert np.isnan(info["stat_sum"])


def test_measured_background(onoff):
    info = dataset_info(onoff)
    background = 0.1 * 30 + 0.05 * 50
    assert info["background"] == pytest.approx(background)
    assert info["excess"] == pytest.approx(25 - background)
    assert info["counts_off"] == 80
    assert info["alpha"] == pytest.approx(background / 80)
    assert info["acceptance_off"] == pytest.approx(2 * 80 / background)
    ts = ts_measured_background(25, 80, background / 80)
    assert info["sqrt_ts"] == pytest.approx(float(np.sqrt(ts)))
    # Bins without exposure say nothing about its range.
    assert (info["exposure_min"], info["exposure_max"]) == (2e10, 5e10)
    assert np.isnan(info["ontime"])
    assert info["stat_type"] == "wstat"


def test_predictions_complete_the_row(make):
    dataset = make(1)
    signal, background = np.full(dataset.shape, 0.5), 1.1 * dataset.background
    info = dataset_info(dataset, signal, background)
    safe = dataset.mask_safe
    assert info["npred_signal"] == pytest.approx(0.5 * safe.sum())
    assert info["npred"] == pytest.approx(info["npred_signal"] + background[safe].sum())
    # The excess is that over the modelled background, the background that of the dataset.
    assert info["background"] == pytest.approx(dataset.background[safe].sum())
    assert info["excess"] == pytest.approx(info["counts"] - background[safe].sum())
    expected = float(cash(dataset.counts, signal + background)[safe].sum())
    assert info["stat_sum"] == pytest.approx(expected)


def test_predictions_of_onoff_data(onoff):
    null = dataset_info(onoff)
    # Without signal all counts are background: shared out like the acceptances.
    assert null["npred"] == pytest.approx(50 / 11 + 55 / 21)
    assert np.isnan(null["npred_signal"])
    on, off, alpha = onoff.counts, onoff.counts_off, onoff.alpha
    assert null["stat_sum"] == pytest.approx(float(wstat(on, off, alpha, 0.0 * on).sum()))
    signal = _column(10.0, 3.0)
    info = dataset_info(onoff, signal, _column(3.0, 2.0))
    assert (info["npred_signal"], info["npred"]) == (13.0, 18.0)
    assert info["stat_sum"] == pytest.approx(float(wstat(on, off, alpha, signal).sum()))


def test_nothing_known_is_not_a_number(onoff):
    bare = Dataset("bare", onoff.geom, ENERGY, TRUE)
    info = dataset_info(bare)
    assert info["counts"] == info["n_bins"] == 0
    for key in ("excess", "sqrt_ts", "background", "npred", "livetime", "exposure_max"):
        assert np.isnan(info[key]), key
    no_off = dataclasses.replace(onoff, counts_off=_column(0, 0))
    assert np.isnan(dataset_info(no_off)["alpha"])
    assert np.isnan(dataset_info(no_off)["sqrt_ts"])


def test_table_prints_and_looks_columns_up():
    table = InfoTable(({"name": "a", "counts": 3}, {"name": "b", "alpha": 0.25}))
    assert list(table) == ["name", "counts", "alpha"]
    assert table["counts"][0] == 3
    assert str(table).splitlines()[1].split() == ["a", "3", "-"]
    with pytest.raises(KeyError, match="no column 'count'; there are name, counts, alpha"):
        table["count"]
