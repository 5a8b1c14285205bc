"""Maps."""

from __future__ import annotations

import json
from pathlib import Path

import astropy.units as u
import jax
import numpy as np
import pytest

from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom

RECORD = json.loads((Path(__file__).parents[1] / "reference/data/geometry.json").read_text())[
    "maps"
]
GEOM = WcsGeom.create((10.0, -5.0), 0.5, npix=(6, 5), proj="TAN")
ENERGY = MapAxis.from_energy_bounds(0.1, 10, 3)
COUNTS = Map(np.array(RECORD["data"]["counts"]), GEOM, (ENERGY,), name="counts")
MASK = Map(np.array(RECORD["data"]["mask_safe"], bool), GEOM, (ENERGY,), name="mask")
OTHER = WcsGeom.create(tuple(RECORD["other"]), 0.7, npix=(7, 6), frame="galactic")


def test_interpolation_is_that_of_gammapy():
    values = COUNTS.interp_by_coord(RECORD["lon"], RECORD["lat"], energy=RECORD["energy"])
    np.testing.assert_allclose(values, RECORD["interp"], atol=1e-6)


def test_lookup_is_that_of_gammapy():
    lon, lat = RECORD["lon"], RECORD["lat"]
    values = COUNTS.get_by_coord(lon, lat, energy=RECORD["energy"], fill_value=-1)
    np.testing.assert_array_equal(values, RECORD["get"])
    assert -1 in values


def test_another_geometry_in_another_frame_is_that_of_gammapy():
    moved = MASK.interp_to_geom(OTHER)
    assert moved.is_mask
    np.testing.assert_array_equal(moved.data, RECORD["mask_other"])
    np.testing.assert_allclose(COUNTS.interp_to_geom(OTHER).data, RECORD["counts_other"], atol=1e-6)


def test_an_exclusion_image_serves_all_energies():
    image = Map(MASK.data[0], GEOM)
    cube = image.interp_to_geom(OTHER, (ENERGY,), fill_value=True)
    assert cube.data.shape == (3, *OTHER.shape)
    assert cube.axes == (ENERGY,)
    np.testing.assert_array_equal(cube.data, np.broadcast_to(cube.data[0], cube.data.shape))
    ix, iy = GEOM.coord_to_idx(*OTHER.coords_in("icrs"))
    assert cube.data[0][ix < 0].all(), "what the image does not cover takes the fill value"
    np.testing.assert_array_equal(cube.data[0][ix >= 0], image.data[iy, ix][ix >= 0])
    assert not image.interp_to_geom(OTHER).data[ix < 0].any(), "false by default, as in Gammapy"


def test_same_geometry_is_the_identity():
    np.testing.assert_array_equal(MASK.interp_to_geom(GEOM).data, MASK.data)
    np.testing.assert_allclose(COUNTS.interp_to_geom(GEOM).data, COUNTS.data, atol=1e-9)
    np.testing.assert_array_equal(COUNTS.interp_to_geom(GEOM, method="nearest").data, COUNTS.data)


def test_mask_with_an_energy_axis_is_looked_up_in_energy():
    fine = MapAxis.from_energy_bounds(0.1, 10, 6)
    np.testing.assert_array_equal(
        MASK.interp_to_geom(GEOM, (fine,)).data, MASK.data.repeat(2, axis=0)
    )


def test_fill_value_outside_the_edges():
    lon, lat = GEOM.center
    inside = COUNTS.interp_by_coord(lon, lat, energy=1.0, fill_value=-1)
    assert inside == COUNTS.interp_by_coord(lon, lat, energy=1.0)
    assert COUNTS.interp_by_coord(lon, lat, energy=11.0, fill_value=-1) == -1
    assert COUNTS.interp_by_coord(lon, lat + 10, energy=1.0, fill_value=-1) == -1


def test_values_that_are_not_finite_count_as_zero():
    data = np.full(GEOM.shape, 2.0)
    data[2, 3] = np.nan
    lon, lat = GEOM.pix_to_coord([3, 3.5], [2, 2])
    np.testing.assert_allclose(Map(data, GEOM).interp_by_coord(lon, lat), [0, 1], atol=1e-9)


def test_coordinates_must_name_the_axes():
    with pytest.raises(ValueError, match=r"axes \['energy'\]"):
        COUNTS.interp_by_coord(10.0, -5.0, energy_true=1.0)


def test_cutout_and_sum():
    part = COUNTS.cutout(GEOM.pix_to_coord(2.7, 2.0), 1.5)
    assert part.data.shape == (3, 3, 3)
    np.testing.assert_array_equal(part.data, COUNTS.data[:, 1:4, 2:5])
    total = COUNTS.sum_over_axes()
    assert total.axes == ()
    np.testing.assert_array_equal(total.data, COUNTS.data.sum(0))
    kept = COUNTS.sum_over_axes(keepdims=True)
    assert (kept.data.shape, kept.axes[0].nbin) == ((1, 5, 6), 1)
    np.testing.assert_array_equal(MASK.sum_over_axes().data, MASK.data.any(0))


def test_quantity_and_kind():
    flux = Map(np.ones(GEOM.shape), GEOM, unit="s-1 cm-2")
    assert flux.quantity[0, 0] == 1 / u.s / u.cm**2
    assert MASK.is_mask
    assert not COUNTS.is_mask


def test_only_the_data_are_traced():
    assert len(jax.tree.leaves(COUNTS)) == 1


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"\(energy, y, x\) = \(3, 5, 6\)"):
        Map(np.ones((2, 5, 6)), GEOM, (ENERGY,))
