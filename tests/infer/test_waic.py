"""WAIC of a linear model against its exact value; of counts against ArviZ, where it has it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.infer.quick_look import laplace
from gjax.infer.waic import waic


def test_linear_model(linear_fit):
    """A residual r of leverage h: the mean likelihood and the variance of its log are known."""
    points = linear_fit.objective.prepared.blocks[0].data
    energy, weight = np.asarray(points.energy)[0], np.asarray(points.points.weight_low)[0]
    design = np.stack([energy**-2.0, energy**-3.0], axis=1) * weight[:, None]
    value = np.asarray(points.points.value)[0] * weight
    hat = design @ np.linalg.inv(design.T @ design) @ design.T
    residual, leverage = value - hat @ value, np.diag(hat)
    variance = leverage * residual**2 + leverage**2 / 2
    mean = -0.5 * np.log(1 + leverage) - 0.5 * residual**2 / (1 + leverage)
    # The Gaussian around the fit is the posterior; draws of it are independent.
    drawn = laplace(linear_fit, samples=20_000, seed=1)
    assert drawn.info["efficiency"] == pytest.approx(1.0, abs=1e-6)
    found = waic(drawn)
    assert found.effective_parameters == pytest.approx(variance.sum(), rel=0.04)
    assert found.elpd + found.effective_parameters == pytest.approx(mean.sum(), abs=0.02)
    assert found.value == -2 * found.elpd
    assert found.bins == 8
    # The two ends decide on the two parameters: there the variance is large.
    assert found.unreliable == np.sum(variance > 0.4)
    assert "8 bins" in str(found)


@pytest.mark.filterwarnings("ignore")
def test_arviz(posterior):
    arviz = pytest.importorskip("arviz", reason="the extra arviz is not installed")
    found = waic(posterior, draws=100)
    # Three parameters.
    assert found.effective_parameters == pytest.approx(3.0, abs=1.5)
    if hasattr(arviz, "waic"):
        theirs = arviz.waic(posterior.to_arviz(draws=100))
        # ArviZ divides by the number of draws, the paper by one less.
        variance = theirs.p_waic * 400 / 399
        assert found.effective_parameters == pytest.approx(variance, rel=1e-10)
        lppd = theirs.elpd_waic + theirs.p_waic
        assert found.elpd == pytest.approx(lppd - variance, rel=1e-12)
        assert found.error == pytest.approx(theirs.se, rel=1e-3)
    else:
        loo = arviz.loo(posterior.to_arviz(draws=100))
        assert found.elpd == pytest.approx(loo.elpd, abs=0.2)


def test_without_data(posterior):
    with pytest.raises(ValueError, match="datasets="):
        waic(dataclasses.replace(posterior, objective=None))
