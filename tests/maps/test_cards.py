"""Celestial keywords as values."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from gjax.maps.cards import cached_wcs, cards_from_header, frame_of, new_wcs, shifted


def header(**changes):
    cards = {
        "NAXIS": 2, "NAXIS1": 30, "NAXIS2": 20,
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 83.63, "CRVAL2": 22.01,
        "CRPIX1": 15.5, "CRPIX2": 10.5, "CDELT1": -0.1, "CDELT2": 0.1,
        "CUNIT1": "deg", "CUNIT2": "deg", "RADESYS": "ICRS", "DATE-OBS": "nonsense",
    }  # fmt: skip
    return fits.Header({k: v for k, v in (cards | changes).items() if v is not None})


def test_defaults_are_made_explicit_and_other_keywords_dropped():
    npix, cards = cards_from_header(header())
    assert npix == (30, 20)
    assert dict(cards)["LONPOLE"] == 180.0
    assert "DATE-OBS" not in dict(cards)
    assert hash(cards) == hash(cards_from_header(header(LONPOLE=180.0))[1])


def test_a_plain_cd_matrix_is_the_same_geometry():
    cd = header(CDELT1=None, CDELT2=None, CD1_1=-0.1, CD1_2=0.0, CD2_1=0.0, CD2_2=0.1)
    assert cards_from_header(cd) == cards_from_header(header())


def test_rotation_is_kept():
    c, s = np.cos(0.3), np.sin(0.3)
    _, cards = cards_from_header(header(PC1_1=c, PC1_2=-s, PC2_1=s, PC2_2=c))
    back = cached_wcs(cards)
    np.testing.assert_allclose(back.wcs.get_pc(), [[c, -s], [s, c]], rtol=1e-13)


def test_size_without_an_image_is_taken_from_wcsshape():
    table = header(NAXIS1=8, NAXIS2=77, WCSSHAPE="(30,20,4)")
    table["XTENSION"] = "BINTABLE"
    assert cards_from_header(table)[0] == (30, 20)
    del table["WCSSHAPE"]
    with pytest.raises(ValueError, match="no image size"):
        cards_from_header(table)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"CTYPE1": None}, "not an image of the sky"),
        ({"CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN"}, "longitude first"),
        ({"CTYPE1": "RA---TAN", "CTYPE2": "ENERGY"}, "WCS|longitude"),
        ({"CDELT1": 0.0}, "WCS"),
    ],
)
def test_headers_without_a_sky_are_refused(changes, problem):
    with pytest.raises(ValueError, match=problem):
        cards_from_header(header(**changes))


def test_frames():
    assert frame_of(cards_from_header(header())[1]) == "icrs"
    galactic = header(CTYPE1="GLON-CAR", CTYPE2="GLAT-CAR", RADESYS=None)
    assert frame_of(cards_from_header(galactic)[1]) == "galactic"
    assert frame_of(cards_from_header(header(RADESYS="FK5", EQUINOX=2000.0))[1]) == "fk5"
    with pytest.raises(ValueError, match="ELON"):
        frame_of(cards_from_header(header(CTYPE1="ELON-TAN", CTYPE2="ELAT-TAN"))[1])


def test_unknown_frames_and_projections_are_refused():
    with pytest.raises(ValueError, match="frame is 'fk9'"):
        new_wcs("fk9", "TAN", (0, 0), (1, 1), (-1, 1))
    with pytest.raises(ValueError, match="projection 'XXX'"):
        new_wcs("icrs", "XXX", (0, 0), (1, 1), (-1, 1))


def test_latitude_of_nearly_zero_is_zero():
    for make in (-1e-200, -1e-15, 0.0):
        tiny = cards_from_header(header(CRVAL2=make, CTYPE1="RA---CAR", CTYPE2="DEC--CAR"))[1]
        assert (dict(tiny)["CRVAL2"], dict(tiny)["LONPOLE"]) == (0.0, 0.0)


def test_shift_moves_the_reference_pixel_only():
    cards = cards_from_header(header())[1]
    moved = dict(shifted(cards, 2, -3))
    assert (moved["CRPIX1"], moved["CRPIX2"]) == (17.5, 7.5)
    assert shifted(shifted(cards, 2, -3), -2, 3) == cards
