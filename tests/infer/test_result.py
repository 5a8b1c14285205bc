"""A fit result tells values, errors and its state."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.errors import UnknownNameError
from gjax.infer.problem import Status


def test_values_and_errors_by_name(spot_fit):
    key = ("spot", "spectral", "index")
    assert spot_fit.value("*.index") == spot_fit.value(key)
    assert spot_fit.value(key) == float(spot_fit.models["spot"].spectral.index)
    assert spot_fit.error(key) == pytest.approx(np.sqrt(spot_fit.covariance[0, 0]))
    with pytest.raises(ValueError, match=r"parameters: spot\.spectral\.reference, spot-bkg"):
        spot_fit.value("*.reference")
    with pytest.raises(UnknownNameError, match="no parameter matches"):
        spot_fit.error("*.indices")


def test_correlation(spot_fit):
    free = list(spot_fit.parameters.free)
    correlation = spot_fit.correlation[np.ix_(free, free)]
    np.testing.assert_allclose(np.diag(correlation), 1.0, rtol=1e-12)
    assert np.abs(correlation - np.eye(len(free))).max() < 1.0
    frozen = [i for i in range(len(spot_fit.errors)) if i not in free]
    assert not spot_fit.correlation[frozen].any()


def test_success_needs_convergence(spot_fit):
    for status in Status:
        result = dataclasses.replace(spot_fit, status=status)
        assert result.success == (status is Status.CONVERGED)
        assert result.message == status.value
        assert ("success" in str(result)) == result.success
        assert ("FAILED" in str(result)) != result.success


def test_parameter_on_a_bound_has_no_error(spot_fit):
    key = ("spot", "spectral", "index")
    result = dataclasses.replace(spot_fit, at_bounds=(key,))
    assert np.isnan(result.error(key))
    assert result.message.endswith("on a bound: spot.spectral.index")


def test_text_lists_every_parameter(spot_fit):
    text = str(spot_fit)
    assert all(name in text for name in spot_fit.parameters.names)
    frozen = text[text.index("frozen: ") :]
    assert frozen.startswith("frozen: spot.spectral.reference = 1 TeV, ")
    assert frozen.count(" = ") == 5
    assert max(map(len, frozen.splitlines())) <= 100
    rows = text[: text.index("frozen: ")].splitlines()[3:]
    names = [spot_fit.parameters.names[i] for i in spot_fit.parameters.free]
    assert [row.split()[0] for row in rows] == names


def test_text_tells_data_from_priors(spot_fit):
    assert "priors" not in str(spot_fit)
    table = spot_fit.parameters.prior("spot.spectral.index", dist.Normal(2.0, 0.1))
    data = sum(spot_fit.stat_datasets.values())
    text = str(dataclasses.replace(spot_fit, parameters=table, stat=data - 3.0))
    assert f"stat {data - 3.0:.3f} (data {data:.3f}, priors -3.000)" in text


def test_text_without_frozen_parameters(spot_fit):
    assert "frozen" not in str(dataclasses.replace(spot_fit, parameters=_thawed(spot_fit)))


def _thawed(fit):
    return fit.parameters.thaw("*")


def test_provenance_is_kept(spot_fit):
    assert {"gjax", "jax", "python", "device", "created"} <= set(spot_fit.versions)
