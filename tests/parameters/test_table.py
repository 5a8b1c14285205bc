"""The table holds the choices of a fit; it is immutable and names what it does not know."""

from __future__ import annotations

import astropy.units as u
import jax
import numpy as np
import numpyro.distributions as dist
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.errors import UnknownNameError
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.parameters.distributions import Weighted

NAMES = ("4FGL J0534.5+2201", "halo [1]", "hess-bkg")


@pytest.fixture(scope="module")
def models() -> Models:
    """Make a point, a Gaussian with brackets in its name, and a background."""
    return Models.create(
        [
            (NAMES[0], SkyModel(PowerLaw(2.5, 3e-11), Point(83.6, 22.0))),
            (NAMES[1], SkyModel(PowerLaw(2.0, 1e-12), Gaussian(84.0, 22.5, 0.3))),
            FoVBackground("hess"),
        ]
    )


@pytest.fixture(scope="module")
def table(models) -> Parameters:
    return Parameters.from_models(models)


def test_default_table_is_what_the_models_declare(table):
    assert len(table.keys) == 5 + 8 + 3
    free = [table.names[i] for i in table.free]
    assert free == [
        "4FGL J0534.5+2201.spectral.index",
        "4FGL J0534.5+2201.spectral.amplitude",
        "4FGL J0534.5+2201.spatial.lon_0",
        "4FGL J0534.5+2201.spatial.lat_0",
        "halo [1].spectral.index",
        "halo [1].spectral.amplitude",
        "halo [1].spatial.lon_0",
        "halo [1].spatial.lat_0",
        "halo [1].spatial.sigma",
        "hess-bkg.spectral.norm",
    ]
    (sigma,) = table.select("*.sigma")
    assert (table.values[sigma], table.minimum[sigma], table.maximum[sigma]) == (0.3, 0.0, np.inf)
    assert table.units[sigma] == "deg"


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("*", 16),
        ("*.amplitude", 2),
        ("4FGL J0534.5+2201.*", 5),
        ("halo [[]1].spatial.*", 5),
        ("halo [1].spatial.sigma", 1),
        ((NAMES[1], "spatial", "sigma"), 1),
        ("*.spectral.inde?", 2),
    ],
)
def test_select(table, pattern, count):
    assert len(table.select(pattern)) == count


@pytest.mark.parametrize("pattern", ["*.sigmas", "HALO*", ("halo [1]", "sigma"), ""])
def test_a_pattern_that_matches_nothing_lists_what_there_is(table, pattern):
    with pytest.raises(UnknownNameError) as caught:
        table.select(pattern)
    assert repr(pattern) in str(caught.value)
    assert all(name in str(caught.value) for name in table.names)


def test_freeze_and_thaw(table):
    some = table.freeze("*").thaw("*.index", (NAMES[1], "spatial", "sigma"))
    assert [table.names[i].rsplit(".", 1)[1] for i in some.free] == ["index", "index", "sigma"]
    assert len(table.free) == 10, "the first table is as it was"


def test_bound(table):
    some = table.bound("*.sigma", min=0.6 * u.arcmin, max=2.0)
    (i,) = some.select("*.sigma")
    assert (some.minimum[i], some.maximum[i]) == (pytest.approx(0.01), 2.0)
    free = some.bound("*.sigma")
    assert (free.minimum[i], free.maximum[i]) == (-np.inf, np.inf)
    assert table.minimum[i] == 0.0


@pytest.mark.parametrize(("low", "high"), [(2.0, 1.0), (1.0, 1.0), (np.nan, 1.0)])
def test_bounds_in_the_wrong_order_are_refused(table, low, high):
    with pytest.raises(ValueError, match=r"halo \[1\]\.spatial\.sigma: min .* is not below max"):
        table.bound("*.sigma", low, high)


def test_update(table):
    some = table.update({"*.sigma": 6 * u.arcmin, (NAMES[0], "spectral", "index"): 2.7})
    assert some.values[some.select("*.sigma")[0]] == pytest.approx(0.1)
    assert some.values[0] == 2.7
    assert table.values[0] == 2.5
    with pytest.raises(u.UnitConversionError, match=r"halo \[1\]\.spatial\.sigma"):
        table.update({"*.sigma": 3 * u.TeV})


def test_priors_replace_one_another(table):
    one = table.prior("*.index", dist.Normal(2.0, 0.1))
    assert [p.keys[0][0] for p in one.priors] == list(NAMES[:2])
    two = one.prior((NAMES[0], "spectral", "index"), dist.Normal(3.0, 0.1))
    assert len(two.priors) == 2
    assert {float(p.distribution.loc) for p in two.priors} == {2.0, 3.0}
    joint = two.prior(["*.lon_0", "*.lat_0"], dist.MultivariateNormal(np.zeros(4), np.eye(4)))
    assert len(joint.priors[-1].keys) == 4


def test_links(table):
    linked = table.link("halo [1].spectral.index", to=(NAMES[0], "spectral", "index"))
    assert len(linked.free) == len(table.free) - 1
    assert "linked to 4FGL J0534.5+2201.spectral.index" in str(linked)
    several = table.link("*.sigma", ["*.index"], lambda a, b: 0.1 * (a + b))
    assert len(several.links[NAMES[1], "spatial", "sigma"].targets) == 2


@pytest.mark.parametrize(
    ("pattern", "to", "message"),
    [
        ("*.sigma", "*.index", "2 parameters needs a function"),
        ("*.index", (NAMES[0], "spectral", "index"), "it is linked itself"),
    ],
)
def test_links_that_cannot_be(table, pattern, to, message):
    with pytest.raises(ValueError, match=message):
        table.link(pattern, to)


def test_links_of_links_are_refused(table):
    first, second, third = (table.keys[i] for i in table.free[:3])
    linked = table.link(first, to=second)
    with pytest.raises(ValueError, match="it is linked itself; link to its target"):
        linked.link(third, to=first)
    with pytest.raises(ValueError, match="it is linked itself; link to its target"):
        linked.link(second, to=third)


def test_text_shows_every_parameter(table):
    lines = str(table.freeze("*.index")).splitlines()
    assert len(lines) == 1 + len(table.keys)
    assert lines[1].startswith("4FGL J0534.5+2201.spectral.index")
    assert lines[1].endswith("frozen")
    assert lines[2].endswith("free")


def test_text_shows_priors(table):
    one = table.prior(table.keys[0], dist.Normal(2.0, 0.15))
    assert str(one).splitlines()[1].endswith("free, prior Normal(2, 0.15)")
    weighted = table.prior(table.keys[0], Weighted(dist.Normal(2.0, 0.15), 2.0))
    assert str(weighted).splitlines()[1].endswith("free, prior Weighted")
    joint = table.prior(list(table.keys[:2]), dist.MultivariateNormal(np.zeros(2), np.eye(2)))
    assert "prior MultivariateNormal" in str(joint)
    assert str(joint).count("of 2 parameters") == 2


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(0, 15)), st.sets(st.integers(0, 15)))
def test_freezing_is_set_algebra(frozen, thawed):
    table = Parameters.from_models(
        Models.create(
            [
                (NAMES[0], SkyModel(PowerLaw(), Point())),
                (NAMES[1], SkyModel(PowerLaw(), Gaussian())),
                FoVBackground("hess"),
            ]
        )
    ).thaw("*")
    new = table.freeze(*(table.keys[i] for i in frozen)).thaw(*(table.keys[i] for i in thawed))
    assert set(new.free) == (set(range(16)) - frozen) | thawed
    assert new.keys == table.keys


def test_a_prior_that_ends_is_a_bound(models):
    index, amplitude = (("4FGL J0534.5+2201", "spectral", n) for n in ("index", "amplitude"))
    table = Parameters.from_models(models)
    free = [table.keys[i] for i in table.free]

    def bounds(table):
        layout = table.layout(models)
        scale = np.asarray(layout.scale)
        return {
            key: (float(low), float(high))
            for key, low, high in zip(free, layout.lower * scale, layout.upper * scale, strict=True)
        }

    flat = table.bound(index, 1.0, 3.0).prior(index, dist.Uniform(0.0, 2.5))
    assert bounds(flat)[index] == (1.0, 2.5)
    assert bounds(table.prior(index, dist.HalfNormal(2.0)))[index] == (0.0, np.inf)
    assert bounds(table.prior(index, dist.Normal(2.0, 1.0)))[index] == (-np.inf, np.inf)
    joint = dist.Uniform(np.array([1.0, 1e-13]), np.array([3.0, 1e-10])).to_event(1)
    found = bounds(table.prior([index, amplitude], joint))
    assert found[index] == (1.0, 3.0)
    assert found[amplitude] == pytest.approx((1e-13, 1e-10))
    mixed = dist.MultivariateNormal(np.zeros(2), np.eye(2))
    assert bounds(table.prior([index, amplitude], mixed))[index] == (-np.inf, np.inf)
    with pytest.raises(ValueError, match="index: nothing is within both bounds and prior"):
        table.bound(index, 3.0, 4.0).prior(index, dist.Uniform(0.0, 2.0)).layout(models)


def test_joint_and_vector_priors_add_their_density(models):
    index, amplitude = (("4FGL J0534.5+2201", "spectral", n) for n in ("index", "amplitude"))
    covariance = np.array([[0.04, 0.5e-13], [0.5e-13, 1e-24]])
    joint = dist.MultivariateNormal(np.array([2.5, 3e-11]), covariance)
    table = Parameters.from_models(models).prior([index, amplitude], joint)
    layout = table.layout(models)
    expected = joint.log_prob(
        np.array([table.values[table.keys.index(k)] for k in (index, amplitude)])
    )
    assert float(layout.log_prior(layout.start)) == pytest.approx(float(expected))
    slope = jax.grad(layout.log_prior)(layout.start)
    assert np.all(np.isfinite(slope))
