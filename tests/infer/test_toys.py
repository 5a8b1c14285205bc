"""Counts inside the compiled objective: listed in full, predicted, drawn, replaced."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from gjax.infer.objective import make_objective, stat_per_dataset
from gjax.infer.toys import (
    draw_counts,
    expected_counts,
    list_all_bins,
    observed_counts,
    with_counts,
)
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.predict import npred
from gjax.stats.wstat import wstat


@pytest.fixture(scope="module")
def joint(spot, onoff_spectrum):
    models = Models.create(
        [
            ("spot", SkyModel(PowerLaw(2.2, 5e-12), Point(83.63, 22.01))),
            FoVBackground("spot", PowerLawNorm()),
        ]
    )
    datasets = [spot, onoff_spectrum("one", 1), onoff_spectrum("two", 2)]
    return datasets, models, make_objective(datasets, models)


def test_all_bins_give_the_same_statistic(joint):
    datasets, _, objective = joint
    full, theta = list_all_bins(objective), objective.layout.start
    expected = stat_per_dataset(objective, theta)
    np.testing.assert_allclose(stat_per_dataset(full, theta), expected, rtol=1e-12)
    for dataset, (on, off) in zip(datasets, observed_counts(full), strict=True):
        inside = np.where(dataset.mask, dataset.counts, 0.0).ravel()
        np.testing.assert_array_equal(on[: inside.size], inside)
        assert (off is not None) == dataset.is_onoff


def test_expected_counts(joint):
    datasets, models, objective = joint
    full, theta = list_all_bins(objective), objective.layout.start
    found = jax.jit(expected_counts)(full, theta)
    predicted = np.where(datasets[0].mask, npred(datasets[0], models), 0.0).ravel()
    np.testing.assert_allclose(found[0][0], predicted, rtol=1e-9)
    # Off counts are those that fit best; on counts then are all that is predicted there.
    on, off = (np.asarray(counts) for counts in found[1])
    total = npred(datasets[1], Models.create([("spot", models["spot"])])).ravel()
    alpha = datasets[1].alpha.ravel()
    np.testing.assert_allclose(on, total, rtol=1e-9)
    np.testing.assert_allclose(wstat(on, off, alpha, on - alpha * off), 0.0, atol=1e-9)


def test_draws_and_other_counts(joint):
    datasets, models, objective = joint
    full, theta = list_all_bins(objective), objective.layout.start
    expected = jax.jit(expected_counts)(full, theta)
    draw = jax.jit(draw_counts)
    drawn = draw(expected, jax.random.key(1))
    for mean, counts in zip(jax.tree.leaves(expected), jax.tree.leaves(drawn), strict=True):
        total = float(mean.sum())
        assert abs(float(counts.sum()) - total) < 5 * np.sqrt(total)
        assert not np.any(counts[np.asarray(mean) == 0])
    other = draw(expected, jax.random.key(2))
    assert not np.array_equal(drawn[0][0], other[0][0])
    # The statistic is that of a dataset with these counts.
    cube = np.asarray(drawn[0][0]).reshape(datasets[0].shape)
    replaced = make_objective(
        [dataclasses.replace(datasets[0], counts=cube), *datasets[1:]], models
    )
    toy = with_counts(full, (drawn[0], *observed_counts(full)[1:]))
    np.testing.assert_allclose(
        stat_per_dataset(toy, theta), stat_per_dataset(replaced, theta), rtol=1e-10
    )
