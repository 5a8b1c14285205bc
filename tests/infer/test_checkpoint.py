"""A fingerprint is the same for the same problem, and another for any other."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.infer.checkpoint import check_fingerprint, fingerprint
from gjax.infer.diagnostics import PosteriorWarning

SETTINGS = {"chains": 2, "seed": 0}


@pytest.fixture
def problem():
    """Give counts, a mask and responses."""
    generator = np.random.default_rng(0)
    counts = generator.poisson(3.0, (4, 10)).astype(float)
    return {"counts": counts, "mask": counts > 2, "exposure": generator.uniform(size=(4, 10))}


def test_same_problem(problem):
    check_fingerprint(fingerprint(problem, SETTINGS), fingerprint(problem, SETTINGS))


def test_rounding_of_a_fit_is_the_same_problem(problem):
    other = problem | {"exposure": problem["exposure"] * (1 + 1e-10)}
    check_fingerprint(fingerprint(problem, SETTINGS), fingerprint(other, SETTINGS))


@pytest.mark.parametrize("change", ["one count", "mask", "exposure", "names", "shape"])
def test_other_problem(problem, change):
    other = {name: array.copy() for name, array in problem.items()}
    if change == "one count":
        other["counts"][2, 3] += 1
    elif change == "mask":
        other["mask"][0, 0] ^= True
    elif change == "exposure":
        other["exposure"][1, 1] *= 1.001
    elif change == "names":
        other["dark"] = other.pop("counts")
    else:
        other["counts"] = other["counts"].reshape(10, 4)
    with pytest.raises(ValueError, match="other data, models or parameters"):
        check_fingerprint(fingerprint(problem, SETTINGS), fingerprint(other, SETTINGS))


def test_other_settings_are_named(problem):
    other = fingerprint(problem, SETTINGS | {"chains": 4})
    with pytest.raises(ValueError, match="chains was 2, not 4"):
        check_fingerprint(fingerprint(problem, SETTINGS), other)


def test_other_versions_are_said(problem):
    own = fingerprint(problem, SETTINGS)
    before = own | {"versions": np.array("jax 0.1, abacus")}
    with pytest.warns(PosteriorWarning, match="not those of a run without interruption"):
        check_fingerprint(before, own)


def test_something_else(problem):
    with pytest.raises(ValueError, match="no checkpoint of a sampling run"):
        check_fingerprint({"a": np.zeros(3)}, fingerprint(problem, SETTINGS))
