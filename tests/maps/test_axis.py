"""Axes of maps."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.maps.axis import MapAxis

ENERGY = MapAxis.from_energy_bounds("0.1 TeV", "10 TeV", 4)


@st.composite
def axes(draw):
    interp = draw(st.sampled_from(["lin", "log", "sqrt"]))
    steps = draw(st.lists(st.floats(0.05, 3), min_size=2, max_size=8))
    nodes = draw(st.floats(0.1, 5)) + np.cumsum(steps)
    make = draw(st.sampled_from([MapAxis.from_edges, MapAxis.from_nodes]))
    return make(nodes, "x", interp=interp)


def test_centres_of_a_log_axis_are_geometric_means():
    np.testing.assert_allclose(ENERGY.edges, np.geomspace(0.1, 10, 5))
    np.testing.assert_allclose(ENERGY.center, np.sqrt(ENERGY.edges[1:] * ENERGY.edges[:-1]))
    assert (ENERGY.nbin, ENERGY.unit, ENERGY.name) == (4, "TeV", "energy")
    np.testing.assert_allclose(ENERGY.bin_width, np.diff(ENERGY.edges))


def test_edges_around_nodes_are_half_way_in_the_scale():
    axis = MapAxis.from_nodes([1, 3, 10] * u.TeV, "energy_true", interp="log")
    np.testing.assert_allclose(axis.center, [1, 3, 10])
    np.testing.assert_allclose(axis.edges[1:-1], np.sqrt([3, 30]))
    assert axis.edges[0] == pytest.approx(1 / np.sqrt(3))


def test_units_become_internal():
    axis = MapAxis.from_edges([100, 1000] * u.GeV, "energy_true", interp="log")
    assert axis == MapAxis.from_edges(["0.1 TeV", "1 TeV"], "energy_true", interp="log")
    assert axis == MapAxis.from_edges([100, 1000], "energy_true", unit="GeV", interp="log")
    assert axis.nodes == (0.1, 1.0)
    rad = MapAxis.from_bounds(0 * u.arcmin, 60 * u.arcmin, 3, "rad")
    assert (rad.unit, rad.nodes[-1]) == ("deg", 1.0)
    assert MapAxis.from_bounds(0.2, 5, 48, "migra").unit == ""


def test_wrong_units_are_named():
    with pytest.raises(u.UnitConversionError, match="energy"):
        MapAxis.from_edges([1, 2] * u.deg, "energy")


def test_bins_per_decade_are_rounded_up():
    axis = MapAxis.from_energy_bounds(0.1, 20.0, 5, per_decade=True, name="energy_true")
    assert (axis.nbin, axis.nodes[0], axis.nodes[-1]) == (12, 0.1, 20.0)


@pytest.mark.parametrize("interp", ["lin", "log", "sqrt"])
def test_from_bounds_is_even_in_the_scale_and_exact_at_the_ends(interp):
    axis = MapAxis.from_bounds(0.3, 7.7, 7, "x", interp=interp)
    assert (axis.nodes[0], axis.nodes[-1]) == (0.3, 7.7)
    scaled = {"lin": np.array, "log": np.log, "sqrt": np.sqrt}[interp](axis.nodes)
    np.testing.assert_allclose(np.diff(scaled), np.diff(scaled)[0])


@settings(max_examples=50, deadline=None)
@given(axes(), st.floats(-2, 12))
def test_pixel_and_coordinate_are_inverse(axis, pix):
    coord = axis.pix_to_coord(pix)
    if axis.interp != "sqrt" or axis.coord_to_pix(0.0) < pix:
        assert axis.coord_to_pix(coord) == pytest.approx(pix, abs=1e-8)


@settings(max_examples=50, deadline=None)
@given(axes())
def test_centres_have_integer_pixels_and_edges_half_integers(axis):
    np.testing.assert_allclose(axis.coord_to_pix(axis.center), np.arange(axis.nbin), atol=1e-9)
    np.testing.assert_allclose(
        axis.coord_to_pix(axis.edges), np.arange(axis.nbin + 1) - 0.5, atol=1e-9
    )
    np.testing.assert_array_equal(axis.coord_to_idx(axis.center), np.arange(axis.nbin))


def test_lower_edge_is_inside_and_upper_edge_is_not():
    np.testing.assert_array_equal(ENERGY.coord_to_idx(ENERGY.edges), [0, 1, 2, 3, -1])
    np.testing.assert_array_equal(ENERGY.coord_to_idx([0.0, 0.0999, 11.0, np.nan]), [-1] * 4)
    assert ENERGY.coord_to_idx(150 * u.GeV) == 0


def test_slice_squash_and_downsample():
    assert ENERGY.slice(1, 3).nodes == ENERGY.nodes[1:4]
    assert ENERGY.slice(None, -1).nbin == 3
    assert ENERGY.squash().nodes == (ENERGY.nodes[0], ENERGY.nodes[-1])
    assert ENERGY.downsample(2).nodes == ENERGY.nodes[::2]
    assert MapAxis.from_nodes([1, 2, 4], "x").slice(1, 3).nodes == (2, 4)
    with pytest.raises(ValueError, match="no bin"):
        ENERGY.slice(3, 3)
    with pytest.raises(ValueError, match="cannot be grouped"):
        ENERGY.downsample(3)


def test_alignment_and_closeness():
    noisy = MapAxis.from_edges(ENERGY.edges * (1 + 1e-9), "energy", interp="log")
    assert noisy != ENERGY
    assert noisy.is_allclose(ENERGY)
    assert not ENERGY.is_allclose(ENERGY.squash())
    assert not MapAxis.from_edges(ENERGY.edges * 1.001, "energy", interp="log").is_allclose(ENERGY)
    assert ENERGY.is_aligned(ENERGY.slice(1, 3))
    assert not ENERGY.is_aligned(MapAxis.from_energy_bounds(0.1, 10, 5))


def test_equal_axes_have_equal_hashes():
    again = MapAxis.from_energy_bounds(0.1 * u.TeV, 10_000 * u.GeV, 4)
    assert again == ENERGY
    assert hash(again) == hash(ENERGY)


@pytest.mark.parametrize(
    ("nodes", "options", "problem"),
    [
        ([2.0, 1.0], {}, "increasing"),
        ([1.0, 1.0], {}, "increasing"),
        ([1.0, np.nan], {}, "increasing"),
        ([1.0], {}, "needs 2 edges"),
        ([0.0, 1.0], {"interp": "log"}, "log scale"),
        ([-1.0, 1.0], {"interp": "sqrt"}, "sqrt scale"),
        ([1.0, 2.0], {"interp": "cubic"}, "interp is 'cubic'"),
    ],
)
def test_impossible_axes_are_refused(nodes, options, problem):
    with pytest.raises(ValueError, match=problem):
        MapAxis.from_edges(nodes, "x", **options)


def test_single_node():
    axis = MapAxis.from_nodes([2.0], "x")
    assert axis.nbin == 1
    np.testing.assert_array_equal(axis.coord_to_pix([0.0, 5.0]), [0, 0])
