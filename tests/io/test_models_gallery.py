"""Models files with every model of Gammapy's gallery, and models that are made of others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.errors import ConfigError, FileFormatError
from gjax.io.models import models_from_dict, models_to_dict, read_models, write_models
from gjax.maps import Map, MapAxis, WcsGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.registry import REGISTRY
from gjax.model.response_modifier import ResponseModifier
from gjax.model.spatial import EnergyDependent, Gaussian, PiecewiseNormSpatial, Point
from gjax.model.spectral import (
    Difference,
    EBLAbsorptionNorm,
    PiecewiseNorm,
    PowerLaw,
    PowerLawNorm,
    Product,
    Scale,
    Sum,
    Template,
)
from gjax.model.template_npred import TemplateNPred
from gjax.model.temporal import LightCurveTemplate, TemplatePhaseCurve
from gjax.parameters import Parameters
from gjax.parameters.distributions import GeneralizedNormal, Weighted

DATA = Path(__file__).parents[1] / "reference" / "data" / "models"
VALUES = json.loads((DATA / "gallery.json").read_text())


def rewrite(path: Path, folder: Path) -> Models:
    """Read, write, read and write again; the two written files must be alike."""
    read, texts = read_models(path), []
    for name in ("one", "two"):
        (folder / name).mkdir()
        written = write_models(
            folder / name / path.name, read.models, read.parameters, errors=read.errors
        )
        texts.append(written.read_text())
        again = read_models(written)
        assert jax.tree.structure(again.models) == jax.tree.structure(read.models)
        assert same_leaves(again.models, read.models)
        assert again.parameters.keys == read.parameters.keys
        assert again.parameters.frozen == read.parameters.frozen
        assert np.array_equal(again.parameters.minimum, read.parameters.minimum)
        read = again
    assert texts[0] == texts[1]
    return read.models


def same_leaves(one, two) -> bool:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("kind", ["spectral", "spatial", "temporal"])
def test_gallery_reads_and_keeps(kind, gammapy_data, tmp_path):
    models = rewrite(DATA / f"gallery_{kind}.yaml", tmp_path)
    assert set(VALUES[kind]) == set(models)
    assert VALUES["gammapy"] == "2.1"
    for name, expected in VALUES[kind].items():
        part = getattr(models[name], kind)
        if kind == "spectral":
            # The table of redshifts is in single precision.
            rtol = 5e-5 if name == "absorbed" else 1e-6
            np.testing.assert_allclose(part(np.array(VALUES["energy"])), expected, rtol=rtol)
        if kind == "temporal":
            epoch = 59100.0 if name == "template" else 46301.2
            found = part(86400 * np.array(VALUES["time"]), epoch)
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)


def test_map_with_axes_that_are_parameters(tmp_path):
    """The map is written beside the file, and holds the axes in any order."""
    model = rewrite(DATA / "gallery_templateND.yaml", tmp_path)["nebula"].spatial
    assert [axis.name for axis in model.axes] == ["wind", "age"]
    assert model.filename == "template_nd.fits.gz"
    assert (tmp_path / "two" / model.filename).is_file()


def test_gallery_has_every_model_of_gammapy():
    """A model that the registry knows is in one of the files, so none can be forgotten."""
    found = set()
    for path in (*DATA.glob("gallery_*.yaml"), DATA / "choices.yaml"):
        found |= set(re.findall(r"type: (\w+Model)\b", path.read_text()))
    known = {
        entry.name
        for kind in ("spectral", "spatial", "temporal")
        for entry in REGISTRY[kind].values()
    }
    only_here = {"MeyerCrabSpectralModel", "TemplateNDSpectralModel"}
    assert known - only_here <= found


def test_every_models_file_of_the_data_reads(gammapy_data, tmp_path):
    paths = [
        path
        for path in sorted(gammapy_data.rglob("*.yaml"))
        if re.search(r"^components:", path.read_text(), re.MULTILINE)
    ]
    assert len(paths) >= 4
    for i, path in enumerate(paths):
        (tmp_path / str(i)).mkdir()
        rewrite(path, tmp_path / str(i))


def test_choices_of_gammapy():
    read = read_models(DATA / "choices.yaml", checksum=True)
    priors = {".".join(prior.keys[0]): prior.distribution for prior in read.parameters.priors}
    index = priors["first.spectral.index"]
    assert isinstance(index, Weighted)
    assert float(index.weight) == 2.0
    # Gammapy adds weight times -2 ln p.
    expected = 2.0 * dist.Normal(2.2, 0.3).log_prob(2.5)
    assert float(index.log_prob(2.5)) == pytest.approx(float(expected))
    general = priors["first.spatial.lon_0"]
    assert isinstance(general, GeneralizedNormal)
    assert [float(x) for x in (general.loc, general.scale, general.eta)] == [0.1, 0.2, 0.8]
    assert set(priors) == {
        "first.spectral.index",
        "first.spatial.lon_0",
        "second.spectral.alpha",
        "second.spatial.sigma",
    }
    background = read.models["stacked-bkg"]
    assert isinstance(background.spatial, PiecewiseNormSpatial)
    assert isinstance(background.spectral, PiecewiseNorm)
    assert background.spatial.frame == "galactic"


def test_checksum(tmp_path):
    models = Models.create({"a": SkyModel(PowerLaw())})
    path = write_models(tmp_path / "m.yaml", models, checksum=True)
    assert read_models(path, checksum=True).models.names == ("a",)
    path.write_text(path.read_text().replace("2.0", "2.5"))
    with pytest.raises(FileFormatError, match=r"m.yaml: the file is not that of its checksum"):
        read_models(path, checksum=True)
    assert float(read_models(path).models["a"].spectral.index) == 2.5
    write_models(path, models, overwrite=True)
    with pytest.raises(FileFormatError, match="no checksum"):
        read_models(path, checksum=True)


def examples(kind: str) -> list:
    return [entry.example() for entry in REGISTRY[kind].values()]


@pytest.fixture
def everything() -> Models:
    """Every registered model as it comes, templates without a file among them."""
    pairs = [(f"spectral {i}", SkyModel(part)) for i, part in enumerate(examples("spectral"))]
    pairs += [
        (f"spatial {i}", SkyModel(PowerLaw(), part)) for i, part in enumerate(examples("spatial"))
    ]
    pairs += [
        (f"temporal {i}", SkyModel(PowerLaw(), temporal=part))
        for i, part in enumerate(examples("temporal"))
    ]
    geom = WcsGeom.create((0.0, 0.0), binsz=0.5, npix=(4, 3))
    cube = Map(np.ones((2, 3, 4)), geom, (MapAxis.from_energy_bounds(0.1, 10.0, 2),))
    return Models.create(
        [
            *pairs,
            ("counts", TemplateNPred(cube, PowerLawNorm(norm=0.5), datasets_names="stacked")),
            FoVBackground("stacked"),
            ResponseModifier("stacked", energy=PowerLawNorm()),
        ]
    )


def test_every_registered_model_goes_through_a_file(everything, tmp_path):
    path = write_models(tmp_path / "all.yaml", everything)
    read = read_models(path)
    assert read.models.names == everything.names
    assert read.parameters.keys == Parameters.from_models(everything).keys
    for one, two in zip(jax.tree.leaves(read.models), jax.tree.leaves(everything), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12)
    rewrite(path, tmp_path)


def test_templates_are_written_beside_and_not_again(tmp_path):
    curve = LightCurveTemplate([0.0, 1.0], [1.0, 2.0], t_ref=58000.25, scale="tt")
    models = Models.create({"the source": SkyModel(PowerLaw(), temporal=curve)})
    path = write_models(tmp_path / "m.yaml", models)
    file = tmp_path / "m_the-source_temporal.fits"
    assert file.is_file()
    read = read_models(path).models["the source"].temporal
    assert read.filename == file.name
    assert float(read.t_ref) == 58000.25
    before = file.read_bytes()
    brighter = LightCurveTemplate([0.0, 1.0], [5.0, 5.0], filename=file.name)
    models = Models.create({"the source": SkyModel(PowerLaw(), temporal=brighter)})
    write_models(path, models, overwrite=True)
    assert file.read_bytes() == before
    write_models(path, models, overwrite=True, overwrite_templates=True)
    assert file.read_bytes() != before
    gone = LightCurveTemplate([0.0, 1.0], [5.0, 5.0], filename=str(tmp_path / "gone" / "a.fits"))
    models = Models.create({"the source": SkyModel(PowerLaw(), temporal=gone)})
    with pytest.raises(ConfigError, match="there is no file"):
        write_models(path, models, overwrite=True)


def test_template_is_found_beside_the_file(tmp_path, monkeypatch):
    phases = TemplatePhaseCurve([0.1, 0.6], [1.0, 2.0], f0=1e-4)
    models = Models.create({"a": SkyModel(PowerLaw(), temporal=phases)})
    path = write_models(tmp_path / "m.yaml", models)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert float(read_models(path).models["a"].temporal.f0) == 1e-4
    data = models_to_dict(read_models(path).models)
    with pytest.raises(ConfigError, match="there is no file"):
        models_from_dict(data)
    assert models_from_dict(data, folder=tmp_path).models.names == ("a",)
    with pytest.raises(ConfigError, match=r"a.temporal: the template has no file"):
        models_to_dict(models)


def test_models_of_models(tmp_path):
    energy = np.array([0.1, 1.0, 10.0])
    table = Template(energy, [1.0, 0.5, 0.1])
    absorbed = PowerLaw() * EBLAbsorptionNorm(energy, [0.1, 0.5], np.full((2, 3), 0.5))
    models = Models.create(
        {
            "sum": SkyModel(PowerLaw(2.1) + PowerLaw(2.2) * PowerLawNorm(0.3)),
            "difference": SkyModel(Difference(PowerLaw(2.3), PowerLaw(2.4, 1e-13))),
            "table": SkyModel(table * PowerLaw(2.5)),
            "absorbed": SkyModel(absorbed),
            "scale": SkyModel(Scale(PowerLaw(2.6), 3.0)),
            "nebula": SkyModel(
                PowerLaw(2.7), EnergyDependent(Gaussian(sigma=0.4), {"sigma": PowerLawNorm(0.2)})
            ),
        }
    )
    path = write_models(tmp_path / "m.yaml", models)
    read = read_models(path)
    assert jax.tree.structure(read.models) == jax.tree.structure(models)
    assert same_leaves(read.models, models)
    assert isinstance(read.models["sum"].spectral, Sum)
    assert isinstance(read.models["table"].spectral, Product)
    keys = read.parameters.keys
    assert ("sum", "spectral", "second", "second", "tilt") in keys
    assert ("nebula", "spatial", "factors", "sigma", "norm") in keys
    assert ("scale", "spectral", "norm") in keys
    # A table that multiplies a flux density is a pure number, also for Gammapy.
    assert "unit: ''" in path.read_text().split("name: table")[1].split("model2")[0]
    rewrite(path, tmp_path)


def test_covariance_follows_the_order_of_the_file(tmp_path):
    parameters = [
        {"name": "amplitude", "value": 1e-12, "unit": "cm-2 s-1 TeV-1", "error": 1e-13},
        {"name": "reference", "value": 1.0, "unit": "TeV"},
        {"name": "index", "value": 2.0, "error": 0.2},
    ]
    source = {"name": "a", "type": "SkyModel", "spectral": {"type": "pl", "parameters": parameters}}
    models = models_from_dict({"components": [source]})
    matrix = np.diag([1.0, 0.0, 4.0])
    path = write_models(tmp_path / "m.yaml", models.models, covariance=matrix)
    text = path.read_text()
    entries = re.findall(r"        -   name: .*?(?=        -   name|covariance)", text, re.DOTALL)
    assert len(entries) == 3
    path.write_text(text.replace("".join(entries), "".join(entries[::-1])))
    found = read_models(path)
    assert found.parameters.keys[0] == ("a", "spectral", "index")
    assert list(np.diag(found.covariance)) == [4.0, 0.0, 1.0]


def test_light_curve_of_a_source_in_the_table(tmp_path):
    source = {
        "name": "a",
        "type": "SkyModel",
        "spectral": {"type": "pl"},
        "spatial": {"type": "point"},
        "temporal": {
            "type": "ExpDecayTemporalModel",
            "scale": "tt",
            "parameters": [{"name": "t0", "value": 5.0, "unit": "h", "frozen": True}],
        },
    }
    read = models_from_dict({"components": [source]})
    assert float(read.models["a"].temporal.t0) == pytest.approx(5 / 24)
    assert read.models["a"].temporal.scale == "tt"
    assert isinstance(read.models["a"].spatial, Point)
    assert read.parameters.frozen[read.parameters.keys.index(("a", "temporal", "t0"))]


def test_old_background_without_a_spectral_block():
    old = {
        "type": "FoVBackgroundModel",
        "datasets_names": ["a"],
        "parameters": [{"name": "norm", "value": 1.2, "min": 0.0}],
    }
    read = models_from_dict({"components": [old]})
    assert float(read.models["a-bkg"].spectral.norm) == 1.2
    assert read.parameters.minimum[read.parameters.keys.index(("a-bkg", "spectral", "norm"))] == 0


def test_counts_with_the_parameters_of_old_files(tmp_path):
    geom, axis = WcsGeom.create((0.0, 0.0), npix=(3, 2)), MapAxis.from_energy_bounds(1.0, 10.0, 2)
    cube = Map(np.ones((2, 2, 3)), geom, (axis,))
    models = Models.create({"counts": TemplateNPred(cube, filename="cube.fits")})
    write_models(tmp_path / "m.yaml", models)
    old = {"name": "counts", "type": "TemplateNPredModel", "filename": "cube.fits"}
    old["parameters"] = [{"name": "norm", "value": 1.01}, {"name": "tilt", "frozen": False}]
    read = models_from_dict({"components": [old]}, folder=tmp_path)
    assert float(read.models["counts"].spectral.norm) == 1.01
    free = {read.parameters.names[i] for i in read.parameters.free}
    assert free == {"counts.spectral.norm", "counts.spectral.tilt"}
