"""Models meet datasets: backgrounds are added, choices are kept, strangers are refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.cli.config import Configuration, parse_config
from gjax.cli.modelling import add_backgrounds, find_models_file, match_models
from gjax.dataset import Dataset
from gjax.errors import ConfigError
from gjax.maps import MapAxis, WcsGeom
from gjax.maps.region_geom import RegionGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters

GEOM = WcsGeom.create((83.6, 22.0), binsz=0.5, width=1.0)
ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 2)
TRUE = MapAxis.from_energy_bounds(1.0, 10.0, 3, name="energy_true")


def dataset(name, background=True):
    cube = np.full((2, *GEOM.shape), 3.0)
    return Dataset(name, GEOM, ENERGY, TRUE, counts=cube, background=cube if background else None)


@pytest.fixture
def models():
    return Models.create(
        {
            "crab": SkyModel(PowerLaw(), Point(lon_0=83.6, lat_0=22.0)),
            "obs-2-bkg": FoVBackground("obs-2", PowerLawNorm(norm=1.2)),
        }
    )


def test_each_dataset_gets_one_background(models):
    listed = [dataset("obs-1"), dataset("obs-2"), dataset("obs-3", background=False)]
    extended, table = add_backgrounds(models, Parameters.from_models(models), listed)
    assert extended.names == ("crab", "obs-2-bkg", "obs-1-bkg")
    assert float(extended["obs-2-bkg"].spectral.norm) == 1.2
    frozen = dict(zip(table.names, table.frozen, strict=True))
    # As in Gammapy: the norm is free, the tilt is not.
    assert frozen["obs-1-bkg.spectral.norm"] is False
    assert frozen["obs-1-bkg.spectral.tilt"] is True


def test_choices_of_the_models_file_are_kept(models):
    table = (
        Parameters.from_models(models)
        .freeze("crab.spectral.index")
        .thaw("obs-2-bkg.spectral.tilt")
        .bound("crab.spatial.lat_0", 21.5, 22.5)
        .prior("crab.spatial.lon_0", dist.Normal(83.6, 0.1))
        .link("obs-2-bkg.spectral.norm", "crab.spectral.reference")
    )
    _, extended = add_backgrounds(models, table, [dataset("obs-1"), dataset("obs-2")])
    at = {name: i for i, name in enumerate(extended.names)}
    assert extended.frozen[at["crab.spectral.index"]]
    assert not extended.frozen[at["obs-2-bkg.spectral.tilt"]]
    assert extended.minimum[at["crab.spatial.lat_0"]] == 21.5
    assert extended.maximum[at["crab.spatial.lat_0"]] == 22.5
    assert extended.links == table.links
    assert extended.priors == table.priors
    for i, key in enumerate(table.keys):
        assert extended.values[extended.keys.index(key)] == table.values[i]


def test_models_of_datasets_that_are_not_there_are_refused(models):
    match_models(models, [dataset("obs-1"), dataset("obs-2")])
    with pytest.raises(ConfigError, match=r"'obs-2'.* datasets are stacked"):
        match_models(models, [dataset("stacked")])


def test_spectra_get_no_background_model(models):
    cube = np.full((2, 1, 1), 3.0)
    region = RegionGeom.circle(83.6, 22.0, 0.1)
    spectrum = Dataset("spectrum", region, ENERGY, TRUE, counts=cube, background=cube)
    extended, _ = add_backgrounds(models, Parameters.from_models(models), [spectrum])
    assert extended.names == models.names


def test_a_dataset_without_bins_to_fit_gets_no_norm(models):
    empty = dataclasses.replace(dataset("obs-1"), mask_safe=np.zeros((2, *GEOM.shape), bool))
    listed = [empty, dataset("obs-2")]
    extended, _ = add_backgrounds(models, Parameters.from_models(models), listed)
    assert extended.names == ("crab", "obs-2-bkg")


def test_a_source_without_a_place_is_for_spectra():
    models = Models.create({"crab": SkyModel(PowerLaw(), None)})
    with pytest.raises(ConfigError, match="'crab' has no spatial model, which the map 'obs-1'"):
        match_models(models, [dataset("obs-1")])
    match_models(models, [Dataset("obs-1", RegionGeom.circle(83.6, 22.0, 0.1), ENERGY, TRUE)])
    elsewhere = SkyModel(PowerLaw(), None, datasets_names=("spectrum",))
    spectrum = Dataset("spectrum", RegionGeom.circle(83.6, 22.0, 0.1), ENERGY, TRUE)
    match_models(Models.create({"crab": elsewhere}), [dataset("obs-1"), spectrum])


def test_models_file_is_the_one_given_or_the_one_named(tmp_path):
    skydir = {"frame": "icrs", "lon": "1 deg", "lat": "1 deg"}
    content = {"datasets": {"type": "3d", "geom": {"wcs": {"skydir": skydir}}}}
    config = parse_config(content)
    with pytest.raises(ConfigError, match="--models"):
        find_models_file(config, None)
    (tmp_path / "named.yaml").touch()
    (tmp_path / "given.yaml").touch()
    content["general"] = {"models_file": "named.yaml"}
    named = parse_config(content, folder=tmp_path)
    assert isinstance(named, Configuration)
    assert find_models_file(named, None) == tmp_path / "named.yaml"
    assert find_models_file(named, tmp_path / "given.yaml") == tmp_path / "given.yaml"
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        find_models_file(named, tmp_path / "absent.yaml")
