"""Maps with axes that are parameters: values, nodes, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import numpy as np
import pytest

from gjax.io.models import read_models
from gjax.maps import Map, MapAxis, WcsGeom
from gjax.model.registry import REGISTRY
from gjax.model.spatial import TemplateND
from gjax.parameters import own_values, specs, with_values

DATA = Path(__file__).parents[2] / "reference" / "data"
REFERENCE = json.loads((DATA / "template_nd.json").read_text())
GEOM = WcsGeom.create((10.0, 20.0), binsz=0.2, npix=(9, 7))
SIZE = MapAxis.from_nodes([1.0, 2.0, 3.0], name="size")
ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 2, name="energy_true")

#: A thousand years in s.
KYR = 3.15576e10


@pytest.fixture(scope="module")
def nebula() -> TemplateND:
    """Read the model that Gammapy wrote."""
    return read_models(DATA / "models" / "gallery_templateND.yaml").models["nebula"].spatial


@pytest.mark.parametrize("i", range(len(REFERENCE["points"])))
def test_values_are_those_of_gammapy(nebula, i):
    point, expected = REFERENCE["points"][i], np.array(REFERENCE["values"][i])
    model = with_values(nebula, {"wind": point["wind"], "age": point["age"] * KYR})
    at = np.array(REFERENCE["lon"]), np.array(REFERENCE["lat"])
    found = np.array([model(*at, energy=energy) for energy in REFERENCE["energy"]])
    assert REFERENCE["gammapy"] == "2.1"
    if all(float(place) == pytest.approx(round(float(place))) for place in model.place):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        return
    # Gammapy interpolates logarithms: the geometric mean is below the arithmetic one.
    assert np.all(found >= expected)
    bright = expected > 0.5 * expected.max(axis=1, keepdims=True)
    np.testing.assert_allclose(found[bright], expected[bright], rtol=0.06)


def test_declarations_are_those_of_gammapy(nebula):
    assert set(own_values(nebula)) == {"age", "wind"}
    declared = specs(nebula)
    assert (declared["wind"].min, declared["wind"].max, declared["wind"].default) == (-2, 1, -0.5)
    assert declared["age"].unit == "s"
    assert declared["age"].default == pytest.approx(4.5 * KYR)
    assert float(own_values(nebula)["age"]) == pytest.approx(5.0 * KYR)
    assert nebula.nodes == (3, 4)


def small(**options) -> TemplateND:
    data = np.arange(1.0, 4.0)[:, None, None] * np.ones(GEOM.shape)
    return TemplateND.create(Map(data, GEOM, (SIZE,)), **options)


def test_mixed_linearly_and_held_beyond_the_nodes():
    model = small()
    assert float(model.parameters[0]) == 2.0
    for size, expected in ((0.0, 1.0), (1.0, 1.0), (1.25, 1.25), (2.5, 2.5), (3.0, 3.0), (9.0, 3)):
        value = with_values(model, {"size": size})(10.0, 20.0)
        assert float(value) == pytest.approx(expected, rel=1e-12)
    slope = jax.grad(lambda size: with_values(model, {"size": size}).place[0])
    assert [float(slope(x)) for x in (0.5, 1.0, 2.0, 3.0, 3.5)] == [0, 1, 1, 1, 0]
    assert float(model(12.0, 20.0)) == 0


def test_energy_may_stand_anywhere():
    data = np.random.default_rng(1).uniform(1.0, 2.0, (2, 3, *GEOM.shape))
    first = TemplateND.create(Map(data, GEOM, (ENERGY, SIZE)))
    last = TemplateND.create(Map(np.moveaxis(data, 0, 1), GEOM, (SIZE, ENERGY)))
    assert first.energy == ENERGY
    np.testing.assert_array_equal(first.data, last.data)
    at_node = with_values(first, {"size": 3.0})
    lon, lat = GEOM.coords()
    assert float(at_node(lon[3, 4], lat[3, 4], energy=2.0)) == pytest.approx(
        float(first.at_node(2)(lon[3, 4], lat[3, 4], energy=2.0))
    )


def test_example_has_a_place():
    model = REGISTRY["spatial"]["templateND"].example()
    assert model.frame == "galactic"
    assert [float(c) for c in model.position] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert model.evaluation_bin_size == pytest.approx(0.1)
    assert model.nodes == (3, 3)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="no positive value"):
        TemplateND.create(Map(np.zeros((3, *GEOM.shape)), GEOM, (SIZE,)))
    with pytest.raises(ValueError, match="axes beside energy are needed, got: none"):
        TemplateND.create(Map(np.ones((2, *GEOM.shape)), GEOM, (ENERGY,)))
    with pytest.raises(ValueError, match=r"shape \(2, 7, 9\), expected \(3, 7, 9\)"):
        TemplateND(np.ones((2, *GEOM.shape)), GEOM, (SIZE,))
    with pytest.raises(ValueError, match="2 parameters for 1 axes"):
        small(parameters=(1.0, 2.0))
    with pytest.raises(TypeError, match="on the host"):
        jax.jit(lambda model: model(10.0, 20.0))(small())
    cube = TemplateND(np.ones((3, 2, *GEOM.shape)), GEOM, (SIZE,), ENERGY)
    with pytest.raises(ValueError, match="depends on energy"):
        cube(10.0, 20.0)
