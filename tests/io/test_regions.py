"""Regions as FITS tables: round trips, and what is not a region of the sky."""

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.regions import region_from_hdu, region_to_hdu
from gjax.maps.region_geom import RegionGeom
from gjax.maps.region_shape import RegionShape

SHAPES = {
    "point": (83.63, 22.01),
    "circle": (83.63, 22.01, 0.11),
    "annulus": (83.63, -62.01, 0.3, 0.5),
    "ellipse": (0.01, 22.01, 0.6, 0.2, 30.0),
    "rectangle": (359.9, 22.01, 0.6, 0.2, 330.0),
    "polygon": (83.2, 21.8, 84.1, 21.9, 83.9, 22.5, 83.5, 22.6),
}


@pytest.mark.parametrize("frame", ["icrs", "galactic"])
@pytest.mark.parametrize("kind", SHAPES)
def test_round_trip_is_exact(kind, frame):
    geom = RegionGeom((RegionShape(kind, SHAPES[kind], frame),), frame)
    assert region_from_hdu(region_to_hdu(geom)) == geom


def test_union_round_trip():
    """Every shape is far from the centre of the projection, where the scale is another one."""
    shapes = tuple(
        RegionShape(kind, values, "icrs")
        for kind, values in {**SHAPES, "annulus": (85.0, 25.0, 0.1, 0.2)}.items()
        if kind not in ("ellipse", "rectangle")
    )
    shapes += (
        RegionShape("ellipse", (81.0, 23.0, 0.5, 0.2, 100.0)),
        RegionShape("polygon", (81.0, 23.0, 82.0, 23.0, 82.0, 24.0)),
    )
    again = region_from_hdu(region_to_hdu(RegionGeom(shapes)))
    for one, other in zip(again.shapes, shapes, strict=True):
        assert one.kind == other.kind
        np.testing.assert_allclose(one.values, other.values, atol=2e-9)


def test_repeated_shapes_are_one():
    """Gammapy's stacked spectra repeat the region of each observation."""
    hdu = region_to_hdu(RegionGeom.circle(83.63, 22.01, 0.11))
    repeated = fits.BinTableHDU(np.repeat(hdu.data, 4), hdu.header)
    assert len(repeated.data) == 4
    assert region_from_hdu(repeated) == RegionGeom.circle(83.63, 22.01, 0.11)


def test_equinox_of_2000_becomes_icrs():
    hdu = region_to_hdu(RegionGeom.circle(83.63, 22.01, 0.11))
    hdu.header["RADESYS"] = "FK5"
    hdu.header["EQUINOX"] = 2000.0
    geom = region_from_hdu(hdu)
    assert geom.frame == "icrs"
    np.testing.assert_allclose(geom.shapes[0].values, (83.63, 22.01, 0.11), atol=1e-5)


def test_detector_coordinates_are_no_region_of_the_sky():
    hdu = region_to_hdu(RegionGeom.circle(83.63, 22.01, 0.11))
    for key in ("CTYPE1", "CTYPE2"):
        del hdu.header[key]
    assert region_from_hdu(hdu) is None


def test_too_large_regions_are_not_written():
    lon = (0.0, 150.0, 151.0, 152.0)
    geom = RegionGeom(tuple(RegionShape("circle", (value, 0.0, 1.0)) for value in lon))
    with pytest.raises(ValueError, match="too large"):
        region_to_hdu(geom)


def _damage(hdu, key):
    if key == "column":
        return fits.BinTableHDU.from_columns(hdu.columns[:2], hdu.header, name="REGION")
    if key == "projection":
        hdu.header["CTYPE1"] = "RA---XXX"
    elif key == "empty":
        return fits.BinTableHDU(hdu.data[:0], hdu.header)
    elif key == "radius":
        hdu.data["R"] = -1.0
    elif key == "position":
        hdu.data["X"] = np.nan
    elif key == "shape":
        hdu.data["SHAPE"] = "!circl"
    return hdu


@pytest.mark.parametrize("key", ["column", "projection", "empty", "radius", "position", "shape"])
def test_damage_is_named(key):
    hdu = _damage(region_to_hdu(RegionGeom.circle(83.63, 22.01, 0.11)), key)
    with pytest.raises(FileFormatError, match=r"x\.fits.*REGION"):
        region_from_hdu(hdu, "x.fits")
