"""Sizes that are nearly the same become equal; others are left alone."""

from __future__ import annotations

import numpy as np

from gjax.predict.occupied import find_occupied
from gjax.predict.sharing import share, share_lengths, share_windows
from gjax.predict.source import Window


def test_sizes_within_a_ratio_become_the_largest():
    assert share([48, 64, 80, 200, 48], 2.0) == [80, 80, 80, 200, 80]
    assert share([39, 80], 2.0) == [39, 80], "more than twice as large is too much"
    assert share([], 2.0) == []


def window(side, moves=True):
    return Window((side, side + 8), (moves, moves))


def test_windows_of_one_kind_are_shared():
    windows = {
        "a": ("point", window(40)),
        "b": ("point", window(64)),
        "large": ("point", window(320)),
        "other": ("gauss", window(40)),
        "stays": ("point", window(48, moves=False)),
    }
    found = share_windows(windows)
    assert found["a"] == found["b"] == window(64)
    assert found["large"] == window(320)
    assert found["other"] == window(40)
    assert found["stays"] == window(48, moves=False)


def test_lists_of_bins_become_equally_long():
    lists = []
    for number in (10, 100, 3000):
        counts = np.zeros((1, 60, 60))
        counts.ravel()[:number] = 1.0
        lists.append(find_occupied(counts, np.ones(counts.shape, bool), None, None, 0))
    lengths = [len(one.counts) for one in lists]
    found = [len(one.counts) for one in share_lengths(lists)]
    assert found == [lengths[1], lengths[1], lengths[2]]
