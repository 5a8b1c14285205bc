"""The layout maps free coordinates to models and back, links and priors followed."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters


def make_models() -> Models:
    """Two sources that share the array objects of one spectrum, and a background."""
    spectral = PowerLaw(2.5, 3e-11)
    return Models.create(
        [
            ("a", SkyModel(spectral, Point(83.6, 22.0))),
            ("b", SkyModel(spectral, Gaussian(84.0, 22.5, 0.3))),
            FoVBackground("d"),
        ]
    )


MODELS = make_models()
TABLE = Parameters.from_models(MODELS)


def values(models) -> list[float]:
    return [float(leaf) for leaf in jax.tree.leaves(models)]


def test_start_gives_the_models_back():
    layout = TABLE.layout(MODELS)
    assert values(layout.models_at(layout.start)) == pytest.approx(values(MODELS), rel=1e-15)
    np.testing.assert_allclose(layout.all_values(layout.start), TABLE.values, rtol=1e-15)


def test_values_of_the_table_win_over_those_of_the_models():
    layout = TABLE.update({"a.spectral.reference": 2.0, "b.spectral.index": 1.9}).layout(MODELS)
    models = layout.models_at(layout.start)
    assert float(models["a"].spectral.reference) == 2.0
    assert float(models["b"].spectral.index) == pytest.approx(1.9, rel=1e-15)


def test_shared_arrays_vary_apart():
    layout = TABLE.layout(MODELS)
    theta = layout.start.copy()
    theta[0] *= 1.2
    models = layout.models_at(theta)
    assert float(models["a"].spectral.index) == pytest.approx(3.0, rel=1e-14)
    assert float(models["b"].spectral.index) == pytest.approx(2.5, rel=1e-14)


def test_coordinates_are_of_order_one():
    layout = TABLE.layout(MODELS)
    amplitude = TABLE.free.index(TABLE.select("a.*.amplitude")[0])
    assert layout.scale[amplitude] == 3e-11
    assert layout.start[amplitude] == pytest.approx(1.0)
    sigma = TABLE.free.index(TABLE.select("*.sigma")[0])
    assert (layout.scale[sigma], layout.lower[sigma], layout.upper[sigma]) == (0.1, 0.0, np.inf)


def test_amplitude_that_starts_at_zero_has_the_scale_of_its_default():
    layout = TABLE.update({"a.spectral.amplitude": 0.0}).layout(MODELS)
    assert layout.scale[1] == 1e-12
    assert layout.start[1] == 0.0


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(TABLE.keys)), st.integers(0, 2**32 - 1))
def test_round_trip_of_any_choice(frozen, seed):
    table = TABLE.thaw("*").freeze(*frozen)
    layout = table.layout(MODELS)
    theta = np.random.default_rng(seed).normal(size=len(table.free))
    found = np.array(values(layout.models_at(theta)))
    chosen = list(table.free)
    np.testing.assert_allclose(found[chosen], theta * layout.scale, rtol=1e-14)
    rest = sorted(set(range(len(table.keys))) - set(chosen))
    np.testing.assert_array_equal(found[rest], TABLE.values[rest])


def test_links_are_followed_with_their_derivative():
    table = TABLE.freeze("*").thaw("a.spectral.index", "a.spatial.lon_0")
    table = table.link("b.spectral.index", to="a.spectral.index")
    table = table.link("b.spatial.sigma", "a.spatial.lon_0", lambda lon: 0.01 * lon**2)
    layout = table.layout(MODELS)
    assert layout.start.size == 2
    models = layout.models_at(jnp.array([2.7 / layout.scale[0], 10.0 / layout.scale[1]]))
    assert float(models["b"].spectral.index) == pytest.approx(2.7, rel=1e-14)
    assert float(models["b"].spatial.sigma) == pytest.approx(1.0, rel=1e-14)
    slope = jax.jacfwd(layout.all_values)(jnp.array([2.7, 10.0]) / layout.scale)
    (index,), (sigma,) = table.select("b.spectral.index"), table.select("*.sigma")
    np.testing.assert_allclose(slope[index], [layout.scale[0], 0.0])
    np.testing.assert_allclose(slope[sigma], [0.0, 0.2 * layout.scale[1]])


def test_priors_add_up():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    table = TABLE.prior("*.index", dist.Normal(2.0, 0.3)).prior(
        ["b.spatial.lon_0", "b.spatial.lat_0"],
        dist.MultivariateNormal(np.array([84.1, 22.4]), covariance),
    )
    layout = table.layout(MODELS)
    expected = 2 * stats.norm(2.0, 0.3).logpdf(2.5)
    expected += stats.multivariate_normal([84.1, 22.4], covariance).logpdf([84.0, 22.5])
    assert float(layout.log_prior(layout.start)) == pytest.approx(expected, rel=1e-12)
    slope = jax.grad(layout.log_prior)(jnp.asarray(layout.start))
    assert float(slope[0]) == pytest.approx(-0.5 / 0.3**2 * layout.scale[0], rel=1e-12)


def test_without_priors_the_density_is_flat():
    assert float(TABLE.layout(MODELS).log_prior(TABLE.layout(MODELS).start)) == 0.0


def test_nothing_free():
    layout = TABLE.freeze("*").layout(MODELS)
    assert layout.start.shape == (0,)
    assert values(layout.models_at(layout.start)) == values(MODELS)


def test_other_models_are_refused():
    other = Models.create({"a": MODELS["a"]})
    with pytest.raises(ValueError, match="built from other models: build a new one"):
        TABLE.layout(other)


def test_tables_that_differ_in_numbers_share_compiled_code():
    evaluate = jax.jit(
        lambda layout, theta: layout.all_values(theta).sum() + layout.log_prior(theta)
    )
    for width in (0.1, 0.2):
        table = TABLE.prior("*.index", dist.Normal(2.0, width)).bound("*.sigma", 0.0, 1.0 / width)
        layout = table.update({"*.reference": width}).layout(MODELS)
        assert np.isfinite(evaluate(jax.device_put(layout), layout.start))
    assert evaluate._cache_size() == 1
