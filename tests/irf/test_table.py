"""The interpolation rule, against scipy and by hand."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from gjax.irf.table import LOG_FLOOR, Table, finite, inside, interpolate
from gjax.maps.axis import MapAxis

ENERGY = MapAxis.from_edges(np.geomspace(0.1, 100, 13), "energy", interp="log")
LON = MapAxis.from_edges(np.linspace(-2, 2, 9), "fov_lon")
LAT = MapAxis.from_edges([-2.0, -1.0, 0.5, 2.0], "fov_lat")
AXES = (ENERGY, LON, LAT)
DATA = np.random.default_rng(0).random((12, 8, 3))


def scipy_rule(data, energy, lon, lat):
    nodes = (np.log(ENERGY.center), LON.center, LAT.center)
    grid = RegularGridInterpolator(nodes, data, bounds_error=False, fill_value=None)
    return grid((np.log(energy), lon, lat))


@pytest.mark.parametrize(
    ("energy_shape", "lon_shape", "lat_shape"),
    [
        ((), (), ()),
        ((5,), (5,), (5,)),
        ((5, 1, 1), (1, 4, 3), (1, 4, 3)),
        ((1, 3), (5, 1), ()),
        ((3, 1), (4, 1, 1), (5,)),
        ((4, 1), (4, 1), (5,)),
    ],
)
def test_any_broadcast_equals_scipy(energy_shape, lon_shape, lat_shape):
    rng = np.random.default_rng(1)
    energy = np.exp(rng.uniform(np.log(0.1), np.log(100), energy_shape))
    lon, lat = rng.uniform(-2, 2, lon_shape), rng.uniform(-2, 2, lat_shape)
    got = interpolate(DATA, AXES, (energy, lon, lat))
    want = scipy_rule(DATA, *np.broadcast_arrays(energy, lon, lat))
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


def test_linear_between_and_beyond_centres_zero_beyond_edges():
    axis = MapAxis.from_edges([0.0, 1.0, 2.0, 3.0], "offset")
    table = Table([1.0, 2.0, 4.0], (axis,))
    offset = np.array([0.0, 0.5, 1.0, 2.5, 3.0, 3.1, -0.1, np.nan])
    np.testing.assert_allclose(table.evaluate(offset=offset), [0.5, 1, 1.5, 4, 5, 0, 0, 0])


def test_extrapolation_is_never_negative():
    axis = MapAxis.from_edges([0.0, 1.0, 2.0], "offset")
    assert Table([0.1, 3.0], (axis,)).evaluate(offset=0.01) == 0.0


def test_log_axis_is_linear_in_the_logarithm():
    axis = MapAxis.from_edges([1.0, 100.0, 1e4], "energy", interp="log")
    assert Table([1.0, 3.0], (axis,)).evaluate(energy=100.0) == pytest.approx(2.0)


def test_log_values_give_a_power_law_exactly():
    table = Table(ENERGY.center**-2.7, (ENERGY,), scale="log")
    energy = np.geomspace(0.1, 100, 50)
    np.testing.assert_allclose(table.evaluate(energy=energy), energy**-2.7, rtol=1e-12)


def test_empty_cells_of_a_log_table_are_exactly_zero():
    table = Table(np.zeros(12), (ENERGY,), scale="log")
    assert np.all(table.evaluate(energy=ENERGY.center) == 0)
    np.testing.assert_allclose(table.interpolate(energy=ENERGY.center), LOG_FLOOR)


def test_axes_of_one_bin_are_constant_between_their_edges():
    one = MapAxis.from_edges([0.0, 2.5], "offset")
    table = Table(ENERGY.center[:, None], (ENERGY, one))
    np.testing.assert_allclose(
        table.evaluate(energy=ENERGY.center[3], offset=[0.0, 1.0, 2.5, 3.0]),
        ENERGY.center[3] * np.array([1, 1, 1, 0]),
    )


def test_a_single_node_is_constant_everywhere():
    node = MapAxis.from_nodes([0.4], "offset")
    assert np.all(Table([2.0], (node,)).evaluate(offset=[0.0, 0.4, 3.0]) == 2.0)


def test_edges_in_single_precision_do_not_lose_points_on_them():
    axis = MapAxis.from_edges(np.array([0.1, 1.0, 10.0], np.float32), "energy", interp="log")
    np.testing.assert_array_equal(
        inside(axis, [0.1, 10.0, 0.0999, 10.01]), [True, True, False, False]
    )


def test_missing_values_are_zero():
    data = DATA.copy()
    data[:, :4] = np.nan
    table = Table(data, AXES)
    values = table.evaluate(energy=1.0, fov_lon=np.array([-1.5, 1.5]), fov_lat=0.0)
    assert values[0] == 0.0
    assert values[1] > 0
    np.testing.assert_array_equal(finite(np.array([np.nan, np.inf, 1.0])), [0.0, 0.0, 1.0])


def test_mistakes_are_named():
    with pytest.raises(ValueError, match=r"expected \(energy, fov_lon, fov_lat\)"):
        Table(DATA.T, AXES)
    with pytest.raises(ValueError, match="expected the coordinates"):
        Table(DATA, AXES).evaluate(energy=1.0, offset=0.0)
    with pytest.raises(ValueError, match="no axis 'rad'"):
        Table(DATA, AXES).axis("rad")
    with pytest.raises(ValueError, match="scale"):
        Table(DATA, AXES, scale="sqrt")
    with pytest.raises(ValueError, match="values have shape"):
        interpolate(DATA[:3], AXES, (1.0, 0.0, 0.0))
