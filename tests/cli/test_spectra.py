"""Spectra from simulated observations: regions, what is left out, and the whole run."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from gjax.cli.config import parse_config
from gjax.cli.main import main
from gjax.cli.progress import Progress
from gjax.cli.reduction import iter_observations, open_data_store
from gjax.cli.spectra import off_region_options, on_region, reduce_spectra
from gjax.errors import ConfigError
from gjax.io.results import read_result

REGION = {"frame": "icrs", "lon": "83.65 deg", "lat": "22.0 deg", "radius": "0.2 deg"}
# Around the source, with the pointing of the first observation in it, but not of the other.
AROUND_ONE = {"frame": "icrs", "lon": "83.63 deg", "lat": "21.95 deg", "radius": "0.38 deg"}
AXES = {
    "energy": {"min": "0.1 TeV", "max": "10 TeV", "nbins": 8},
    "energy_true": {"min": "0.06 TeV", "max": "20 TeV", "nbins": 16},
}
MODELS = """
components:
- name: crab
  type: SkyModel
  spectral:
    type: PowerLawSpectralModel
    parameters:
    - {name: index, value: 2.2}
    - {name: amplitude, value: 1.5e-11, unit: cm-2 s-1 TeV-1}
    - {name: reference, value: 1.0, unit: TeV, frozen: true}
"""


def content(**datasets):
    """Give a configuration of spectra of the simulated source."""
    section = {
        "type": "1d",
        "stack": False,
        "on_region": REGION,
        "geom": {"axes": AXES},
        "background": {"method": "reflected"},
        "safe_mask": {"methods": ["aeff-max"]},
    }
    return {
        "general": {"log": {"level": "error"}},
        "observations": {"datastore": "store", "obs_ids": [7, 9]},
        "datasets": section | datasets,
    }


def reduce(workplace, **datasets):
    config = parse_config(content(**datasets), folder=workplace)
    with Progress(1, quiet=True) as progress:
        observations = iter_observations(config, open_data_store(config), [7, 9], progress)
        return reduce_spectra(config, observations, progress), progress


def test_region_is_a_circle_or_a_point():
    datasets = parse_config(content()).settings.datasets
    region = on_region(datasets)
    assert not region.is_point
    assert region.contains(83.65, 22.19)
    assert not region.contains(83.65, 22.21)
    galactic = {"frame": "galactic", "lon": "184.6 deg", "lat": "-5.8 deg"}
    point = on_region(parse_config(content(on_region=galactic)).settings.datasets)
    assert point.is_point
    assert (point.frame, point.center) == ("galactic", (184.6, -5.8))


@pytest.mark.parametrize(
    ("parameters", "radius", "expected"),
    [
        ({}, True, {"finder": "reflected"}),
        (
            {"min_distance": "0.1 rad", "max_region_number": "6"},
            True,
            {"finder": "reflected", "min_distance": np.degrees(0.1), "max_region_number": 6},
        ),
        ({"n_off_regions": 3}, True, {"finder": "wobble", "n_off_regions": 3}),
        ({}, False, {"finder": "wobble"}),
    ],
)
def test_options_of_off_regions(parameters, radius, expected):
    region = REGION if radius else {key: REGION[key] for key in ("frame", "lon", "lat")}
    background = {"method": "reflected", "parameters": parameters}
    config = parse_config(content(background=background, on_region=region))
    found = off_region_options(config.settings.datasets)
    assert found == pytest.approx(expected) if len(found) == 1 else found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == (value if isinstance(value, str) else pytest.approx(value))


def test_off_counts_are_the_background(workplace):
    datasets, progress = reduce(workplace)
    assert [dataset.name for dataset in datasets] == ["obs-7", "obs-9"]
    assert progress.left_out == []
    for dataset in datasets:
        assert dataset.is_onoff
        assert dataset.is_region
        assert dataset.background is None
        # Observed half a degree away there is room for a few regions.
        assert 2 <= dataset.acceptance_off.max() < 20
        assert dataset.excess.sum() > 5 * np.sqrt(dataset.counts.sum())
        assert dataset.obs_ids == (int(dataset.name[4:]),)


def test_few_regions_when_asked(workplace):
    parameters = {"n_off_regions": 1}
    datasets, _ = reduce(workplace, background={"method": "reflected", "parameters": parameters})
    for dataset in datasets:
        np.testing.assert_array_equal(dataset.acceptance_off, 1.0)


def test_stack(workplace):
    (stacked,), _ = reduce(workplace, stack=True)
    datasets, _ = reduce(workplace)
    assert stacked.name == "stacked"
    assert stacked.obs_ids == (7, 9)
    safe = [dataset.mask for dataset in datasets]
    for name in ("counts", "counts_off"):
        total = sum(getattr(d, name) * m for d, m in zip(datasets, safe, strict=True))
        np.testing.assert_allclose(getattr(stacked, name), total)


def test_without_background_all_counts_are_signal(workplace):
    datasets, _ = reduce(workplace, background={"method": None})
    assert not any(dataset.is_onoff for dataset in datasets)
    measured, _ = reduce(workplace)
    np.testing.assert_array_equal(datasets[0].counts, measured[0].counts)


def test_an_observation_without_off_region_is_left_out(workplace):
    datasets, progress = reduce(workplace, on_region=AROUND_ONE)
    assert [dataset.name for dataset in datasets] == ["obs-9"]
    assert progress.left_out == ["observation 7: no off region outside the exclusion mask"]


def test_a_region_that_nobody_observed(workplace):
    region = REGION | {"lat": "22.0 deg", "radius": "1.5 deg"}  # holds both pointings
    with pytest.raises(ConfigError, match="no observation is left"):
        reduce(workplace, on_region=region)


def test_an_observation_that_cannot_be_reduced_is_named(workplace):
    config = parse_config(content(), folder=workplace)
    store = open_data_store(config)
    good, bad = (store.observation(obs_id) for obs_id in (7, 9))
    bad = dataclasses.replace(bad, psf=None)
    with (
        Progress(1, quiet=True) as progress,
        pytest.raises(ConfigError, match=r"observation 9: .*PSF"),
    ):
        reduce_spectra(config, [good, bad], progress)
    skipping = parse_config(content() | {"gjax": {"on_error": "skip"}}, folder=workplace)
    with Progress(1, quiet=True) as progress:
        datasets = reduce_spectra(skipping, [good, bad], progress)
    assert [dataset.name for dataset in datasets] == ["obs-7"]
    assert "observation 9" in progress.left_out[0]


@pytest.fixture(scope="module")
def finished(workplace, tmp_path_factory):
    """Run the command with flux points; give its folder and what it printed."""
    folder = tmp_path_factory.mktemp("spectra")
    (folder / "models.yaml").write_text(MODELS)
    config = content() | {
        "fit": {"fit_range": {"min": "0.2 TeV"}},
        "flux_points": {
            "energy": {"min": "0.4 TeV", "max": "10 TeV", "nbins": 2},
            "source": "crab",
        },
    }
    config["observations"]["datastore"] = str(workplace / "store")
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    arguments = ["run", str(folder / "config.yaml"), "--models", str(folder / "models.yaml")]
    result = CliRunner().invoke(main, [*arguments, "--output", str(folder / "output")])
    return folder, result


def test_run_finds_the_truth(finished):
    folder, result = finished
    assert result.exit_code == 0, result.output
    document = read_result(folder / "output" / "result.json")
    rows = {row["name"]: row for row in document["parameters"]}
    assert set(rows) == {f"crab.spectral.{name}" for name in ("index", "amplitude", "reference")}
    for name, truth in (("index", 2.5), ("amplitude", 2e-11)):
        row = rows[f"crab.spectral.{name}"]
        assert abs(row["value"] - truth) < 4 * row["error"]
    for row in document["datasets"]:
        assert row["excess"] == pytest.approx(row["counts"] - row["alpha"] * row["counts_off"])
        assert row["npred"] == pytest.approx(row["npred_signal"] + row["npred_background"])
    points = document["flux_points"]
    assert all(points["success"])
    names = {name for name in document["files"] if name.startswith("pictures")}
    assert names == {
        "pictures/counts-obs-7.png",
        "pictures/counts-obs-9.png",
        "pictures/spectrum-crab.png",
    }


def test_run_says_what_was_left_out(finished, tmp_path):
    folder, _ = finished
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["datasets"]["on_region"] = AROUND_ONE
    config["gjax"] = {"pictures": False}
    del config["flux_points"]
    (folder / "other.yaml").write_text(yaml.safe_dump(config))
    arguments = ["run", str(folder / "other.yaml"), "--models", str(folder / "models.yaml")]
    result = CliRunner().invoke(main, [*arguments, "--output", str(tmp_path)])
    assert result.exit_code == 3, result.output
    assert "left out:\n  observation 7: no off region outside" in result.stdout
    assert "warning: observation 7 is left out" in result.stderr
    assert read_result(tmp_path / "result.json")["left_out"] == [
        "observation 7: no off region outside the exclusion mask"
    ]
