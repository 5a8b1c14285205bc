"""The rules of stacking."""

import dataclasses

import numpy as np
import pytest

from gjax.dataset.stack import safe_kernel_bins, stack
from gjax.events.gti import GTI


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
    with pytest.raises(ValueError, match="on/off"):
        stack([make(1, counts_off=np.ones((4, 10, 12)))])
