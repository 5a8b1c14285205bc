"""A window finds its bins among the occupied ones, wherever it is."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.predict.occupied import find_occupied
from gjax.predict.transfer import find_span, rows_of_window

RNG = np.random.default_rng(2)
COUNTS = RNG.poisson(0.3, (2, 40, 30)).astype(float)
# Bright in a few rows, so that the span of a window is not the mean one.
COUNTS[:, 20:24] += 1.0
PAD, SHAPE = 4, (8, 10)
BINS = find_occupied(
    COUNTS, np.ones(COUNTS.shape, bool), None, None, PAD, exposure=RNG.uniform(size=(3, 40, 30))
)


@pytest.mark.parametrize("start", [(0, 0), (20, 7), (24, 12), (40, 28), (31, 20)])
def test_every_bin_of_a_window_is_found(start):
    span = find_span(BINS, SHAPE[0])
    assert span < len(BINS.counts)
    at = tuple(jnp.asarray(i) for i in start)
    found = jax.jit(lambda at: rows_of_window(BINS, at, SHAPE, span))(at)
    cube = np.zeros((2, *SHAPE))
    inside = np.asarray(found.inside)
    counts = np.asarray(found.cut(BINS.counts))
    index = (np.asarray(i)[inside] for i in (found.energy, found.row, found.column))
    np.add.at(cube, tuple(index), counts[inside])
    padded = np.pad(COUNTS, ((0, 0), (PAD, PAD), (PAD, PAD)))
    expected = padded[:, start[0] : start[0] + SHAPE[0], start[1] : start[1] + SHAPE[1]]
    np.testing.assert_array_equal(cube, expected)
    np.testing.assert_array_equal(
        found.exposure, BINS.exposure[int(found.first) : int(found.first) + span]
    )


def test_span_is_that_of_the_fullest_rows():
    number = (COUNTS > 0).sum(axis=(0, 2))
    fullest = max(number[i : i + SHAPE[0]].sum() for i in range(40))
    assert fullest <= find_span(BINS, SHAPE[0]) <= 1.5 * fullest + 64
    assert find_span(BINS, 100) == len(BINS.counts)
