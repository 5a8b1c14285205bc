"""The container of datasets."""

import dataclasses

import jax
import numpy as np
import pytest

from gjax.dataset.datasets import Datasets
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.dataset.stack import stack
from gjax.errors import UnknownNameError


@pytest.fixture
def points():
    energy = np.array([1.0, 3.0, 10.0])
    return FluxPointsDataset(
        name="points", energy=energy, dnde=1e-12 * energy**-2, dnde_err=1e-13 * energy**-2
    )


@pytest.fixture
def datasets(make):
    return Datasets([make(1), make(2), make(3)])


def test_names_positions_and_slices(datasets):
    assert datasets.names == ("d1", "d2", "d3")
    assert len(datasets) == 3
    assert datasets["d2"] is datasets[1] is datasets[-2]
    assert datasets[1:].names == ("d2", "d3")
    assert datasets[["d3", "d1"]].names == ("d3", "d1")
    assert [member.name for member in datasets] == ["d1", "d2", "d3"]
    assert "d1" in datasets
    assert datasets[0] in datasets
    assert "d4" not in datasets


def test_equal_names_are_refused(make):
    with pytest.raises(ValueError, match="more than once: d1"):
        Datasets([make(1), make(1)])
    with pytest.raises(TypeError, match="not a dataset: int"):
        Datasets([3])


def test_unknown_name_gives_the_nearest(datasets):
    with pytest.raises(UnknownNameError, match="did you mean 'd3'"):
        datasets["d33"]
    with pytest.raises(UnknownNameError, match="There are: none"):
        Datasets()["x"]


def test_nothing_is_changed_in_place(datasets, make):
    longer = datasets.append(make(4), make(5))
    assert longer.names == ("d1", "d2", "d3", "d4", "d5")
    other = dataclasses.replace(datasets["d2"], counts=None)
    assert datasets.replace(other)["d2"].counts is None
    assert datasets["d2"].counts is not None
    assert len(datasets) == 3


def test_arrays_are_leaves(datasets):
    doubled = jax.tree_util.tree_map(lambda a: 2 * a, datasets)
    np.testing.assert_array_equal(doubled["d3"].exposure, 2 * datasets["d3"].exposure)


def test_stack_and_slice_are_those_of_the_datasets(datasets, points):
    summed = datasets.stack("sum")
    assert summed.name == "sum"
    np.testing.assert_array_equal(summed.counts, stack(list(datasets)).counts)
    cut = datasets.append(points).slice_energy(3.0, 30.0)
    assert [member.energy.nbin for member in cut[:3]] == [2, 2, 2]
    assert cut["points"] is points
    with pytest.raises(ValueError, match="'points': flux points cannot be stacked"):
        datasets.append(points).stack()


def test_energy_ranges_follow_the_masks(datasets, points):
    mask = np.zeros(datasets[0].shape, bool)
    mask[1:3, 4, 4] = True
    cut = dataclasses.replace(datasets[0], mask_fit=mask, mask_safe=None)
    none = dataclasses.replace(datasets[1], mask_fit=np.zeros_like(mask))
    ranges = Datasets([cut, none, points]).energy_ranges
    assert ranges["d1"] == pytest.approx((10**0.5, 10**1.5))
    assert np.isnan(ranges["d2"]).all()
    assert ranges["points"] == (1.0, 10.0)


def test_table_has_a_row_for_each(datasets, points):
    table = datasets.append(points).info_table()
    assert table["name"] == ["d1", "d2", "d3", "points"]
    assert table["stat_type"] == ["cash", "cash", "cash", "chi2"]
    assert np.isnan(table["counts"][3])
    assert table["n_fit_bins"][3] == 3


def test_prints_what_there_is(datasets, points):
    lines = str(datasets.append(points)).splitlines()
    assert lines[0] == "Datasets (4)"
    assert "d1: map 4 x 10 x 12" in lines[1]
    assert "3 flux points, 1 to 10 TeV" in lines[4]
