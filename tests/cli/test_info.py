"""What a file holds, said by one command."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from gjax.cli.info import describe_file
from gjax.cli.main import main
from gjax.dataset import Dataset
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.errors import ConfigError
from gjax.io.datasets_yaml import write_datasets
from gjax.maps import MapAxis
from gjax.maps.region_geom import RegionGeom

ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 2)
TRUE = MapAxis.from_energy_bounds(1.0, 10.0, 3, name="energy_true")


@pytest.fixture
def folder(tmp_path):
    column = np.reshape([12.0, 3.0], (2, 1, 1))
    spectrum = Dataset(
        "spectrum",
        RegionGeom.circle(83.6, 22.0, 0.1),
        ENERGY,
        TRUE,
        counts=column,
        exposure=np.ones((3, 1, 1)),
        counts_off=2 * column,
        acceptance=np.ones((2, 1, 1)),
        acceptance_off=np.full((2, 1, 1), 10.0),
    )
    energy = np.array([1.0, 3.0])
    points = FluxPointsDataset("points", energy, 1e-12 / energy, dnde_err=1e-13 / energy)
    write_datasets([spectrum, points], tmp_path / "datasets.yaml")
    return tmp_path


def test_a_list_of_datasets(folder):
    text = describe_file(folder / "datasets.yaml")
    assert "spectrum: spectrum 2 x 1 x 1, 15 counts, measured background, 1 to 10 TeV" in text
    assert "points: 2 flux points" in text
    header, row = (text.split("\n\n")[1].splitlines()[i].split() for i in (0, 1))
    values = dict(zip(header, row, strict=True))
    assert (values["counts"], values["counts_off"], values["excess"]) == ("15", "30", "12")


def test_single_files(folder):
    assert "15 counts" in describe_file(folder / "spectrum.fits")
    assert "Flux points of" in describe_file(folder / "points.fits")


def test_models(folder):
    parameters = [
        {"name": "amplitude", "value": 3e-11, "unit": "cm-2 s-1 TeV-1"},
        {"name": "index", "value": 2.5},
    ]
    spectral = {"type": "PowerLawSpectralModel", "parameters": parameters}
    component = {"name": "crab", "type": "SkyModel", "spectral": spectral}
    path = folder / "models.yaml"
    path.write_text(yaml.safe_dump({"components": [component | {"datasets_names": ["spectrum"]}]}))
    text = describe_file(path)
    assert "crab: SkyModel(PowerLaw) in spectrum" in text
    assert "crab.spectral.index" in text


def test_anything_else_is_refused(folder):
    (folder / "table.fits").write_text("nothing")
    (folder / "other.yaml").write_text("a: 1")
    with pytest.raises(ConfigError, match="neither a dataset nor flux points"):
        describe_file(folder / "table.fits")
    with pytest.raises(ConfigError, match="neither datasets nor models"):
        describe_file(folder / "other.yaml")


def test_the_command(folder):
    result = CliRunner().invoke(main, ["info", str(folder / "datasets.yaml")])
    assert result.exit_code == 0
    assert "15 counts" in result.stdout
    result = CliRunner().invoke(main, ["info", str(folder / "absent.fits")])
    assert result.exit_code == 2
    assert "absent.fits" in result.stderr
