"""Spectra of four H.E.S.S. observations of the Crab Nebula, against Gammapy 2.1."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from gjax.cli.main import main
from gjax.cli.run import run_analysis
from gjax.io.datasets_yaml import read_datasets
from gjax.io.flux_points import read_flux_points
from gjax.io.maps import write_map
from gjax.io.results import read_result
from gjax.maps import Map, WcsGeom

CONFIG = """
general: {log: {level: error}}
observations:
  datastore: $GAMMAPY_DATA/hess-dl3-dr1
  obs_ids: [23523, 23526, 23559, 23592]
datasets:
  type: 1d
  stack: false
  geom:
    axes:
      energy: {min: 0.1 TeV, max: 40 TeV, nbins: 26}
      energy_true: {min: 0.05 TeV, max: 100 TeV, nbins: 66}
  on_region: {frame: icrs, lon: 83.63 deg, lat: 22.01 deg, radius: 0.11 deg}
  containment_correction: true
  background:
    method: reflected
    exclusion: exclusion.fits.gz
  safe_mask:
    methods: [aeff-max]
    parameters: {aeff_percent: 10}
fit:
  fit_range: {min: 0.6 TeV, max: 30 TeV}
flux_points:
  energy: {min: 0.6 TeV, max: 30 TeV, nbins: 8}
  source: crab
  parameters: {selection_optional: [ul]}
"""

MODELS = """
components:
- name: crab
  type: SkyModel
  spectral:
    type: LogParabolaSpectralModel
    parameters:
    - {name: amplitude, value: 3.0e-11, unit: cm-2 s-1 TeV-1}
    - {name: reference, value: 1.0, unit: TeV, frozen: true}
    - {name: alpha, value: 2.3}
    - {name: beta, value: 0.1}
"""

# Value and error of Gammapy 2.1 for this configuration and these models.
GAMMAPY_FIT = {
    "crab.spectral.amplitude": (4.3793727e-11, 2.3079214e-12),
    "crab.spectral.alpha": (2.3835531, 0.1422311),
    "crab.spectral.beta": (0.1529445, 0.0844126),
}
GAMMAPY_STAT = 75.5158248
# Its counts on and off the source within the fit range, and its acceptances off the source.
GAMMAPY_COUNTS = [(172, 140), (143, 95), (127, 271), (124, 367)]
# Its flux points: e_ref in TeV; dnde, error and limit in cm-2 s-1 TeV-1; sqrt(TS).
GAMMAPY_POINTS = np.array(
    [
        [0.7956335, 7.6400890e-11, 5.7108749e-12, 8.8367949e-11, 23.732898],
        [1.2614543, 2.2654204e-11, 2.1045518e-12, 2.7110846e-11, 20.489679],
        [2.0000000, 8.3606199e-12, 8.7751345e-13, 1.0234160e-11, 18.621169],
        [3.1709432, 2.4376367e-12, 3.3082627e-13, 3.1566280e-12, 13.984656],
        [5.0274402, 5.7155032e-13, 1.1552996e-13, 8.3228138e-13, 8.8592778],
        [8.9442719, 1.3529938e-13, 3.1168323e-14, 2.0712872e-13, 7.7452003],
        [15.912670, 1.3012442e-14, 8.7436655e-15, 3.7769365e-14, 2.2158809],
    ]
).T


@pytest.fixture(scope="session")
def crab_1d(gammapy_data, tmp_path_factory):
    """Run the analysis as a user does; give the folder of its products and what it printed."""
    folder = tmp_path_factory.mktemp("crab-1d")
    geom = WcsGeom.create(skydir=(83.63, 22.01), binsz=0.02, width=7.0)
    outside = np.asarray(geom.separation(83.63, 22.01)) > 0.4
    write_map(Map(outside, geom), folder / "exclusion.fits.gz")
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "models.yaml").write_text(MODELS)
    arguments = ["run", str(folder / "config.yaml"), "--models", str(folder / "models.yaml")]
    result = CliRunner().invoke(main, [*arguments, "--output", str(folder / "output")])
    assert result.exit_code == 0, result.output
    return folder / "output", result


@pytest.fixture(scope="session")
def document(crab_1d) -> dict[str, Any]:
    return read_result(crab_1d[0] / "result.json")


def test_counts_are_those_of_gammapy(document):
    rows = document["datasets"]
    assert [(row["counts"], row["counts_off"]) for row in rows] == GAMMAPY_COUNTS
    assert [row["mask"] for row in rows] == [16] * 4
    assert [row["alpha"] for row in rows] == pytest.approx([0.1, 0.1, 1 / 40, 1 / 39])
    # What Gammapy predicts in all, and of it the background that fits best.
    assert [row["npred"] for row in rows] == pytest.approx(
        [166.5646, 170.8011, 113.8781, 113.1528], rel=1e-3
    )
    assert [row["npred_background"] for row in rows] == pytest.approx(
        [14.10913, 9.351743, 6.797413, 9.438457], rel=1e-3
    )
    assert sum(row["stat"] for row in rows) == pytest.approx(document["stat"])


def test_fit_is_that_of_gammapy(document):
    assert document["success"]
    assert document["evaluations"] < 30
    assert document["stat"] == pytest.approx(GAMMAPY_STAT, abs=0.02)
    rows = {row["name"]: row for row in document["parameters"]}
    for name, (value, error) in GAMMAPY_FIT.items():
        assert abs(rows[name]["value"] - value) < 0.02 * error, name
        assert rows[name]["error"] == pytest.approx(error, rel=0.02), name


def test_flux_points_are_those_of_gammapy(crab_1d):
    points = read_flux_points(crab_1d[0] / "flux_points-crab.fits")
    e_ref, dnde, error, limit, sqrt_ts = GAMMAPY_POINTS
    np.testing.assert_allclose(points.e_ref[:-1], e_ref, rtol=1e-6)
    assert np.abs((points.dnde.value[:-1] - dnde) / error).max() < 0.03
    np.testing.assert_allclose(points.column("dnde_err").value[:-1], error, rtol=0.02)
    np.testing.assert_allclose(points.column("dnde_ul").value[:-1], limit, rtol=0.02)
    np.testing.assert_allclose(points.sqrt_ts[:-1], sqrt_ts, atol=0.03)


def test_the_last_band_is_empty_and_limited(crab_1d):
    points = read_flux_points(crab_1d[0] / "flux_points-crab.fits")
    assert points.counts[-1].sum() == 0
    assert points.is_ul.tolist() == [False] * 7 + [True]
    # Two counts are as much as is excluded at two sigma where none are seen and none expected.
    per_count = points.ref_dnde[-1] * points.norm_ul[-1] / points.column("dnde_ul").value[-1]
    assert per_count == pytest.approx(1.0)
    assert 0 < points.column("dnde_ul").value[-1] < points.column("dnde_ul").value[-2]
    assert points.norm[-1] <= 0


def test_products_are_there_and_can_be_fitted_again(crab_1d, tmp_path):
    output, result = crab_1d
    files = set(read_result(output / "result.json")["files"])
    names = [f"obs-{obs_id}" for obs_id in (23523, 23526, 23559, 23592)]
    assert files == {
        "datasets/datasets.yaml",
        "flux_points-crab.ecsv",
        "flux_points-crab.fits",
        "models.yaml",
        "models_covariance.dat",
        "pictures/spectrum-crab.png",
        "result.json",
        *(f"datasets/{name}.fits" for name in names),
        *(f"pictures/counts-{name}.png" for name in names),
    }
    assert "left out" not in result.output
    datasets = read_datasets(output / "datasets" / "datasets.yaml")
    assert datasets.names == tuple(names)
    assert all(dataset.is_onoff and dataset.is_region for dataset in datasets)
    again = CliRunner().invoke(
        main,
        [
            "fit",
            "--datasets",
            str(output / "datasets" / "datasets.yaml"),
            "--models",
            str(output / "models.yaml"),
            "--output",
            str(tmp_path),
        ],
    )
    assert again.exit_code == 0, again.output
    # The files keep the mask of the fit, and their numbers are those of single precision.
    found = read_result(tmp_path / "result.json")
    assert found["stat"] == pytest.approx(read_result(output / "result.json")["stat"], abs=1e-3)
    assert not (tmp_path / "datasets").exists()


def test_a_stack_is_one_spectrum(crab_1d, tmp_path):
    folder = crab_1d[0].parent
    config = (folder / "config.yaml").read_text().replace("stack: false", "stack: true")
    (folder / "stacked.yaml").write_text(config + "gjax: {pictures: false}\n")
    outcome = run_analysis(folder / "stacked.yaml", folder / "models.yaml", tmp_path)
    assert outcome.success
    (row,) = outcome.document["datasets"]
    assert row["name"] == "stacked"
    assert (row["counts"], row["counts_off"]) == tuple(np.sum(GAMMAPY_COUNTS, axis=0))
    for name, (value, error) in GAMMAPY_FIT.items():
        # Stacking takes information away, hardly any here.
        assert abs(outcome.fit.value(name) - value) < 0.3 * error, name
    assert json.loads((tmp_path / "result.json").read_text())["success"] is True
