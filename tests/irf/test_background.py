"""Background rates."""

import numpy as np
import pytest

from gjax.irf import Background2D, Background3D, Table
from gjax.irf.background import BACKGROUND_FLOOR, detector_lon, interpolate_missing, pad_offset
from gjax.maps.axis import MapAxis

ENERGY = MapAxis.from_energy_bounds(0.1, 100, 12)
OFFSET = MapAxis.from_edges([0.0, 0.5, 1.0, 2.0], "offset")
LON = MapAxis.from_edges(np.linspace(-2, 2, 9), "fov_lon")
LAT = MapAxis.from_edges(np.linspace(-2, 2, 5), "fov_lat")
UNIT = "TeV-1 s-1 sr-1"


def power_law_3d(alignment="RADEC"):
    data = np.broadcast_to(2.0 * ENERGY.center[:, None, None] ** -2.6, (12, 8, 4))
    table = Table(data, (ENERGY, LON, LAT), UNIT, "log", BACKGROUND_FLOOR)
    return Background3D(table, alignment)


def gaussian_2d():
    data = np.exp(-0.5 * OFFSET.center**2) * ENERGY.center[:, None] ** -3.0
    return Background2D(Table(data, (ENERGY, OFFSET), UNIT, "log", BACKGROUND_FLOOR))


def test_a_power_law_is_integrated_exactly():
    edges = np.geomspace(0.2, 50, 7)
    lon, lat = np.meshgrid(np.linspace(-1.9, 1.9, 4), np.linspace(-1.9, 1.9, 3))
    got = power_law_3d().integrate(edges, lon, lat)
    want = 2.0 / 1.6 * -np.diff(edges**-1.6)
    assert got.shape == (6, 3, 4)
    np.testing.assert_allclose(got, np.broadcast_to(want[:, None, None], got.shape), rtol=1e-12)


def test_integral_of_index_minus_one():
    data = np.broadcast_to(ENERGY.center[:, None] ** -1.0, (12, 3))
    background = Background2D(Table(data, (ENERGY, OFFSET), UNIT, "log", BACKGROUND_FLOOR))
    assert background.integrate([1.0, 10.0], 0.3, 0.4)[0] == pytest.approx(np.log(10))


def test_two_dimensions_depend_on_the_true_separation():
    background = gaussian_2d()
    # cos(offset) = cos(lon) cos(lat)
    offset = np.rad2deg(np.arccos(np.cos(np.deg2rad(1.2)) * np.cos(np.deg2rad(-0.8))))
    assert background.evaluate(1.0, 1.2, -0.8) == pytest.approx(background.evaluate(1.0, offset, 0))


def test_nothing_beyond_the_energy_axis():
    rate = power_law_3d().integrate([0.05, 0.1, 1.0, 100.0, 200.0], 0.0, 0.0)
    np.testing.assert_array_equal(rate > 0, [False, True, True, False])


def test_the_first_bin_with_a_rate_is_not_lost():
    data = np.array(gaussian_2d().table.data)
    data[:4] = 0.0
    background = Background2D(Table(data, (ENERGY, OFFSET), UNIT, "log", BACKGROUND_FLOOR))
    edges = [ENERGY.center[2], ENERGY.center[5]]
    assert background.evaluate(edges[0], 0.3, 0.0) == 0.0
    assert background.integrate(edges, 0.3, 0.0)[0] > 0


def test_missing_cells_are_filled_between_neighbours_only():
    data = np.array(power_law_3d().table.data)
    data[0, 2, 1] = data[-1, 2, 1] = 0.0
    data[4:6, 2, 1] = 0.0
    data[7, 3, 3] = np.nan
    data[:, 0, 0] = 0.0
    holed = Background3D(Table(data, (ENERGY, LON, LAT), UNIT, "log", BACKGROUND_FLOOR))
    filled = interpolate_missing(holed).table.data
    want = np.array(power_law_3d().table.data)
    want[[0, -1], 2, 1] = 0.0
    want[:, 0, 0] = 0.0
    # A power law is linear in the number of a logarithmic bin, so that it is filled exactly.
    np.testing.assert_allclose(filled, want, rtol=1e-12)
    assert np.isnan(holed.table.data[7, 3, 3])


def test_filling_changes_nothing_where_nothing_is_missing():
    background = power_law_3d()
    assert interpolate_missing(background) is background


def test_padding_makes_the_rate_flat_at_the_ends():
    background = gaussian_2d()
    padded = pad_offset(background)
    assert padded.evaluate(1.0, 0.0, 0.0) == pytest.approx(background.evaluate(1.0, 0.25, 0.0))
    assert padded.evaluate(1.0, 0.25, 0.0) == pytest.approx(background.evaluate(1.0, 0.25, 0.0))
    assert padded.evaluate(1.0, 0.0, 2.5) == pytest.approx(background.evaluate(1.0, 1.5, 0.0))
    assert padded.evaluate(1.0, 0.0, 3.1) == 0.0


def test_detector_longitude_is_west_except_in_old_files():
    assert detector_lon(power_law_3d("RADEC"), 1.5) == -1.5
    assert detector_lon(power_law_3d("ALTAZ"), 1.5) == -1.5
    assert detector_lon(power_law_3d("REVERSE_LON_RADEC"), 1.5) == 1.5


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="fov_alignment"):
        power_law_3d("GALACTIC")
    with pytest.raises(ValueError, match="1D"):
        power_law_3d().integrate(np.ones((2, 2)), 0.0, 0.0)
