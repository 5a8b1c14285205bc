"""The Crab Nebula of HAWC: five datasets with PSFs in reconstructed energy, against Gammapy."""

from __future__ import annotations

import numpy as np
import pytest

import gjax
from gjax.dataset import RecoPSFMap
from gjax.io import read_datasets, write_datasets
from gjax.model import Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import LogParabola
from gjax.parameters import Parameters
from gjax.predict import GAMMAPY, info_table


@pytest.fixture(scope="module")
def datasets(gammapy_data):
    return read_datasets(gammapy_data / "hawc" / "DL4" / "HAWC_pass4_public_Crab.yaml")


@pytest.fixture(scope="module")
def models(datasets, with_backgrounds):
    spectrum = LogParabola(amplitude=2.3e-13, reference=7.0, alpha=2.7, beta=0.1)
    crab = SkyModel(spectrum, Point(lon_0=83.63, lat_0=22.02))
    return with_backgrounds(Models.create([("Crab Nebula", crab)]), datasets)


def test_everything_is_read_as_gammapy_does(datasets, instruments, check_reading):
    assert datasets.names == tuple(f"nHit-{n}" for n in range(5, 10))
    for dataset, expected in zip(datasets, instruments["reading"]["hawc"], strict=True):
        check_reading(dataset, expected)
        assert isinstance(dataset.psf, RecoPSFMap)
        assert dataset.gti.total == pytest.approx(expected["ontime"])
        assert dataset.telescope == "HAWC"


def test_table_of_contents_is_that_of_gammapy(datasets, instruments):
    table = datasets.info_table()
    rows = [row["info"] for row in instruments["reading"]["hawc"]]
    columns = [key for key in rows[0] if key not in ("stat_type", "counts_rate", "npred_signal")]
    for column in columns:
        expected = [row[column] for row in rows]
        np.testing.assert_allclose(table[column], expected, rtol=1e-7, err_msg=column)
    assert table["stat_type"] == ["cash"] * 5


def test_prediction_in_gammapys_way_is_gammapys(datasets, models, instruments):
    for name in ("nHit-6", "nHit-9"):
        (expected,) = [row for row in instruments["hawc"]["before"] if row["name"] == name]
        dataset = datasets[name]
        npred = gjax.npred(dataset, models.for_dataset(name), GAMMAPY)
        assert npred.sum() == pytest.approx(expected["npred"], rel=1e-6)
        assert npred[dataset.mask].sum() == pytest.approx(expected["npred_in_mask"], rel=2e-6)
        (stat,) = info_table(dataset, models.for_dataset(name), GAMMAPY)["stat_sum"]
        assert stat == pytest.approx(expected["stat"], abs=0.02)


def test_accurate_prediction_is_near(datasets, models, instruments):
    (expected,) = [row for row in instruments["hawc"]["before"] if row["name"] == "nHit-8"]
    npred = gjax.npred(datasets["nHit-8"], models.for_dataset("nHit-8"))
    assert npred.sum() == pytest.approx(expected["npred"], rel=1e-5)


def test_files_that_gjax_writes_hold_the_same(datasets, tmp_path):
    write_datasets(datasets[3:], tmp_path / "hawc.yaml")
    again = read_datasets(tmp_path / "hawc.yaml")
    for one, other in zip(datasets[3:], again, strict=True):
        np.testing.assert_allclose(other.psf.data, one.psf.data, rtol=1e-14)
        np.testing.assert_allclose(other.exposure, one.exposure, rtol=1e-14)
        assert other.psf.exposure is None


@pytest.mark.slow
def test_fit_is_that_of_gammapy(datasets, models, instruments, check_fit):
    table = Parameters.from_models(models).freeze("Crab Nebula.spatial.*")
    # Gammapy spreads the source over four pixels: its errors on the shape differ by 3%.
    check_fit(gjax.fit(datasets, models, table), instruments["hawc"], within=0.15, errors=0.04)
