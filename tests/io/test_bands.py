"""Tables of axes."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.bands import axes_header, axes_to_hdu, read_axes
from gjax.maps.axis import MapAxis

ENERGY = MapAxis.from_energy_bounds(0.1, 10, 3)
TRUE = MapAxis.from_nodes([0.1, 1, 10], "energy_true", interp="log")
RAD = MapAxis.from_bounds(0, 0.66, 4, "rad")
MIGRA = MapAxis.from_bounds(0.2, 5, 2, "migra", interp="sqrt")


FOV = MapAxis.from_bounds(-2, 2, 4, "fov_lon")


@pytest.mark.parametrize("axes", [(ENERGY,), (TRUE, RAD), (TRUE, RAD, MIGRA), (FOV,)])
def test_round_trip(axes):
    assert read_axes(axes_to_hdu(axes, "X_BANDS")) == axes


def test_the_fastest_axis_comes_first_in_the_file():
    assert axes_header((ENERGY, RAD)) == {
        "AXCOLS1": "RAD_MIN,RAD_MAX", "INTERP1": "lin", "AXCOLS2": "E_MIN,E_MAX", "INTERP2": "log",
    }  # fmt: skip
    table = axes_to_hdu((ENERGY, RAD), "X_BANDS")
    assert len(table.data) == 12
    assert table.columns["E_MIN"].unit == "TeV"


def ebounds(unit="keV", **columns):
    values = {"E_MIN": [1e8, 1e9], "E_MAX": [1e9, 1e10]} | columns
    return fits.BinTableHDU.from_columns(
        [fits.Column(k, "D", unit=unit, array=v) for k, v in values.items() if v is not None],
        name="EBOUNDS",
    )


def test_tables_of_the_fermi_tools():
    (energy,) = read_axes(ebounds())
    assert energy == MapAxis.from_edges([0.1, 1, 10], "energy", interp="log")
    nodes = fits.BinTableHDU.from_columns([fits.Column("Energy", "D", array=[1e3, 1e5])])
    nodes.name = "ENERGIES"
    nodes.header["AXCOLS1"] = "ENERGY"
    assert read_axes(nodes) == (MapAxis.from_nodes([1e-3, 0.1], "energy_true", interp="log"),)


def test_old_name_of_the_rad_axis():
    table = axes_to_hdu((MapAxis.from_nodes([0.1, 0.2], "theta", unit="deg"),), "PSF_BANDS")
    assert read_axes(table)[0].name == "rad"


def damaged(**changes):
    table = axes_to_hdu((ENERGY,), "C_BANDS")
    for key, value in changes.items():
        table.header[key] = value
    return table


@pytest.mark.parametrize(
    ("table", "problem", "column"),
    [
        (
            damaged(AXCOLS1="E_LOW,E_MAX"),
            "missing; there are CHANNEL, ENERGY, E_MIN, E_MAX",
            "E_LOW",
        ),
        (damaged(INTERP1="cubic"), "interp is 'cubic'", "E_MIN,E_MAX"),
        (ebounds(E_MIN=[1e8, 2e9]), "not contiguous", "E_MIN,E_MAX"),
        (ebounds(E_MIN=None), "axes are unknown", None),
        (ebounds(unit="deg"), "cannot be made", "E_MIN,E_MAX"),
        (ebounds(unit="furlongs"), "unit is not known", "E_MIN"),
        (ebounds(E_MIN=[-1.0, 1e9]), "log scale", "E_MIN,E_MAX"),
    ],
)
def test_damage_is_told_with_its_place(table, problem, column):
    with pytest.raises(FileFormatError, match=problem) as caught:
        read_axes(table, "some.fits")
    assert (caught.value.path, caught.value.hdu) == ("some.fits", table.name)
    assert caught.value.column == column


def test_bins_that_cross_zero_may_have_noise():
    table = axes_to_hdu((FOV,), "X_BANDS")
    table.data["FOV_LON_MIN"][2] = 1e-17
    assert read_axes(table)[0].is_allclose(FOV)


def test_images_and_labels_are_no_axes():
    with pytest.raises(FileFormatError, match="not a table"):
        read_axes(fits.ImageHDU(np.zeros((2, 2)), name="X"))
    labels = fits.BinTableHDU.from_columns([fits.Column("DATASET", "4A", array=["a", "b"])])
    labels.header["AXCOLS1"] = "DATASET"
    with pytest.raises(FileFormatError, match="labels"):
        read_axes(labels)


def test_room_for_five_axes():
    with pytest.raises(ValueError, match="room for 5"):
        axes_to_hdu((RAD,) * 6, "X")
