"""One analysis from files to products, and what happens when something is wrong."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from gjax.cli.main import main
from gjax.cli.run import run_analysis
from gjax.errors import ConfigError
from gjax.infer.problem import Status
from gjax.io.datasets import read_dataset
from gjax.io.flux_points import read_flux_points
from gjax.io.models import read_models
from gjax.io.results import read_result

TRUTHS = {
    "crab.spectral.index": 2.5,
    "crab.spectral.amplitude": 2e-11,
    "crab.spatial.lon_0": 83.65,
    "crab.spatial.lat_0": 22.0,
    "obs-9-bkg.spectral.norm": 1.0,
    "obs-9-bkg.spectral.tilt": 0.0,
    "obs-7-bkg.spectral.norm": 1.0,
}


@pytest.fixture(scope="session")
def finished(workplace):
    """Run the command once; give its folder and what it printed."""
    output = workplace / "results"
    result = CliRunner().invoke(
        main, ["run", str(workplace / "config.yaml"), "--output", str(output)]
    )
    assert result.exit_code == 0, result.output
    return output, result


def test_fit_finds_the_truth(finished):
    document = read_result(finished[0] / "result.json")
    rows = {row["name"]: row for row in document["parameters"]}
    assert document["success"] is True
    for name, truth in TRUTHS.items():
        assert abs(rows[name]["value"] - truth) < 4 * rows[name]["error"], name
    # The model given for one dataset is kept, the other gets the default: tilt frozen.
    assert rows["obs-9-bkg.spectral.tilt"]["frozen"] is False
    assert rows["obs-7-bkg.spectral.tilt"]["frozen"] is True
    assert rows["obs-7-bkg.spectral.tilt"]["error"] == 0


def test_result_says_where_it_comes_from(finished):
    document = json.loads((finished[0] / "result.json").read_text())
    assert set(document["timing"]) >= {"reduce", "compile", "fit", "covariance"}
    assert document["seed"] == 0
    assert document["configuration"]["observations"]["obs_ids"] == [7, 9]
    assert document["versions"]["numpy"] == np.__version__
    assert [row["name"] for row in document["datasets"]] == ["obs-7", "obs-9"]
    for row in document["datasets"]:
        assert row["counts"] == pytest.approx(row["npred"], rel=0.2)
        assert row["obs_ids"] == [int(row["name"][4:])]
    stats = sum(row["stat"] for row in document["datasets"])
    assert document["stat"] == pytest.approx(stats)


def test_flux_points_meet_the_counts(finished):
    output, result = finished
    entry = read_result(output / "result.json")["flux_points"]
    points = read_flux_points(output / "flux_points-crab.fits")
    model = read_models(output / "models.yaml").models["crab"].spectral
    assert entry["source"] == points.source == "crab"
    assert points.success.all()
    # From 1.2 TeV in two bands, at the edges of the bins: 1.58, 3.98 and 10 TeV.
    np.testing.assert_allclose(points.e_min, 10 ** np.array([0.2, 0.6]))
    np.testing.assert_allclose(entry["e_ref"], points.e_ref)
    np.testing.assert_allclose(entry["dnde"], points.dnde.value)
    np.testing.assert_allclose(entry["dnde_ul"], points.column("dnde_ul").value)
    # There is hardly any background: the prediction meets the counts.
    np.testing.assert_allclose(points.npred.sum(axis=1), points.counts.sum(axis=1), rtol=0.03)
    np.testing.assert_allclose(points.norm * points.ref_dnde, points.dnde.value)
    np.testing.assert_allclose(points.ref_dnde, model(points.e_ref), rtol=1e-6)
    assert (points.sqrt_ts > 5).all()
    fluxes = read_flux_points(output / "flux_points-crab.ecsv")
    np.testing.assert_allclose(fluxes.dnde.value, points.dnde.value)
    assert "Flux points of crab" in result.stdout


def test_flux_points_of_a_source_that_is_not_there(workplace, tmp_path):
    path = broken(workplace, tmp_path, "flux_points.source", "vela")
    result = CliRunner().invoke(main, ["run", str(path), "--output", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "flux_points.source: the models have no source named 'vela'; there are: crab" in (
        result.stderr
    )
    assert not (tmp_path / "out").exists()


def test_products_are_all_there(finished):
    output, result = finished
    document = read_result(output / "result.json")
    assert set(document["files"]) == {
        "datasets/datasets.yaml",
        "datasets/obs-7.fits",
        "datasets/obs-9.fits",
        "models.yaml",
        "models_covariance.dat",
        "flux_points-crab.fits",
        "flux_points-crab.ecsv",
        "result.json",
        "pictures/maps-obs-7.png",
        "pictures/maps-obs-9.png",
        "pictures/counts-obs-7.png",
        "pictures/counts-obs-9.png",
        "pictures/spectrum-crab.png",
    }
    for name in document["files"]:
        assert (output / name).stat().st_size > 100
        assert name in result.stdout


def test_fit_range_is_the_mask_of_the_fit(finished):
    output, _ = finished
    dataset = read_dataset(output / "datasets" / "obs-7.fits")
    used = dataset.mask.any(axis=(1, 2))
    # Only bins wholly above 0.2 TeV: the first goes from 0.1 to 0.25.
    np.testing.assert_array_equal(used, [False, True, True, True, True])
    rows = read_result(output / "result.json")["datasets"]
    assert rows[0]["mask"] == dataset.mask.sum()
    assert rows[0]["counts"] == dataset.counts[dataset.mask].sum()


def test_models_are_written_with_errors(finished):
    output, _ = finished
    contents = read_models(output / "models.yaml")
    document = read_result(output / "result.json")
    assert contents.parameters.names == tuple(row["name"] for row in document["parameters"])
    errors = [row["error"] for row in document["parameters"]]
    np.testing.assert_allclose(contents.errors, errors, rtol=1e-6)
    np.testing.assert_allclose(
        contents.parameters.values, [row["value"] for row in document["parameters"]], rtol=1e-12
    )


def test_products_are_not_replaced_unless_told(finished, workplace):
    output, _ = finished
    before = (output / "result.json").read_bytes()
    result = CliRunner().invoke(
        main, ["run", str(workplace / "config.yaml"), "--output", str(output)]
    )
    assert result.exit_code == 2
    assert "--overwrite" in result.stderr
    assert (output / "result.json").read_bytes() == before


def test_failed_fit_is_written_and_told(finished, workplace, tmp_path, monkeypatch):
    from gjax.cli import run

    def fail(*args, **kwargs):
        return dataclasses.replace(run_fit(*args, **kwargs), status=Status.MAX_EVALUATIONS)

    run_fit = run.run_fit
    monkeypatch.setattr(run, "run_fit", fail)
    result = CliRunner().invoke(
        main, ["run", str(workplace / "config.yaml"), "--output", str(tmp_path), "--quiet"]
    )
    assert result.exit_code == 1
    assert "too many evaluations" in result.stderr
    document = read_result(tmp_path / "result.json")
    assert document["success"] is False
    assert "too many evaluations" in document["message"]
    assert (tmp_path / "models.yaml").exists()
    # What is made from a fit is not made from one that failed.
    assert "flux_points" not in document
    assert "no flux points" in result.stderr


def test_minimiser_is_chosen(finished, workplace, tmp_path, monkeypatch):
    """The key reaches the fit, and names that there are not are refused."""
    from gjax.cli import run

    class ReachedError(Exception):
        pass

    def stop(*args, method, **kwargs):
        raise ReachedError(method)

    monkeypatch.setattr(run, "run_fit", stop)
    path = broken(workplace, tmp_path, "gjax", {"fit": {"method": "lbfgs"}})
    with pytest.raises(ReachedError, match="lbfgs"):
        run.run_analysis(path, output=tmp_path / "out", quiet=True)
    path = broken(workplace, tmp_path, "gjax", {"fit": {"method": "simplex"}})
    with pytest.raises(ConfigError, match=r"gjax\.fit\.method"):
        run.run_analysis(path, output=tmp_path / "other", quiet=True)


def test_stacked_run_from_python(finished, workplace, tmp_path):
    config = yaml.safe_load((workplace / "config.yaml").read_text())
    config["datasets"]["stack"] = True
    config["observations"]["datastore"] = str(workplace / "store")
    config["gjax"] = {"pictures": False}
    models = yaml.safe_load((workplace / "start.yaml").read_text())
    del models["components"][1]
    (tmp_path / "models.yaml").write_text(yaml.safe_dump(models))
    output = tmp_path / "output"
    (output / "datasets").mkdir(parents=True)
    mine = output / "datasets" / "mine.fits"
    mine.write_text("not a product of gjax")
    outcome = run_analysis(config, tmp_path / "models.yaml", output, overwrite=True)
    assert outcome.success
    assert outcome.datasets[0].obs_ids == (7, 9)
    assert sorted(path.name for path in output.iterdir()) == [
        "datasets",
        "flux_points-crab.ecsv",
        "flux_points-crab.fits",
        "models.yaml",
        "models_covariance.dat",
        "result.json",
    ]
    separate = read_result(finished[0] / "result.json")
    assert (
        sum(row["counts"] for row in separate["datasets"])
        == outcome.document["datasets"][0]["counts"]
    )
    assert mine.exists()


def broken(workplace, tmp_path, dotted, value):
    """Write the configuration with one key changed."""
    config = yaml.safe_load((workplace / "config.yaml").read_text())
    config["observations"]["datastore"] = str(workplace / "store")
    config["general"]["models_file"] = str(workplace / "start.yaml")
    section = config
    *path, name = dotted.split(".")
    for part in path:
        section = section.setdefault(part, {})
    section[name] = value
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.mark.parametrize(
    ("dotted", "value", "words"),
    [
        ("datasets.typo", 1, "datasets.typo: unknown key; did you mean datasets.type?"),
        ("datasets.type", "1d", "datasets.on_region.lon: the centre of the region is needed"),
        ("observations.datastore", "nowhere", "observations.datastore: no such file or folder"),
        ("observations.obs_ids", [7, 8], "observations.obs_ids: not in the data store: 8"),
        ("observations.obs_file", "ids.txt", "observations.obs_file"),
        ("datasets.background", {"method": "fov_background", "exclusion": "no.fits"}, "no.fits"),
        ("datasets.safe_mask.parameters.offset_max", "2", "offset_max"),
        ("general.models_file", None, "general.models_file"),
        ("general.models_file", "absent.yaml", "absent.yaml"),
        ("fit.fit_range.min", "9 TeV", "fit.fit_range: no bin is left"),
        ("datasets.geom.wcs.skydir.lat", "-70 deg", "no observation overlaps"),
        ("general.log.filename", "no/such/folder/log.txt", "general.log.filename"),
    ],
)
def test_user_errors_are_one_line(workplace, tmp_path, dotted, value, words):
    path = broken(workplace, tmp_path, dotted, value)
    result = CliRunner().invoke(main, ["run", str(path), "--output", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert words in result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("gjax: error: ")
    assert "Traceback" not in result.output


def test_debug_shows_where_an_error_arose(workplace, tmp_path):
    path = broken(workplace, tmp_path, "datasets.typo", 1)
    result = CliRunner().invoke(main, ["run", str(path), "--debug"])
    assert isinstance(result.exception, ConfigError)


def test_models_of_other_datasets_are_refused(workplace, tmp_path):
    path = broken(workplace, tmp_path, "datasets.stack", True)
    with pytest.raises(ConfigError, match=r"'obs-9'.* datasets are stacked"):
        run_analysis(path, output=tmp_path / "out")


def test_results_do_not_replace_the_models_that_are_read(workplace, tmp_path):
    models = tmp_path / "models.yaml"
    models.write_text((workplace / "start.yaml").read_text())
    with pytest.raises(ConfigError, match="which the analysis reads"):
        run_analysis(workplace / "config.yaml", models, tmp_path, overwrite=True)
    assert models.read_text() == (workplace / "start.yaml").read_text()
