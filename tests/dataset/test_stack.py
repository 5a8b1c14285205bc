"""The rules of stacking."""

import dataclasses

import numpy as np
import pytest

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import EDispKernelMap, RecoPSFMap
from gjax.dataset.stack import safe_kernel_bins, stack
from gjax.events.gti import GTI
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom


@pytest.fixture
def pair(make):
    return make(1), make(2)


def test_cubes_are_summed_where_they_are_safe(pair):
    total = stack(pair)
    for key in ("counts", "background"):
        expected = sum(getattr(d, key) * d.mask_safe for d in pair)
        np.testing.assert_allclose(getattr(total, key), expected, rtol=1e-14)
    exposure = sum(d.exposure * d.mask_safe.any(axis=0) for d in pair)
    np.testing.assert_allclose(total.exposure, exposure, rtol=1e-14)
    np.testing.assert_array_equal(total.mask_safe, pair[0].mask_safe | pair[1].mask_safe)


def test_times_and_names_are_joined(pair):
    total = stack(pair, "both")
    assert total.name == "both"
    assert float(total.livetime) == 1080.0
    assert total.gti.total == 1200.0
    assert total.obs_ids == (1, 2)
    assert total.telescope == "TEST"
    overlap = dataclasses.replace(pair[1], gti=GTI([1300.0], [1900.0], 53343.0))
    assert stack([pair[0], overlap]).gti.total == 900.0


@pytest.mark.parametrize("kind", ["kernel", "migra"])
def test_responses_are_averaged_with_the_exposure(make, kind):
    everywhere = np.ones((4, 10, 12), bool)
    one, two = (make(seed, kind=kind, mask_safe=everywhere) for seed in (1, 2))
    total = stack([one, two])
    for key in ("psf", "edisp"):
        a, b = getattr(one, key), getattr(two, key)
        weight = a.exposure + b.exposure
        mean = (a.data * a.exposure[:, None] + b.data * b.exposure[:, None]) / weight[:, None]
        np.testing.assert_allclose(getattr(total, key).data, mean, rtol=1e-12)
        np.testing.assert_allclose(getattr(total, key).exposure, weight, rtol=1e-14)


def test_response_counts_only_where_its_dataset_is_safe(make):
    left = np.zeros((4, 10, 12), bool)
    left[..., :4] = True
    one, two = make(1, mask_safe=left), make(2, mask_safe=np.ones_like(left))
    total = stack([one, two])
    # Coarse pixels of two by two: those from the third on hold no safe pixel of the first.
    np.testing.assert_allclose(total.psf.data[..., 3:], two.psf.data[..., 3:], rtol=1e-12)
    np.testing.assert_allclose(total.edisp.data[..., 3:], two.edisp.data[..., 3:], rtol=1e-12)
    assert not np.allclose(total.psf.data[..., :2], two.psf.data[..., :2])


def test_kernel_counts_only_in_energies_that_are_safe(make):
    low = np.ones((4, 10, 12), bool)
    low[0] = False
    one, two = make(1, mask_safe=low), make(2, mask_safe=np.ones_like(low))
    total = stack([one, two])
    weight = (one.edisp.exposure + two.edisp.exposure)[:, None]
    expected = two.edisp.data * two.edisp.exposure[:, None] / weight
    np.testing.assert_allclose(total.edisp.data[:, 0], expected[:, 0], rtol=1e-12)


def test_coarse_pixel_is_safe_if_a_pixel_around_its_centre_is(make):
    mask = np.zeros((4, 10, 12), bool)
    mask[2, 4, 6] = True
    dataset = make(1, mask_safe=mask)
    bins = safe_kernel_bins(dataset, dataset.edisp.geom)
    assert np.argwhere(bins).tolist() == [[2, 2, 3]]


def test_cutouts_stack_into_the_reference(make, geom):
    whole = make(0)
    pieces = [make(seed, geom.cutout(at, 3.0)[0]) for seed, at in ((1, (9, 20)), (2, (11.5, 19)))]
    # Their coarse grids are no cutouts of that of the whole, and so cannot be stacked.
    with pytest.raises(ValueError, match="not aligned"):
        stack(pieces, reference=whole)
    bare = [dataclasses.replace(piece, psf=None, edisp=None) for piece in pieces]
    total = stack(bare, reference=dataclasses.replace(whole, psf=None, edisp=None))
    assert total.geom == geom
    assert total.counts.sum() == sum((d.counts * d.mask_safe).sum() for d in bare)
    assert not total.mask_safe[:, -1, 0].any()


def test_stacking_one_by_one_is_stacking_at_once(make):
    three = [make(seed) for seed in (1, 2, 3)]
    at_once = stack(three)
    in_turn = stack([stack(three[:2]), three[2]])
    np.testing.assert_allclose(in_turn.counts, at_once.counts)
    np.testing.assert_allclose(in_turn.psf.exposure, at_once.psf.exposure, rtol=1e-12)
    assert in_turn.obs_ids == at_once.obs_ids


def test_values_that_are_not_finite_count_as_zero(pair):
    background = pair[0].background.copy()
    background[0, 0, 0] = np.nan
    broken = dataclasses.replace(pair[0], background=background)
    total = stack([broken, pair[1]])
    assert total.background[0, 0, 0] == (pair[1].background * pair[1].mask_safe)[0, 0, 0]


def test_dataset_without_safe_bins_adds_nothing(pair):
    nothing = dataclasses.replace(pair[1], mask_safe=np.zeros(pair[1].shape, bool))
    total = stack([pair[0], nothing])
    assert total.obs_ids == (1,)
    assert float(total.livetime) == 540.0
    assert total.gti.total == 600.0


def test_missing_masks_are_true_everywhere(make):
    open_ = make(1, mask_safe=None)
    total = stack([open_])
    assert total.mask_safe.all()
    assert total.mask_fit is None
    np.testing.assert_array_equal(total.counts, open_.counts)
    some = np.zeros(open_.shape, bool)
    some[1] = True
    assert stack([dataclasses.replace(open_, mask_fit=some)]).mask_fit.sum() == some.sum()
    assert stack([open_, dataclasses.replace(open_, mask_fit=some)]).mask_fit.all()


def test_part_that_is_missing_in_one_is_missing_in_the_stack(make):
    total = stack([make(1), make(2, background=None, psf=None)])
    assert total.background is None
    assert total.psf is None
    assert total.edisp is not None


def test_what_cannot_be_stacked_is_refused(make):
    with pytest.raises(ValueError, match="no dataset given"):
        stack([])
    other = dataclasses.replace(make(2).energy, nodes=(1.0, 2.0, 4.0, 8.0, 16.0))
    shifted = dataclasses.replace(make(2), energy=other)
    with pytest.raises(ValueError, match=r"'d2' cannot be stacked: its energy axis differs"):
        stack([make(1), shifted])
    with pytest.raises(ValueError, match="energy dispersion must be of one kind"):
        stack([make(1), make(2, kind="migra")])
    psf = make(1).psf
    hawc = RecoPSFMap(np.ones((4, 5, *psf.geom.shape)), None, psf.geom, make(1).energy, psf.rad)
    with pytest.raises(ValueError, match="'d2' cannot be stacked: its PSF is given in reco"):
        stack([make(1), make(2, psf=hawc)])
    off = {key: np.ones((4, 10, 12)) for key in ("counts_off", "acceptance", "acceptance_off")}
    with pytest.raises(ValueError, match="'d2' cannot be stacked: either all or none have off"):
        stack([make(1, **off), make(2)])
    with pytest.raises(ValueError, match="'d1' has off counts but no acceptances"):
        stack([make(1, counts_off=off["counts_off"])])


@pytest.fixture
def onoff(make):
    """Three on/off datasets with different ratios of acceptance."""

    def one(seed):
        rng = np.random.default_rng(100 + seed)
        shape = (4, 10, 12)
        return make(
            seed,
            background=None,
            counts_off=rng.poisson(1.5 * seed, shape).astype(float),
            acceptance=rng.uniform(0.5, 1.0, shape),
            acceptance_off=rng.uniform(2.0, 3.0 + seed, shape),
        )

    return [one(seed) for seed in (1, 2, 3)]


def test_background_of_on_off_data_is_the_sum_of_backgrounds(onoff):
    total = stack(onoff)
    for key in ("counts_off", "acceptance"):
        expected = sum(getattr(d, key) * d.mask_safe for d in onoff)
        np.testing.assert_allclose(getattr(total, key), expected, rtol=1e-14)
    background = sum(d.alpha * d.counts_off * d.mask_safe for d in onoff)
    np.testing.assert_allclose(total.alpha * total.counts_off, background, rtol=1e-12, atol=1e-14)
    assert total.background is None
    assert total.is_onoff


def test_bins_without_off_counts_get_the_mean_ratio(onoff):
    total = stack(onoff)
    weights = [d.counts_off * d.mask_safe for d in onoff]
    mean = sum((d.alpha * w).sum() for d, w in zip(onoff, weights, strict=True)) / np.sum(weights)
    empty = (total.counts_off == 0) & (total.acceptance > 0)
    assert empty.any()
    np.testing.assert_allclose(total.alpha[empty], mean, rtol=1e-12)
    nothing = [dataclasses.replace(d, counts_off=np.zeros(d.shape)) for d in onoff]
    total = stack(nothing)
    on, off = (
        sum((getattr(d, key) * d.mask_safe).sum() for d in nothing)
        for key in ("acceptance", "acceptance_off")
    )
    np.testing.assert_allclose(total.alpha[total.acceptance > 0], on / off, rtol=1e-12)


def test_on_off_data_stacked_in_turn_are_those_stacked_at_once(onoff):
    at_once, in_turn = stack(onoff), stack([stack(onoff[:2]), onoff[2]])
    some = at_once.counts_off > 0
    np.testing.assert_allclose(in_turn.alpha[some], at_once.alpha[some], rtol=1e-12)
    np.testing.assert_array_equal(in_turn.counts_off, at_once.counts_off)


def test_datasets_without_off_region_do_not_spoil_a_stack(onoff):
    dark = dataclasses.replace(
        onoff[0],
        counts_off=None,
        acceptance_off=np.zeros(onoff[0].shape),
        mask_safe=np.zeros(onoff[0].shape, bool),
    )
    total, expected = stack([dark, *onoff[1:]]), stack(onoff[1:])
    np.testing.assert_array_equal(total.acceptance_off, expected.acceptance_off)
    assert total.obs_ids == (2, 3)
    assert stack([dark]).background is None


def test_spectra_of_one_region_are_stacked():
    datasets = [_spectrum(seed) for seed in (1, 2)]
    total = stack(datasets)
    np.testing.assert_array_equal(total.counts, sum(d.counts * d.mask_safe for d in datasets))
    weights = [d.edisp.exposure[:, None] * d.mask_safe for d in datasets]
    kernel = sum(d.edisp.data * w for d, w in zip(datasets, weights, strict=True))
    exposure = sum(d.edisp.exposure for d in datasets)
    np.testing.assert_allclose(total.edisp.data, kernel / exposure[:, None], rtol=1e-12)
    elsewhere = dataclasses.replace(datasets[1], geom=RegionGeom.circle(10.0, 21.0, 0.1))
    with pytest.raises(ValueError, match="the regions differ"):
        stack([datasets[0], elsewhere])


def _spectrum(seed):
    rng = np.random.default_rng(seed)
    geom, exposure = RegionGeom.circle(10.0, 20.0, 0.1), rng.uniform(1, 2, (3, 1, 1))
    energy = MapAxis.from_energy_bounds(1.0, 100.0, 4)
    energy_true = MapAxis.from_energy_bounds(0.5, 200.0, 3, name="energy_true")
    data = rng.uniform(0, 0.2, (3, 4, 1, 1))
    return Dataset(
        f"s{seed}",
        geom,
        energy,
        energy_true,
        counts=rng.poisson(5.0, (4, 1, 1)).astype(float),
        exposure=exposure,
        edisp=EDispKernelMap(data, exposure, geom, energy_true, energy),
        mask_safe=np.array([seed > 1, True, True, False])[:, None, None],
        counts_off=rng.poisson(5.0, (4, 1, 1)).astype(float),
        acceptance=np.ones((4, 1, 1)),
        acceptance_off=np.full((4, 1, 1), 3.0 + seed),
    )
