"""What is assumed of each parameter is said."""

from __future__ import annotations

import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.infer.priors import describe_priors, improper_priors
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters


@pytest.fixture
def table():
    return Parameters.from_models(Models.create({"a": SkyModel(PowerLaw(2.0, 1e-12))}))


def test_flat(table):
    bounded = table.bound("*.index", 1.0, 4.0).bound("*.amplitude", min=0.0)
    assert describe_priors(bounded) == {
        "a.spectral.index": "flat in [1, 4]",
        "a.spectral.amplitude": "flat in [0, inf) cm-2 s-1 TeV-1, improper",
    }
    assert improper_priors(bounded) == ("a.spectral.amplitude",)
    assert improper_priors(table) == ("a.spectral.index", "a.spectral.amplitude")


def test_given(table):
    given = table.prior("*.index", dist.Normal(2.0, 0.25)).bound("*.index", min=0.0)
    given = given.prior("*.amplitude", dist.LogUniform(1e-13, 1e-10))
    found = describe_priors(given)
    assert found["a.spectral.index"] == "Normal(loc=2, scale=0.25) within [0, inf)"
    assert found["a.spectral.amplitude"] == "LogUniform(low=1e-13, high=1e-10)"
    assert improper_priors(given) == ()


def test_joint(table):
    joint = dist.MultivariateNormal(np.array([2.0, 1e-12]), np.diag([0.1, 1e-25]))
    found = describe_priors(table.prior(["*.index", "*.amplitude"], joint))
    text = "MultivariateNormal() of a.spectral.index, a.spectral.amplitude"
    assert found["a.spectral.index"] == found["a.spectral.amplitude"] == text


def test_frozen_parameters_have_none(table):
    assert list(describe_priors(table.freeze("*.index"))) == ["a.spectral.amplitude"]
