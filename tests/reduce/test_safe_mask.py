"""The rules of the safe mask."""

import dataclasses
import logging

import numpy as np
import pytest

from gjax.irf.aeff import EffectiveArea
from gjax.irf.table import Table
from gjax.reduce.exposure import pixel_offsets
from gjax.reduce.pipeline import reduce_map_dataset
from gjax.reduce.safe_mask import aeff_threshold, bias_threshold, safe_mask


@pytest.fixture(scope="module")
def dataset(observation, geom, energy, energy_true):
    return reduce_map_dataset(observation, geom, energy, energy_true, binsize_irf=0.5)


def _bins(dataset):
    """Safe energy bins, which must be the same in every pixel."""
    bins = dataset.mask_safe.any(axis=(1, 2))
    np.testing.assert_array_equal(dataset.mask_safe.all(axis=(1, 2)), bins)
    return bins.tolist()


def test_threshold_of_a_power_law_area_is_exact():
    energy = np.geomspace(0.1, 10, 9)
    area = 1e9 * energy**1.5
    expected = 10 * 0.2 ** (1 / 1.5)
    assert aeff_threshold(energy, area, 0.2) == pytest.approx(expected, rel=1e-12)


def test_threshold_ignores_the_fall_at_high_energies():
    energy = np.array([1.0, 2.0, 4.0, 8.0])
    assert aeff_threshold(energy, np.array([0.5, 1.0, 1.0, 0.01]), 0.1) == 1.0
    assert aeff_threshold(energy, np.array([0.0, 0.5, 1.0, 1.0]), 0.1) == 2.0
    assert aeff_threshold(energy, np.zeros(4), 0.1) is None


def test_bias_threshold_is_where_the_bias_has_fallen():
    energy_true = np.geomspace(0.1, 10, 21)
    energy = np.geomspace(0.01, 1000, 20001)
    bias = 0.5 * (energy_true / 0.1) ** -1.0
    kernel = np.zeros((21, energy.size))
    nearest = np.argmin(np.abs(energy[None] - (energy_true * (1 + bias))[:, None]), axis=1)
    kernel[np.arange(21), nearest] = 0.8
    # 0.5 (E / 0.1)^-1 = 0.1 at 0.5 TeV; reconstructed ten percent higher.
    assert bias_threshold(kernel, energy_true, energy, 0.1) == pytest.approx(0.55, rel=2e-3)
    # A bias that never falls so far: the peak.
    assert bias_threshold(kernel, energy_true, energy, 1e-4) == pytest.approx(0.1, rel=1e-3)


def test_default_range_keeps_bins_wholly_inside(dataset, observation):
    # 0.6 to 15 TeV cut into the first and the last of four bins from 0.5 to 20 TeV.
    assert _bins(safe_mask(dataset, observation, ["aeff-default"])) == [False, True, True, False]


@pytest.mark.parametrize("limit", [None, 0.0])
def test_missing_limits_are_noted_and_leave_all(dataset, observation, caplog, limit):
    aeff = dataclasses.replace(observation.aeff, energy_min=limit, energy_max=limit)
    with caplog.at_level(logging.WARNING):
        masked = safe_mask(dataset, dataclasses.replace(observation, aeff=aeff), ["aeff-default"])
    assert _bins(masked) == [True] * 4
    assert [record.args for record in caplog.records] == [("lower", 7), ("upper", 7)]


def test_offset_cut_is_a_circle_about_the_pointing(dataset, observation):
    masked = safe_mask(dataset, observation, ["offset-max"], offset_max=1.2)
    inside = pixel_offsets(observation, dataset.geom) < 1.2
    np.testing.assert_array_equal(masked.mask_safe, np.broadcast_to(inside, dataset.shape))


def test_area_cut_looks_where_it_is_told(observation, geom, energy, energy_true):
    axis, offset = observation.aeff.table.axes
    # At offset x the area rises to its full height at 10^x TeV.
    data = 1e9 * np.minimum(1.0, (axis.center[:, None] / 10 ** (offset.center - 0.5)) ** 4)
    rising = dataclasses.replace(
        observation, aeff=EffectiveArea(Table(data, (axis, offset), "cm2"))
    )
    dataset = reduce_map_dataset(
        rising, geom, energy, energy_true, selection=("counts", "exposure")
    )
    first = {}
    for name, options in {
        "centre": {},
        "offset": {"fixed_offset": 1.3},
        "position": {"position": (83.63, 22.01 + 1.3)},
    }.items():
        masked = safe_mask(dataset, rising, ["aeff-max"], aeff_percent=30, **options)
        first[name] = _bins(masked).index(True)
    assert first["centre"] < first["offset"]
    assert first["offset"] == first["position"]


def test_no_area_where_it_is_looked_up_leaves_nothing(dataset, observation, caplog):
    with caplog.at_level(logging.WARNING):
        masked = safe_mask(dataset, observation, ["aeff-max"], position=(0.0, 0.0))
    assert not masked.mask_safe.any()
    assert "observation 7" in caplog.text


def test_background_peak_starts_the_safe_range(dataset, observation):
    spectrum = np.array([1.0, 2.0, 3.0, 1.0])[:, None, None] * np.ones(dataset.shape)
    masked = safe_mask(dataclasses.replace(dataset, background=spectrum), observation, ["bkg-peak"])
    assert _bins(masked) == [False, False, True, True]


def test_bins_without_background_are_never_safe(dataset, observation):
    background = dataset.background.copy()
    background[0, 3, 4], background[1, 5, 6] = 0.0, np.nan
    masked = safe_mask(dataclasses.replace(dataset, background=background), observation, [])
    assert np.argwhere(~masked.mask_safe).tolist() == [[0, 3, 4], [1, 5, 6]]


def test_methods_and_earlier_masks_are_joined(dataset, observation):
    one = safe_mask(dataset, observation, ["aeff-default"])
    both = safe_mask(one, observation, ["offset-max"], offset_max=1.0)
    at_once = safe_mask(dataset, observation, ["aeff-default", "offset-max"], offset_max=1.0)
    np.testing.assert_array_equal(both.mask_safe, at_once.mask_safe)


def test_wrong_options_are_refused(dataset, observation):
    with pytest.raises(ValueError, match=r"unknown safe mask methods \['aeff'\]"):
        safe_mask(dataset, observation, ["aeff"])
    with pytest.raises(ValueError, match="not both"):
        safe_mask(dataset, observation, [], position=(0.0, 0.0), fixed_offset=1.0)
