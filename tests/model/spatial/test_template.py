"""Template maps: interpolation, normalisation and place."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import numpy as np
import pytest

from gjax.maps import Map, MapAxis, WcsGeom
from gjax.maps.healpix import HealpixMap
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


@pytest.mark.parametrize(("width", "radius"), [((360.0, 180.0), 180.0), ((360.0, 20.0), 180.0)])
def test_radius_of_a_map_around_the_sky_is_the_whole_sky(width, radius):
    geom = WcsGeom.create((0.0, 0.0), binsz=2.0, width=width, frame="galactic")
    template = TemplateMap.create(Map(np.ones(geom.shape), geom))
    assert template.evaluation_radius == radius
    assert 0.5 < small().evaluation_radius < 1.5


# -- HEALPix ---------------------------------------------------------------------------------------


def sky(lon, lat):
    """Give a smooth function on the sphere whose integral is 8 pi."""
    lon, lat = np.radians(lon), np.radians(lat)
    return 2.0 + np.sin(lat) + 0.5 * np.cos(lat) * np.cos(lon - 0.3)


def healpix(nside: int, **options) -> HealpixMap:
    healpy = pytest.importorskip("astropy_healpix.healpy", reason="needs the extra healpix")
    lon, lat = healpy.pix2ang(nside, np.arange(12 * nside**2), lonlat=True)
    return HealpixMap(sky(lon, lat) * AXIS.center[:, None], nside, axes=(AXIS,), **options)


@pytest.mark.parametrize("normalize", [True, False])
def test_healpix_map_is_a_density(normalize):
    model = TemplateMap.create(healpix(64, frame="galactic"), normalize=normalize)
    assert model.frame == "galactic"
    assert [float(c) for c in model.position] == [0.0, 0.0]
    lon, lat = np.array([0.0, 83.0, 266.4, 359.9]), np.array([89.0, 22.0, -29.0, -0.1])
    energy = float(AXIS.center[1])
    scale = 8 * np.pi if normalize else 1.0 / energy
    expected = sky(lon, lat) / scale
    np.testing.assert_allclose(model(lon, lat, energy=energy), expected, rtol=1e-3)
    area = np.nan_to_num(model.geom.solid_angle())
    total = np.sum(area * np.asarray(model(*model.geom.coords(), energy=energy)))
    assert total * scale == pytest.approx(8 * np.pi, rel=1e-3)


def test_healpix_map_of_a_part_of_the_sky_is_centred_there():
    model = TemplateMap.create(healpix(64, disk=(110.0, 30.0, 5.0)), normalize=False)
    assert [float(c) for c in model.position] == [110.0, 30.0]
    assert 5.0 < model.evaluation_radius < 12.0
    energy = float(AXIS.center[0])
    found = float(model(112.0, 31.0, energy=energy))
    assert found == pytest.approx(energy * sky(112.0, 31.0), rel=1e-3)
