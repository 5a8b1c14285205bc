"""Lists of datasets in YAML files."""

import dataclasses
import hashlib
from pathlib import Path

import jax
import numpy as np
import pytest
import yaml

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import Datasets
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.dataset.response import EDispKernelMap, RecoPSFMap
from gjax.errors import ConfigError, FileFormatError
from gjax.io.datasets import read_dataset
from gjax.io.datasets_yaml import read_datasets, write_datasets
from gjax.io.ogip import write_ogip
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom

FOLDER = Path(__file__).parents[1] / "reference" / "data"
ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 3)
TRUE = MapAxis.from_energy_bounds(1.0, 10.0, 4, name="energy_true")


@pytest.fixture(scope="module")
def maps():
    return read_dataset(FOLDER / "dataset_migra.fits.gz", "two words")


@pytest.fixture(scope="module")
def reco(maps):
    """Make a dataset with a PSF in reconstructed energy, without exposure."""
    psf = RecoPSFMap(maps.psf.data[:4], None, maps.psf.geom, maps.energy, maps.psf.rad)
    return dataclasses.replace(maps, name="reco", psf=psf)


@pytest.fixture(scope="module")
def onoff():
    geom = RegionGeom.circle(83.63, 22.01, 0.11)
    ones = np.ones((4, 1, 1))
    return Dataset(
        "onoff",
        geom,
        ENERGY,
        TRUE,
        counts=np.array([5.0, 3.0, 0.0])[:, None, None],
        counts_off=np.array([40.0, 10.0, 2.0])[:, None, None],
        acceptance=np.ones((3, 1, 1)),
        acceptance_off=np.full((3, 1, 1), 12.0),
        exposure=1e10 * ones,
        edisp=EDispKernelMap(np.full((4, 3, 1, 1), 0.25), 1e10 * ones, geom, TRUE, ENERGY),
        mask_safe=np.array([True, True, False])[:, None, None],
        livetime=np.asarray(1580.0),
    )


@pytest.fixture(scope="module")
def points():
    energy = np.array([1.0, 3.0, 10.0])
    dnde = 1e-12 * energy**-2.5
    return FluxPointsDataset(name="SED", energy=energy, dnde=dnde, dnde_err=0.1 * dnde)


def _equal(one, other):
    assert jax.tree_util.tree_structure(one) == jax.tree_util.tree_structure(other)
    for a, b in zip(*map(jax.tree_util.tree_leaves, (one, other)), strict=True):
        np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-14)


def test_round_trip_is_the_same(tmp_path, maps, reco, onoff):
    path = tmp_path / "new" / "datasets.yaml"
    write_datasets([maps, reco, onoff], path)
    again = read_datasets(path)
    assert again.names == ("two words", "reco", "onoff")
    for member, copy in zip((maps, reco, onoff), again, strict=True):
        assert type(copy.psf) is type(member.psf)
        for field in ("counts", "exposure", "background", "counts_off", "acceptance_off"):
            one, other = getattr(member, field), getattr(copy, field)
            assert (one is None) == (other is None), field
            if one is not None:
                np.testing.assert_allclose(other, one, rtol=1e-14, err_msg=field)
        np.testing.assert_array_equal(copy.mask, member.mask)
        assert copy.energy.is_allclose(member.energy)
        assert copy.geom == member.geom
    write_datasets(again, tmp_path / "third.yaml")
    _equal(read_datasets(tmp_path / "third.yaml"), again)


def test_flux_points_are_data_too(tmp_path, maps, points):
    path = tmp_path / "datasets.yaml"
    write_datasets(Datasets([maps, points]), path)
    again = read_datasets(path)["SED"]
    np.testing.assert_allclose(again.energy, points.energy, rtol=1e-14)
    np.testing.assert_allclose(again.dnde, points.dnde, rtol=1e-12)
    np.testing.assert_array_equal(again.mask, points.mask)


def test_file_has_the_form_of_gammapy(tmp_path, maps, onoff):
    path = tmp_path / "datasets.yaml"
    write_datasets([maps, onoff], path)
    text = path.read_text()
    body, _, line = text.rpartition("checksum: ")
    assert line.strip() == hashlib.md5(body.encode()).hexdigest()
    assert yaml.safe_load(body)["datasets"] == [
        {"name": "two words", "type": "MapDataset", "filename": "two_words.fits"},
        {"name": "onoff", "type": "SpectrumDatasetOnOff", "filename": "onoff.fits"},
    ]


def test_names_choose(tmp_path, maps, onoff):
    path = tmp_path / "datasets.yaml"
    write_datasets([maps, onoff], path)
    assert read_datasets(path, "onoff").names == ("onoff",)
    with pytest.raises(ConfigError, match="no dataset named 'onof'; did you mean 'onoff'"):
        read_datasets(path, ["onof"])


def test_nothing_is_replaced_unasked(tmp_path, maps, onoff):
    path = tmp_path / "datasets.yaml"
    (tmp_path / "onoff.fits").write_text("mine")
    with pytest.raises(FileExistsError, match=r"onoff\.fits exists already"):
        write_datasets([maps, onoff], path)
    assert not path.exists()
    assert not (tmp_path / "two_words.fits").exists()
    write_datasets([onoff], path, overwrite=True)
    assert read_datasets(path).names == ("onoff",)


def test_names_that_make_one_file_are_refused(tmp_path, maps):
    other = dataclasses.replace(maps, name="two_words")
    with pytest.raises(ValueError, match="equal file names"):
        write_datasets([maps, other], tmp_path / "datasets.yaml")


def test_variables_and_other_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("SOMEWHERE", str(FOLDER))
    path = tmp_path / "datasets.yaml"
    entry = {"name": "a", "type": "MapDataset", "filename": "$SOMEWHERE/dataset_kernel.fits.gz"}
    path.write_text(yaml.safe_dump({"datasets": [entry]}))
    assert read_datasets(path).names == ("a",)


ENTRY = {"name": "a", "type": "MapDataset", "filename": "a.fits"}


@pytest.mark.parametrize(
    ("content", "error", "problem"),
    [
        ({"datasets": [ENTRY | {"filname": "x"}]}, ConfigError, "'filname'; did you mean 'filena"),
        ({"datasets": [ENTRY | {"type": "MapDatset"}]}, ConfigError, "did you mean 'MapDataset'"),
        ({"datasets": [ENTRY | {"format": "ogip"}]}, ConfigError, "in the format 'ogip'"),
        ({"datasets": [{"name": "a"}]}, ConfigError, "'type' is missing"),
        ({"datasets": [ENTRY, ENTRY]}, ConfigError, "two datasets are named 'a'"),
        ({"datasets": ["a"]}, FileFormatError, "dataset 0: expected keys and values"),
        ({"dataset": [ENTRY]}, FileFormatError, "no key 'datasets'"),
        ({"datasets": [], "model": 1}, ConfigError, "unknown key 'model'"),
        ({"datasets": [ENTRY]}, FileNotFoundError, "lists the dataset 'a' in 'a.fits'"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path, content, error, problem):
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(error, match=problem) as caught:
        read_datasets(path)
    assert "wrong.yaml" in str(caught.value)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("a: [")
    with pytest.raises(FileFormatError, match="not a YAML file"):
        read_datasets(path)
    with pytest.raises(FileNotFoundError):
        read_datasets(tmp_path / "nothing.yaml")


def test_spectra_may_be_in_ogip_files(tmp_path, onoff):
    write_ogip(onoff, tmp_path / "pha_obs1.fits")
    entry = {"name": "a", "type": "SpectrumDatasetOnOff", "filename": "pha_obs1.fits"}
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump({"datasets": [entry | {"format": "ogip"}]}))
    spectrum = read_datasets(path)["a"]
    np.testing.assert_array_equal(spectrum.counts, onoff.counts)
    np.testing.assert_array_equal(spectrum.mask, onoff.mask)
