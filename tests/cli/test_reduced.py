"""Joint fits of datasets that exist already: maps, spectra and flux points in one run."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import yaml
from astropy.io import fits
from click.testing import CliRunner

from gjax.cli.config import parse_config
from gjax.cli.main import main
from gjax.cli.progress import Progress
from gjax.cli.reduced import find_datasets_file, read_reduced
from gjax.dataset import Dataset, EDispKernelMap, PSFMap
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.errors import ConfigError
from gjax.io.datasets_yaml import write_datasets
from gjax.io.ogip import write_ogip
from gjax.io.results import read_result
from gjax.maps import MapAxis, WcsGeom
from gjax.maps.region_geom import RegionGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw
from gjax.predict import npred

ENERGY = MapAxis.from_energy_bounds(0.3, 30.0, 6)
TRUE = MapAxis.from_energy_bounds(0.3, 30.0, 6, name="energy_true")
SPECTRUM = PowerLaw(index=2.4, amplitude=3e-11, reference=1.0)
CRAB = Models.create({"crab": SkyModel(SPECTRUM, Point(83.63, 22.01))})
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
  spatial:
    type: PointSpatialModel
    frame: icrs
    parameters:
    - {name: lon_0, value: 83.63, unit: deg, frozen: true}
    - {name: lat_0, value: 22.01, unit: deg, frozen: true}
"""


def responses(geom):
    """Give PSF and dispersion of a perfect instrument with a small PSF."""
    ones = np.ones((TRUE.nbin, *geom.shape))
    rad = MapAxis.from_bounds(0.0, 0.5, 100, "rad", "deg")
    profile = np.exp(-0.5 * (rad.center / 0.06) ** 2) / (2 * np.pi * np.radians(0.06) ** 2)
    psf = np.broadcast_to(profile[None, :, None, None], (TRUE.nbin, rad.nbin, *geom.shape))
    kernel = np.broadcast_to(np.eye(TRUE.nbin)[..., None, None], (TRUE.nbin, 6, *geom.shape))
    return PSFMap(psf, ones, geom, TRUE, rad), EDispKernelMap(kernel, ones, geom, TRUE, ENERGY)


def sky_map():
    geom = WcsGeom.create((83.63, 22.01), 0.1, npix=(21, 21), proj="TAN")
    psf, edisp = responses(WcsGeom.create(geom.center, 1.0, npix=3, proj="TAN"))
    shape = (ENERGY.nbin, *geom.shape)
    dataset = Dataset(
        "map",
        geom,
        ENERGY,
        TRUE,
        exposure=np.full(shape, 3e13),
        background=np.full(shape, 0.02),
        psf=psf,
        edisp=edisp,
    )
    return dataclasses.replace(dataset, counts=npred(dataset, CRAB))


def spectrum():
    region = RegionGeom.circle(83.63, 22.01, 0.2)
    _, edisp = responses(region)
    column = np.ones((ENERGY.nbin, 1, 1))
    bare = Dataset("spectrum", region, ENERGY, TRUE, exposure=3e13 * column, edisp=edisp)
    return dataclasses.replace(
        bare,
        counts=npred(bare, CRAB) + 2.0,
        counts_off=10 * column,
        acceptance=column,
        acceptance_off=5 * column,
    )


def points():
    energy = np.array([0.5, 2.0, 8.0])
    dnde = np.asarray(SPECTRUM(energy))
    return FluxPointsDataset("points", energy, dnde, dnde_err=0.1 * dnde)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder with datasets of three kinds that a power law describes exactly."""
    folder = tmp_path_factory.mktemp("joint")
    write_datasets([sky_map(), spectrum(), points()], folder / "datasets.yaml")
    (folder / "models.yaml").write_text(MODELS)
    return folder


def invoke(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def finished(folder):
    output = folder / "output"
    files = ("--datasets", folder / "datasets.yaml", "--models", folder / "models.yaml")
    return output, invoke("fit", *files, "--output", output)


def test_a_joint_fit_of_all_kinds_finds_the_truth(finished):
    output, result = finished
    assert result.exit_code == 0, result.output
    document = read_result(output / "result.json")
    rows = {row["name"]: row for row in document["parameters"]}
    # Every kind is exact: any weights give the same answer.
    assert rows["crab.spectral.index"]["value"] == pytest.approx(2.4, rel=1e-4)
    assert rows["crab.spectral.amplitude"]["value"] == pytest.approx(3e-11, rel=1e-4)
    stats = {row["name"]: row["stat"] for row in document["datasets"]}
    assert list(stats) == ["map", "spectrum", "points"]
    assert stats["spectrum"] == pytest.approx(0.0, abs=1e-4)
    assert stats["points"] == pytest.approx(0.0, abs=1e-4)
    # No background model was added: that of the map is taken as it is.
    assert set(rows) == {
        f"crab.{name}"
        for name in (
            "spectral.index",
            "spectral.amplitude",
            "spectral.reference",
            "spatial.lon_0",
            "spatial.lat_0",
        )
    }


def test_products_of_a_joint_fit(finished):
    output, _ = finished
    assert set(read_result(output / "result.json")["files"]) == {
        "models.yaml",
        "models_covariance.dat",
        "result.json",
        "pictures/maps-map.png",
        "pictures/counts-map.png",
        "pictures/counts-spectrum.png",
        "pictures/spectrum-crab.png",
    }


def test_a_configuration_adds_fit_range_and_flux_points(folder, tmp_path):
    content = {
        "general": {"datasets_file": "datasets.yaml", "models_file": "models.yaml"},
        "fit": {"fit_range": {"min": "0.9 TeV"}},
        "flux_points": {"energy": {"min": "1 TeV", "max": "30 TeV", "nbins": 2}, "source": "crab"},
        "gjax": {"pictures": False},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    result = invoke("run", folder / "config.yaml", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    document = read_result(tmp_path / "out" / "result.json")
    assert [row["mask"] for row in document["datasets"]] == [4 * 21 * 21, 4, 2]
    found = document["flux_points"]
    # From map and spectrum together; the flux points that are data have no part in it.
    np.testing.assert_allclose(found["dnde"], SPECTRUM(np.array(found["e_ref"])), rtol=1e-3)
    assert not (tmp_path / "out" / "datasets").exists()


def test_bad_datasets_are_named_or_left_out(folder, tmp_path):
    write_datasets([spectrum(), points()], tmp_path / "datasets.yaml")
    (tmp_path / "points.fits").write_text("no FITS file")
    files = ("--datasets", tmp_path / "datasets.yaml", "--models", folder / "models.yaml")
    result = invoke("fit", *files, "--output", tmp_path / "out")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "points.fits" in result.stderr
    result = invoke("fit", *files, "--output", tmp_path / "out", "--skip-bad")
    assert result.exit_code == 3, result.output
    assert "left out:\n  dataset 'points': " in result.stdout
    assert [row["name"] for row in read_result(tmp_path / "out" / "result.json")["datasets"]] == [
        "spectrum"
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"datasets": [{"name": "a", "typ": "MapDataset", "filename": "a.fits"}]}, "type"),
        ({"datasets": [{"name": "a", "type": "MapDatset", "filename": "a.fits"}]}, "MapDataset"),
        ({"datasets": [{"name": "a", "type": "MapDataset", "filename": "a.fits"}]}, "a.fits"),
        ({"components": []}, "datasets"),
    ],
)
def test_lists_of_datasets_that_are_wrong_are_one_line(folder, tmp_path, content, words):
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump(content))
    files = ("--datasets", path, "--models", folder / "models.yaml")
    result = invoke("fit", *files, "--output", tmp_path / "out")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("gjax: error: ")
    assert "datasets.yaml" in line
    assert words in line


def as_ogip(folder):
    """Write a spectrum as four files, and the list that names it beside flux points."""
    dataset = dataclasses.replace(spectrum(), livetime=np.array(3600.0))
    write_ogip(dataset, folder / "pha.fits")
    write_datasets([points()], folder / "points.yaml")
    listed = [
        {"name": "spectrum", "type": "SpectrumDatasetOnOff", "filename": "pha.fits"},
        {"name": "points", "type": "FluxPointsDataset", "filename": "points.fits"},
    ]
    path = folder / "datasets.yaml"
    path.write_text(yaml.safe_dump({"datasets": listed}))
    return path


def without_rmf(folder):
    (folder / "pha_rmf.fits").unlink()


def with_the_area_of_another(folder):
    with fits.open(folder / "pha_arf.fits", mode="update") as file:
        table = file["SPECRESP"].data
        for name in ("ENERG_LO", "ENERG_HI"):
            table[name] = table[name] * 1.3


def with_negative_acceptance(folder):
    with fits.open(folder / "pha_bkg.fits", mode="update") as file:
        table = file["SPECTRUM"]
        if "BACKSCAL" in table.columns.names:
            table.data["BACKSCAL"] = -5.0
        else:
            table.header["BACKSCAL"] = -5.0


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (without_rmf, ("pha.fits", "pha_rmf.fits")),
        (with_the_area_of_another, ("pha_arf.fits",)),
        (with_negative_acceptance, ("pha_bkg.fits", "BACKSCAL")),
    ],
)
def test_damaged_spectra_are_one_line_or_left_out(folder, tmp_path, damage, words):
    path = as_ogip(tmp_path)
    damage(tmp_path)
    files = ("--datasets", path, "--models", folder / "models.yaml")
    result = invoke("fit", *files, "--output", tmp_path / "out")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    for word in words:
        assert word in line
    config = parse_config(
        {"general": {"datasets_file": str(path)}, "gjax": {"on_error": "skip"}}, folder=tmp_path
    )
    with Progress(1, quiet=True) as progress:
        (left,) = read_reduced(config, path, progress)
    assert left.name == "points"
    assert "spectrum" in progress.left_out[0]


def test_spectra_of_other_programs_join(folder, tmp_path):
    path = as_ogip(tmp_path)
    config = parse_config({"general": {"datasets_file": str(path)}}, folder=tmp_path)
    with Progress(1, quiet=True) as progress:
        read, flux = read_reduced(config, path, progress)
    assert (read.name, flux.name) == ("spectrum", "points")
    np.testing.assert_allclose(read.counts, spectrum().counts, rtol=1e-5)


def test_datasets_file_is_looked_for_beside_the_configuration(folder):
    config = parse_config({"general": {"datasets_file": "datasets.yaml"}}, folder=folder)
    assert find_datasets_file(config) == folder / "datasets.yaml"
    config = parse_config({"general": {"datasets_file": "absent.yaml"}}, folder=folder)
    with pytest.raises(ConfigError, match=r"general\.datasets_file.*absent\.yaml"):
        find_datasets_file(config)


def test_results_do_not_replace_the_datasets_that_are_read(folder, tmp_path):
    place = tmp_path / "datasets"
    place.mkdir()
    write_datasets([spectrum()], place / "datasets.yaml")
    files = ("--datasets", place / "datasets.yaml", "--models", folder / "models.yaml")
    result = invoke("fit", *files, "--output", tmp_path, "--overwrite")
    assert result.exit_code == 2
    assert "which the analysis reads" in result.stderr


def test_datasets_without_any_bin_are_refused(tmp_path):
    empty = dataclasses.replace(spectrum(), mask_safe=np.zeros((6, 1, 1), bool))
    write_datasets([empty], tmp_path / "datasets.yaml")
    config = parse_config({"general": {"datasets_file": "datasets.yaml"}}, folder=tmp_path)
    with (
        Progress(1, quiet=True) as progress,
        pytest.raises(ConfigError, match=r"no bin .* is left"),
    ):
        read_reduced(config, tmp_path / "datasets.yaml", progress)
