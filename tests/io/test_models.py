"""Models files: Gammapy's own, ours, and those that are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
import yaml

from gjax.errors import ConfigError, FileFormatError
from gjax.io.models import models_from_dict, models_to_dict, read_models, write_models
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Disk, Gaussian, Point
from gjax.model.spectral import (
    AbstractQuadrature,
    AbstractSpectral,
    ExpCutoffPowerLaw,
    LogParabola,
    PowerLaw,
)
from gjax.parameters import Parameters

DATA = Path(__file__).parents[1] / "reference" / "data" / "models"
CRAB = "4FGL J0534.5+2201"
INDEX = (CRAB, "spectral", "index")


class Own(AbstractQuadrature, AbstractSpectral):
    """A spectrum that the registry does not know."""

    def __call__(self, energy):
        return 1e-12 * energy**-2


@pytest.fixture
def models() -> Models:
    return Models.create(
        [
            (CRAB, SkyModel(PowerLaw(2.61, 3.45e-11), Point(83.63, 22.01))),
            (
                "b c",
                SkyModel(
                    ExpCutoffPowerLaw(), Gaussian(frame="galactic"), datasets_names=("x", "y")
                ),
            ),
            ("disk", SkyModel(LogParabola(), Disk(r_0=0.3))),
            FoVBackground("stacked"),
        ]
    )


@pytest.fixture
def parameters(models) -> Parameters:
    return (
        Parameters.from_models(models)
        .thaw("b c.spectral.alpha")
        .freeze("disk.spatial.*")
        .bound(("b c", "spatial", "sigma"), 0.01, 3.0)
        .bound(("b c", "spatial", "lat_0"))
        .bound(("disk", "spectral", "alpha"), 0.0, 1.0)
        .prior(INDEX, dist.Normal(2.5, 0.2))
        .prior(("disk", "spectral", "alpha"), dist.Uniform(-1.0, 4.0))
        .prior(("disk", "spectral", "amplitude"), dist.LogUniform(1e-14, 1e-9))
        .link(("b c", "spectral", "index"), INDEX)
    )


@pytest.fixture
def covariance(parameters) -> np.ndarray:
    mixing = np.random.default_rng(3).normal(size=(len(parameters.free),) * 2)
    return mixing @ mixing.T


def component(**changes) -> dict:
    """Write a one-source file as a mapping, with some entries changed."""
    source = {
        "name": "crab",
        "type": "SkyModel",
        "spectral": {"type": "pl", "parameters": [{"name": "index", "value": 2.5}]},
    }
    return {"components": [source | changes]}


def test_write_read_write_is_identical(models, parameters, covariance, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    first = write_models(tmp_path / "one" / "m.yaml", models, parameters, covariance=covariance)
    read = read_models(first)
    second = write_models(
        tmp_path / "two" / "m.yaml", read.models, read.parameters, covariance=read.covariance
    )
    assert first.read_text() == second.read_text()
    name = "m_covariance.dat"
    assert (tmp_path / "one" / name).read_text() == (tmp_path / "two" / name).read_text()


def test_all_choices_come_back(models, parameters, covariance, tmp_path):
    path = write_models(tmp_path / "m.yaml", models, parameters, covariance=covariance)
    read = read_models(path)
    table = read.parameters
    assert table.keys == parameters.keys
    assert table.frozen == parameters.frozen
    assert jax.tree.structure(read.models) == jax.tree.structure(models)
    assert float(read.models["b c"].spectral.index) == 2.61, "linked: has the target's value"
    assert {k: v.targets for k, v in table.links.items()} == {
        ("b c", "spectral", "index"): (INDEX,)
    }
    position = {key: i for i, key in enumerate(table.keys)}
    sigma, lat = position["b c", "spatial", "sigma"], position["b c", "spatial", "lat_0"]
    assert (table.minimum[sigma], table.maximum[sigma]) == (0.01, 3.0)
    assert (table.minimum[lat], table.maximum[lat]) == (-np.inf, np.inf)
    # A uniform prior is cut to the bounds: that is what both together mean.
    priors = {prior.keys[0]: prior.distribution for prior in table.priors}
    uniform = priors["disk", "spectral", "alpha"]
    assert (float(uniform.low), float(uniform.high)) == (0.0, 1.0)
    assert isinstance(priors["disk", "spectral", "amplitude"], dist.LogUniform)
    assert (float(priors[INDEX].loc), float(priors[INDEX].scale)) == (2.5, 0.2)


def test_covariance_of_the_free_parameters_is_extended(models, parameters, covariance, tmp_path):
    path = write_models(tmp_path / "m.yaml", models, parameters, covariance=covariance)
    read = read_models(path)
    free = list(parameters.free)
    np.testing.assert_array_equal(read.covariance[np.ix_(free, free)], covariance)
    np.testing.assert_allclose(read.errors[free], np.sqrt(np.diag(covariance)))
    linked, target = (parameters.keys.index(k) for k in [("b c", "spectral", "index"), INDEX])
    np.testing.assert_array_equal(read.covariance[linked], read.covariance[target])
    frozen = [i for i, value in enumerate(parameters.frozen) if value]
    assert not read.covariance[frozen].any()
    with pytest.raises(ValueError, match="covariance has shape"):
        write_models(tmp_path / "n.yaml", models, parameters, covariance=np.eye(3))


def test_file_of_gammapy_in_other_units(tmp_path):
    read = read_models(DATA / "gammapy.yaml")
    assert read.models.names == (CRAB, "disk", "gauss", "stacked-bkg")
    assert float(read.models[CRAB].spectral.amplitude) == pytest.approx(3.45e-11, rel=1e-14)
    assert float(read.models[CRAB].spectral.reference) == 1.0
    disk = read.models["disk"]
    assert disk.datasets_names == ("stacked",)
    assert disk.spatial.frame == "galactic"
    assert float(disk.spatial.lon_0) == pytest.approx(np.degrees(1.2))
    assert float(disk.spatial.r_0) == pytest.approx(0.3)
    table = read.parameters
    position = {key: i for i, key in enumerate(table.keys)}
    assert table.maximum[position["disk", "spatial", "r_0"]] == pytest.approx(1.0)
    assert table.minimum[position["gauss", "spatial", "lat_0"]] == -np.inf
    assert table.minimum[position["gauss", "spatial", "sigma"]] == 0.01
    assert not table.frozen[position["gauss", "spatial", "e"]]
    priors = {prior.keys[0]: prior.distribution for prior in table.priors}
    # A prior's number without a unit is in that of its parameter, here rad.
    assert float(priors["disk", "spatial", "lon_0"].loc) == pytest.approx(np.degrees(1.2))
    assert float(priors["disk", "spatial", "lon_0"].scale) == pytest.approx(np.degrees(0.01))
    beta = position["disk", "spectral", "beta"]
    assert (table.minimum[beta], table.maximum[beta]) == (-0.5, 1.5)


def test_covariance_of_gammapy_is_converted():
    read = read_models(DATA / "gammapy.yaml")
    table = yaml.safe_load((DATA / "gammapy.yaml").read_text())["components"]
    errors = [
        entry.get("error", 0.0)
        for part in table
        for kind in ("spectral", "spatial")
        for entry in part.get(kind, {}).get("parameters", [])
    ]
    factors = np.ones(len(errors))
    position = {key: i for i, key in enumerate(read.parameters.keys)}
    factors[position[CRAB, "spectral", "amplitude"]] = 1e-4
    factors[position[CRAB, "spectral", "reference"]] = 1e-3
    factors[position["disk", "spatial", "lon_0"]] = np.degrees(1.0)
    factors[[position["disk", "spatial", name] for name in ("lat_0", "r_0")]] = 1 / 60
    np.testing.assert_allclose(read.errors, errors * factors, rtol=1e-12)
    correlation = read.covariance / np.maximum(np.outer(read.errors, read.errors), 1e-300)
    assert np.all(np.abs(correlation) <= 1 + 1e-9)
    i, j = position[INDEX], position[CRAB, "spatial", "lon_0"]
    assert 0.01 < abs(correlation[i, j]) < 0.99


def test_links_of_gammapy():
    read = read_models(DATA / "linked.yaml")
    link = read.parameters.links["gauss", "spectral", "index"]
    assert link.targets == (INDEX,)
    assert float(read.models["gauss"].spectral.index) == 2.6


def test_case_files_read(gammapy_data):
    paths = sorted((gammapy_data.parent / "cases").glob("*_models.yaml"))
    if not paths:
        pytest.skip("there are no cases beside the data")
    for path in paths:
        read = read_models(path)
        assert models_from_dict(models_to_dict(read.models, read.parameters)).models == read.models


def test_what_is_left_out_has_the_default():
    read = models_from_dict(component(spectral={"type": "lp"}))
    assert float(read.models["crab"].spectral.reference) == 10.0
    assert read.parameters.frozen == (False, True, False, False)
    background = models_from_dict(
        {"components": [{"type": "FoVBackgroundModel", "datasets_names": ["obs-1"]}]}
    )
    assert background.models.names == ("obs-1-bkg",)
    assert models_from_dict({"components": []}).models.names == ()


def test_number_without_a_point_is_a_number():
    parameters = [{"name": "amplitude", "value": yaml.safe_load("3e-11")}]
    read = models_from_dict(component(spectral={"type": "pl", "parameters": parameters}))
    assert float(read.models["crab"].spectral.amplitude) == 3e-11


def spectral(**entry) -> dict:
    return {"spectral": {"type": "pl", "parameters": [{"name": "index", **entry}]}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "SkyModle"}, r"components\[0\].type: .*did you mean 'SkyModel'"),
        ({"type": "TemplateNPredModel"}, r"\(crab\).filename: the name of a file is missing"),
        ({"spectral": {"type": "naima"}}, "'naima' is not in gjax; tabulate it as a TemplateSpec"),
        ({"spectral": {"type": "compund"}}, "did you mean 'compound'?"),
        ({"spectral": {"type": "POWERLAW"}}, "did you mean 'PowerLaw'?"),
        ({"spectral": {"type": "template"}}, "spectral.energy: should be a mapping with data"),
        ({"spectral": {"type": "compound"}}, "operator is None, should be one of add, sub, mul"),
        (
            {"spectral": {"type": "compound", "operator": "add", "model1": {"type": "pll"}}},
            r"spectral.model1.type: .*did you mean 'pl'",
        ),
        ({"spectral": {"type": "PowrLawSpectralModel"}}, "did you mean 'PowerLawSpectralModel'"),
        ({"spatial": {"type": "templateND"}}, r"spatial.filename: the name of a file is missing"),
        ({"spatial": {"type": "template"}}, r"spatial.filename: the name of a file is missing"),
        (
            {"spatial": {"type": "template", "filename": "no.fits"}},
            "spatial.filename: there is no file no.fits",
        ),
        ({"spatial": {"type": "template", "filename": "$NO/a"}}, "variable in this path is not"),
        ({"spatial": {"type": "shell", "normalize": True}}, "unknown key 'normalize'"),
        ({"spatial": {"type": "point", "frame": "fk4"}}, "frame is 'fk4'"),
        ({"temporal": {"type": "sine"}}, "temporal.type: .*did you mean"),
        ({"temporal": {"type": "sinus", "scale": "ut1"}}, "time scale is 'ut1'"),
        (
            {"temporal": {"type": "template", "format": "map", "filename": "a"}},
            "format 'map' .*not supported",
        ),
        ({"apply_irf": {"pfs": False}}, "apply_irf: unknown response 'pfs'"),
        ({"spectrl": {}}, "did you mean 'spectral'"),
        ({"name": None}, "needs a name"),
        ({"spectral": None}, "needs a spectral model"),
        (spectral(valu=3), "crab.*index: unknown key 'valu'; did you mean 'value'"),
        (spectral(value="two"), "should be a number"),
        (spectral(value=float("nan")), "should be finite"),
        (spectral(unit="TeV"), "cannot be converted"),
        (spectral(unit="furlongs"), "furlongs"),
        (spectral(frozen="yes"), "should be true or false"),
        (spectral(min=3, max=2), "min 3.0 is not below max 2.0"),
        (spectral(prior={"type": "GausianPrior"}), "did you mean 'GaussianPrior'"),
        (spectral(prior={"type": "GaussianPrior", "weight": 0}), "weight is 0.0"),
        (spectral(prior={"type": "GaussianPrior", "weight": "x"}), "'x' should be a number"),
        (
            spectral(
                prior={
                    "type": "GeneralizedGaussianPrior",
                    "parameters": [{"name": "eta", "value": -1}],
                }
            ),
            "eta is -1.0, should be positive",
        ),
        (
            spectral(prior={"type": "UniformPrior", "parameters": [{"name": "mini", "value": 1}]}),
            "did you mean 'min'",
        ),
        (
            {"spectral": {"type": "pl", "parameters": [{"name": "indx", "value": 2}]}},
            "unknown parameter 'indx'; did you mean 'index'",
        ),
        (
            {"spectral": {"type": "pl", "parameters": [{"name": "index"}, {"name": "index"}]}},
            "given twice",
        ),
        ({"apply_irf": ["psf"]}, "apply_irf: should be a mapping"),
        ({"temporal": "const"}, "temporal: should be a mapping with a type"),
    ],
)
def test_refused_by_name(changes, message):
    with pytest.raises(ConfigError, match=message):
        models_from_dict(component(**changes))


def test_refused_at_the_top_and_between_components():
    with pytest.raises(ConfigError, match="did you mean 'components'"):
        models_from_dict({"component": []})
    twice = {"components": component()["components"] * 2}
    with pytest.raises(ConfigError, match="more than once: crab"):
        models_from_dict(twice)
    background = {"type": "FoVBackgroundModel", "datasets_names": ["a", "b"]}
    with pytest.raises(ConfigError, match="one dataset, not 2"):
        models_from_dict({"components": [background]})


def test_files_that_are_none(tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text("components: [")
    with pytest.raises(FileFormatError, match=r"models.yaml.*not a YAML file"):
        read_models(path)
    path.write_text("components:\n- name: a\n  name: b\n")
    with pytest.raises(ConfigError, match=r"models.yaml: name: the key is given twice, line 3"):
        read_models(path)
    path.write_text("- a list")
    with pytest.raises(FileFormatError, match="should be a mapping"):
        read_models(path)


def test_covariance_files_that_do_not_fit(tmp_path):
    for path in DATA.glob("gammapy*"):
        shutil.copy(path, tmp_path)
    table = tmp_path / "gammapy_covariance.dat"
    lines = table.read_text().splitlines()
    table.write_text("\n".join(lines[:-1]))
    with pytest.raises(FileFormatError, match=r"gammapy_covariance.dat: \d+ rows"):
        read_models(tmp_path / "gammapy.yaml")
    table.write_text("\n".join(lines).replace("0.0 ", "abc "))
    with pytest.raises(FileFormatError, match="column"):
        read_models(tmp_path / "gammapy.yaml")
    table.unlink()
    assert read_models(tmp_path / "gammapy.yaml").covariance is None


def test_what_a_file_cannot_hold_is_refused(models, parameters, tmp_path):
    path = tmp_path / "m.yaml"
    follower = ("disk", "spectral", "beta")
    linked = parameters.link(follower, INDEX, lambda index: index - 2)
    with pytest.raises(ConfigError, match="not a function"):
        write_models(path, models, linked)
    with pytest.raises(ConfigError, match="Cauchy"):
        write_models(path, models, parameters.prior(follower, dist.Cauchy(0.0, 1.0)))
    joint = parameters.prior([INDEX, follower], dist.MultivariateNormal(np.zeros(2), np.eye(2)))
    with pytest.raises(ConfigError, match="joint prior"):
        write_models(path, models, joint)
    own = models.append("own", SkyModel(Own()))
    with pytest.raises(ConfigError, match=r"own.spectral.*Own"):
        write_models(path, own)
    composed = models.append("sum", SkyModel(PowerLaw() + PowerLaw()))
    with pytest.raises(ValueError, match="not that of the models"):
        write_models(path, composed, parameters)
    assert not path.exists()


def test_existing_files_are_kept(models, tmp_path):
    path = write_models(tmp_path / "m.yaml", models)
    with pytest.raises(FileExistsError, match="overwrite"):
        write_models(path, models)
    write_models(path, models, overwrite=True)
    assert not (tmp_path / "m_covariance.dat").exists()
    (tmp_path / "n_covariance.dat").write_text("mine")
    n = len(Parameters.from_models(models).keys)
    with pytest.raises(FileExistsError, match="n_covariance"):
        write_models(tmp_path / "n.yaml", models, covariance=np.eye(n))
    assert not (tmp_path / "n.yaml").exists()


def test_responses_that_are_switched_off_stay_so(tmp_path):
    """As in the isotropic model of Fermi-LAT that Gammapy writes."""
    read = models_from_dict(component(apply_irf={"exposure": True, "psf": False, "edisp": True}))
    model = read.models.members[0]
    assert model.apply_irf == ("exposure", "edisp")
    write_models(tmp_path / "models.yaml", read.models)
    assert "psf: false" in (tmp_path / "models.yaml").read_text()
    again = read_models(tmp_path / "models.yaml").models.members[0]
    assert again.apply_irf == model.apply_irf
