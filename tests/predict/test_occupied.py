"""The bins with counts, and the sums of the others."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.predict.occupied import find_occupied, lengthened

RNG = np.random.default_rng(0)
SHAPE = (3, 12, 10)
COUNTS = RNG.poisson(0.3, SHAPE).astype(float)
MASK = RNG.uniform(size=SHAPE) > 0.3
BACKGROUND = RNG.uniform(size=(1, *SHAPE))


def test_every_count_in_the_mask_is_found_once():
    found = find_occupied(COUNTS, MASK, BACKGROUND, None, pad=4)
    cube = np.zeros(SHAPE)
    some = found.counts > 0
    at = found.energy[some], found.row[some] - 4, found.column[some] - 4
    np.add.at(cube, at, found.counts[some])
    np.testing.assert_array_equal(cube, np.where(MASK, COUNTS, 0.0))
    np.testing.assert_array_equal(found.background[0, some], BACKGROUND[0][at])
    assert not found.constant.any()


def test_sums_are_over_the_mask():
    found = find_occupied(COUNTS, MASK, BACKGROUND, 2 * BACKGROUND[0], pad=4)
    expected = np.where(MASK, BACKGROUND, 0.0).sum(axis=(2, 3))
    np.testing.assert_allclose(found.background_total, expected, rtol=1e-12)
    assert found.constant_total == pytest.approx(2 * expected.sum(), rel=1e-12)
    assert found.mask.shape == (3, 20, 18)
    np.testing.assert_array_equal(found.mask[:, 4:-4, 4:-4], MASK)
    assert found.mask.sum() == MASK.sum()


def test_sign_is_noted():
    assert not find_occupied(COUNTS, MASK, BACKGROUND, None, 0).is_signed
    assert find_occupied(COUNTS, MASK, BACKGROUND - 0.5, None, 0).is_signed
    assert find_occupied(COUNTS, MASK, None, -BACKGROUND[0], 0).is_signed


@pytest.mark.parametrize("number", [0, 1, 64, 65, 100, 300])
def test_lengths_repeat(number):
    counts = np.zeros(SHAPE)
    counts.ravel()[:number] = 1.0
    found = find_occupied(counts, np.ones(SHAPE, bool), None, None, 0)
    length = len(found.counts)
    assert number <= length < max(1.5 * number + 1, 65)
    assert found.counts.sum() == number
    # A power of two, or three quarters of one.
    assert length & (length - 1) == 0 or (length // 3) & (length // 3 - 1) == 0


def test_bins_are_in_the_order_of_the_rows():
    found = find_occupied(COUNTS, MASK, BACKGROUND, None, pad=4, exposure=BACKGROUND[0])
    row = np.asarray(found.row)
    assert (np.diff(row) >= 0).all()
    assert len(found.first) == 12 + 8 + 1
    for at in range(20):
        assert (row[found.first[at] : found.first[at + 1]] == at).all()
    assert (row[found.first[-1] :] == 20).all(), "filled up beyond the map"
    some = found.counts > 0
    at = slice(None), row[some] - 4, found.column[some] - 4
    np.testing.assert_array_equal(found.exposure[some], BACKGROUND[0][at].T)


def test_longer_lists_say_the_same():
    short = find_occupied(COUNTS, MASK, BACKGROUND, None, pad=4, exposure=BACKGROUND[0])
    long = lengthened(short, 300)
    assert lengthened(short, len(short.counts)) is short
    number = len(short.counts)
    for name in ("energy", "row", "column", "counts", "constant", "exposure"):
        values = getattr(long, name)
        assert len(values) == 300
        np.testing.assert_array_equal(values[:number], getattr(short, name))
    assert (long.row[number:] == 20).all()
    assert not long.counts[number:].any()
    assert long.background.shape == (1, 300)
