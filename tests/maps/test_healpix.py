"""Maps in HEALPix pixels on other geometries."""

import sys

import numpy as np
import pytest

from gjax.maps.axis import MapAxis
from gjax.maps.healpix import HealpixMap
from gjax.maps.wcs import WcsGeom

healpy = pytest.importorskip("astropy_healpix.healpy", reason="needs the extra healpix")

NSIDE = 32
AXIS = MapAxis.from_nodes([0.01, 0.1, 1.0], "energy_true", "TeV", "log")


def _smooth(lon, lat):
    lon, lat = np.radians(lon), np.radians(lat)
    return 2.0 + np.sin(lat) + 0.5 * np.cos(lat) * np.cos(lon - 0.3)


def _make(nested=False, frame="icrs"):
    lon, lat = healpy.pix2ang(NSIDE, np.arange(12 * NSIDE**2), nest=nested, lonlat=True)
    scale = np.array([1.0, 2.0, 3.0])[:, None]
    return HealpixMap(scale * _smooth(lon, lat), NSIDE, frame, (AXIS,), nested, "cm2 s", "test")


@pytest.mark.parametrize("nested", [False, True])
def test_smooth_function_is_interpolated(nested):
    lon, lat = np.array([0.0, 83.6, 266.4, 359.9]), np.array([89.5, 22.0, -29.0, -0.1])
    values = _make(nested).interp_by_coord(lon, lat)
    assert values.shape == (3, 4)
    np.testing.assert_allclose(values[1], 2 * _smooth(lon, lat), rtol=2e-3)


def test_projection_converts_frame_and_axes():
    geom = WcsGeom.create((83.6, 22.0), 0.5, npix=(8, 6), proj="TAN")
    axis = MapAxis.from_nodes([0.01, 10**-1.5, 1.0], "energy_true", "TeV", "log")
    map_ = _make(frame="galactic").interp_to_geom(geom, (axis,))
    expected = _smooth(*geom.coords_in("galactic"))
    scale = np.array([1.0, 1.5, 3.0])[:, None, None]
    np.testing.assert_allclose(map_.data, scale * expected, rtol=2e-3)
    assert (map_.geom, map_.axes, map_.unit) == (geom, (axis,), "cm2 s")
    kept = _make(frame="galactic").interp_to_geom(geom)
    assert kept.axes == (AXIS,)


def test_all_sky_in_wcs():
    map_ = _make().to_wcs(10.0)
    assert map_.geom.npix == (36, 18)
    np.testing.assert_allclose(map_.data[0], _smooth(*map_.geom.coords()), rtol=2e-3)
    fine = _make().to_wcs(proj="AIT")
    assert fine.geom.pixel_scale[0] <= _make().pixel_scale
    assert np.isfinite(fine.data).all()  # zero outside the projection


def test_unknown_pixels_count_as_zero():
    data = np.full(12 * NSIDE**2, np.nan)
    assert np.all(HealpixMap(data, NSIDE).interp_by_coord(0.0, 0.0) == 0.0)


def test_wrong_shapes_and_axes_are_refused():
    with pytest.raises(ValueError, match=r"expected \(pixel\) = \(12288,\)"):
        HealpixMap(np.zeros(100), NSIDE)
    geom = WcsGeom.create((0.0, 0.0), 0.5, npix=2)
    with pytest.raises(ValueError, match=r"has the axes \['energy_true'\], not \['energy'\]"):
        _make().interp_to_geom(geom, (MapAxis.from_energy_bounds(1, 10, 2),))


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "astropy_healpix", None)
    with pytest.raises(ImportError, match=r"gjax\[healpix\]"):
        _make_without_positions().interp_by_coord(0.0, 0.0)


def _make_without_positions():
    return HealpixMap(np.zeros(12), 1)
