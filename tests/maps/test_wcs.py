"""Sky geometries: Gammapy's numbers, and invariants."""

from __future__ import annotations

import json
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.maps.wcs import WcsGeom, contains, everywhere, pad
from gjax.numerics import sphere

RECORD = json.loads((Path(__file__).parents[1] / "reference/data/geometry.json").read_text())
GEOM = WcsGeom.create((83.63, 22.01), 0.05, (3, 2), proj="TAN")


@pytest.fixture(
    params=RECORD["geometries"], ids=lambda r: "{proj}-{frame}".format(**r["arguments"])
)
def peer(request):
    return request.param


@pytest.fixture
def geom(peer):
    return WcsGeom.create(**peer["arguments"])


def test_positions_and_pixels_are_those_of_gammapy(peer, geom):
    assert geom.shape == tuple(peer["shape"])
    lon, lat = geom.pix_to_coord(*peer["pixels"])
    assert np.max(sphere.separation(lon, lat, *map(np.array, peer["coords"]))) < 1e-11
    x, y = geom.coord_to_pix(*peer["coords"])
    np.testing.assert_allclose((x, y), peer["pixels"], atol=1e-9)
    ix, iy = geom.coord_to_idx(*peer["coords"])
    expected = np.where(np.min(peer["index"], axis=0) < 0, -1, peer["index"])
    np.testing.assert_array_equal((ix, iy), expected)
    assert np.isnan(geom.coords()[0]).sum() == peer["n_outside"]


def test_solid_angles_are_those_of_gammapy(peer, geom):
    """Gammapy takes plane triangles: the difference grows with the square of the pixel size."""
    solid_angle = geom.solid_angle()
    ny, nx = geom.shape
    tolerance = np.radians(max(geom.pixel_scale)) ** 2
    assert solid_angle[ny // 2, nx // 2] == pytest.approx(peer["center_solid_angle"], rel=tolerance)
    assert np.nansum(solid_angle) == pytest.approx(peer["total_solid_angle"], rel=tolerance)


def test_cutouts_are_those_of_gammapy(peer, geom):
    for cutout in peer["cutouts"]:
        part, slices = geom.cutout(tuple(cutout["position"]), cutout["width"])
        assert part.shape == tuple(cutout["shape"])
        cards = dict(part.cards)
        assert [cards["CRPIX1"], cards["CRPIX2"]] == pytest.approx(cutout["crpix"], abs=1e-9)
        for ours, whole in zip(part.coords(), geom.coords(), strict=True):
            np.testing.assert_allclose(ours, whole[slices], atol=1e-10)


def test_coarser_geometries_are_those_of_gammapy(peer, geom):
    coarse = geom.to_binsz(0.5)
    assert coarse.shape == tuple(peer["to_binsz"]["shape"])
    cards = dict(coarse.cards)
    crval = peer["to_binsz"]["crval"]
    assert sphere.separation(cards["CRVAL1"], cards["CRVAL2"], *crval) < 1e-10


def test_arguments_of_all_kinds_make_the_same_geometry():
    crab = SkyCoord(83.63, 22.01, unit="deg")
    assert WcsGeom.create(crab, "0.05 deg", (3 * u.deg, "120 arcmin"), proj="TAN") == GEOM
    assert WcsGeom.create((83.63, 22.01), 0.05, npix=(60, 40), proj="TAN") == GEOM
    assert hash(WcsGeom.create((83.63, 22.01), 0.05, npix=(60, 40), proj="TAN")) == hash(GEOM)
    assert WcsGeom.create((83.63, 22.01), 0.05, npix=(60, 41), proj="TAN") != GEOM
    moved = WcsGeom.create(crab, 0.05, 3, proj="TAN", frame="galactic")
    assert moved.center == pytest.approx((crab.galactic.l.deg, crab.galactic.b.deg))


def test_what_a_geometry_says_of_itself():
    assert (GEOM.shape, GEOM.frame, GEOM.projection) == ((40, 60), "icrs", "TAN")
    assert GEOM.center == pytest.approx((83.63, 22.01))
    assert GEOM.pixel_scale == pytest.approx((0.05, 0.05))
    assert GEOM.wcs.array_shape == (40, 60)
    lon, lat = GEOM.coords()
    assert lon[0, 0] > lon[0, -1], "longitude increases to the left"
    assert lat[0, 0] < lat[-1, 0]


def test_the_wcs_that_is_handed_out_is_a_copy():
    GEOM.wcs.wcs.crval = (0, 0)
    assert GEOM.center == pytest.approx((83.63, 22.01))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["CAR", "TAN", "AIT", "ZEA"]),
    st.sampled_from(["icrs", "galactic"]),
    st.floats(0, 360),
    st.floats(-85, 85),
    st.floats(-0.5, 29.5),
    st.floats(-0.5, 19.5),
)
def test_pixel_and_position_are_inverse(proj, frame, lon, lat, x, y):
    geom = WcsGeom.create((lon, lat), 0.1, npix=(30, 20), proj=proj, frame=frame)
    position = geom.pix_to_coord(x, y)
    assert 0 <= position[0] <= 360
    assert np.array(geom.coord_to_pix(*position)) == pytest.approx((x, y), abs=1e-7)
    assert geom.center == pytest.approx((lon % 360, lat), abs=1e-9) or lon > 359.999999


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 360), st.floats(-80, 80), st.floats(0.1, 4), st.integers(1, 4))
def test_pixels_of_a_cutout_are_those_of_the_map(lon, lat, width, n):
    geom = WcsGeom.create((lon, lat), 0.2, npix=(12, 15), proj="TAN", frame="galactic")
    part, slices = geom.cutout(geom.center, (width, 0.2 * n))
    for ours, whole in zip(part.coords(), geom.coords(), strict=True):
        np.testing.assert_allclose(ours, whole[slices], atol=1e-9)
    assert part.shape[0] == n


def test_cutouts_are_trimmed_or_refused():
    corner = tuple(float(v[0, 0]) for v in GEOM.coords())
    part, (along_y, along_x) = GEOM.cutout(corner, 1.0)
    assert part.shape == (along_y.stop, along_x.stop)
    assert (along_y.start, along_x.start) == (0, 0)
    with pytest.raises(ValueError, match="not inside"):
        GEOM.cutout(corner, 1.0, mode="strict")
    with pytest.raises(ValueError, match="no overlap"):
        GEOM.cutout((90.0, 22.0), 1.0)
    with pytest.raises(ValueError, match="outside the projection"):
        GEOM.cutout((263.0, -22.0), 1.0)
    with pytest.raises(ValueError, match="mode is 'partial'"):
        GEOM.cutout(corner, 1.0, mode="partial")  # type: ignore[arg-type]


def test_padding_keeps_the_pixels():
    wide = pad(GEOM, 3)
    assert wide.shape == (46, 66)
    for ours, inner in zip(wide.coords(), GEOM.coords(), strict=True):
        np.testing.assert_allclose(ours[3:-3, 3:-3], inner, atol=1e-10)
    assert pad(wide, -3) == GEOM


def test_nodes_are_inside_their_pixels():
    offsets = np.array([-0.4, 0.0, 0.3])
    lon, lat = GEOM.nodes(offsets)
    assert lon.shape == (120, 180)
    ix, iy = GEOM.coord_to_idx(lon, lat)
    np.testing.assert_array_equal(ix, np.tile(np.arange(60).repeat(3), (120, 1)))
    np.testing.assert_array_equal(iy, np.tile(np.arange(40).repeat(3), (180, 1)).T)
    np.testing.assert_allclose(lon[1::3, 1::3], GEOM.coords()[0])


def test_the_whole_sky_has_four_pi():
    sky = WcsGeom.create(binsz=5.0, frame="galactic")
    assert sky.shape == (36, 72)
    assert sky.solid_angle().sum() == pytest.approx(4 * np.pi, rel=1e-12)
    # Here rounding puts the poles and the seam just outside of the sky.
    odd = WcsGeom.create((0.0, 0.0), binsz=180.0 / 197)
    assert odd.npix == (394, 197)
    assert odd.solid_angle().sum() == pytest.approx(4 * np.pi, rel=1e-9)
    assert np.isnan(odd.pix_to_coord(-0.6, 3.0)[0])


def test_contains_and_separation():
    assert contains(GEOM, 83.63, 22.01)
    np.testing.assert_array_equal(contains(GEOM, [83.63, 0.0, np.nan], [25.0, 0.0, 0.0]), False)
    offset = GEOM.separation(83.63, 22.01)
    assert offset.shape == GEOM.shape
    assert offset.min() == pytest.approx(0.05 / np.sqrt(2), rel=1e-4)


def test_positions_in_another_frame():
    lon, lat = GEOM.coords_in("galactic")
    expected = SkyCoord(*GEOM.coords(), unit="deg").galactic
    np.testing.assert_allclose(lon, expected.l.deg)
    np.testing.assert_allclose(lat, expected.b.deg)


def test_header_round_trip_keeps_equality_also_with_fourteen_digits():
    geom = WcsGeom.create((250 / 3, 22.0144444444444444), 1 / 30, npix=(31, 20), frame="galactic")
    header = geom.wcs.to_header()  # as wcslib prints it
    header["WCSSHAPE"] = "(31,20)"
    assert WcsGeom.from_header(header) == geom


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"width": 0.001}, "empty"),
        ({"binsz": -1}, "binsz"),
        ({"npix": (0, 3)}, "empty"),
        ({"frame": "altaz"}, "frame"),
        ({"proj": "FOO"}, "projection"),
        ({"width": (1, 2, 3)}, "width"),
    ],
)
def test_impossible_geometries_are_refused(arguments, problem):
    with pytest.raises(ValueError, match=problem):
        WcsGeom.create(**arguments)


def test_everywhere_covers_the_sphere():
    geom = everywhere("galactic")
    assert geom.shape == (1, 2)
    assert geom.frame == "galactic"
    lon, lat = np.array([0.5, 90.0, 200.0, 359.0]), np.array([-89.0, 0.0, 45.0, 89.0])
    assert (geom.coord_to_idx(lon, lat)[0] >= 0).all()
