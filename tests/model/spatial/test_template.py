"""Template maps: interpolation, normalisation and place."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import numpy as np
import pytest

from gjax.maps import Map, MapAxis, WcsGeom
from gjax.model.spatial import TemplateMap

REFERENCE = Path(__file__).parents[2] / "reference" / "data" / "spatial_models.json"
AXIS = MapAxis.from_energy_bounds(1.0, 10.0, 3, name="energy_true")


def small(data=None, **options) -> TemplateMap:
    geom = WcsGeom.create((10.0, 20.0), binsz=0.2, npix=(9, 7))
    axes = () if np.ndim(data) < 3 else (AXIS,)
    return TemplateMap.create(Map(np.ones((7, 9)) if data is None else data, geom, axes), **options)


@pytest.mark.parametrize("i", [0, 1], ids=["normalised", "as it is"])
def test_values_are_those_of_gammapy(i):
    case = json.loads(REFERENCE.read_text())["template"][i]
    model = small(np.array(case["data"]), normalize=case["normalize"])
    for k, energy in enumerate(case["energy"]):
        at = np.array(case["lon"][k]), np.array(case["lat"][k])
        expected = np.array(case["density"][k])
        # Gammapy's solid angles are those of plane triangles.
        scale = max(expected.max(), 1e-9)
        found = model(*at, energy=energy)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9 * scale)


def test_integral_is_one_at_every_energy():
    rng = np.random.default_rng(0)
    model = small(rng.uniform(1.0, 1.1, (3, 7, 9)))
    area = model.geom.solid_angle()
    for energy in AXIS.center:
        assert np.sum(model(*model.geom.coords(), energy=energy) * area) == pytest.approx(1.0)


def test_zero_outside_of_map_and_axis():
    model = small(np.ones((3, 7, 9)))
    assert float(model(10.0, 20.0, energy=2.0)) > 0
    assert float(model(10.0, 20.0, energy=11.0)) == 0
    assert float(model(11.2, 20.0, energy=2.0)) == 0
    assert float(small()(10.0, 20.8)) == 0


def test_template_can_be_put_elsewhere():
    model = small()
    lon, lat = (float(c) for c in model.geom.center)
    assert [float(c) for c in model.position] == [lon, lat]
    moved = small(lon_0=lon + 1.0, lat_0=lat - 2.0)
    assert float(moved(lon, lat)) == 0
    assert float(moved(lon + 1.0, lat - 2.0)) == pytest.approx(float(model(lon, lat)))


def test_negative_and_missing_values_count_as_zero():
    data = np.ones((7, 9))
    data[3, 4], data[0, 0] = -5.0, np.nan
    model = small(data, normalize=False)
    lon, lat = model.geom.coords()
    assert float(model(lon[3, 4], lat[3, 4])) == 0
    assert float(model(lon[0, 0], lat[0, 0])) == 0


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="no positive value"):
        small(np.zeros((7, 9)))
    with pytest.raises(ValueError, match="depends on energy"):
        small(np.ones((3, 7, 9)))(10.0, 20.0)
    with pytest.raises(TypeError, match="on the host"):
        jax.jit(lambda model: model(10.0, 20.0))(small())
    geom = WcsGeom.create((10.0, 20.0), binsz=0.2, npix=(9, 7))
    other = Map(np.ones((2, 7, 9)), geom, (MapAxis.from_bounds(0.0, 1.0, 2, "rad", "deg"),))
    with pytest.raises(ValueError, match="got rad"):
        TemplateMap.create(other)
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        TemplateMap(np.ones((2, 2)), geom)
