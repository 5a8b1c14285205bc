"""No NaN: no counts, no background, nothing predicted, parameters on their bounds."""

from __future__ import annotations

import dataclasses
from functools import partial

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.dataset import FluxPointsDataset
from gjax.infer.objective import expand_objective, make_objective, value_and_grad
from gjax.infer.toys import list_all_bins
from gjax.model import FoVBackground, Models, ResponseModifier, SkyModel
from gjax.model.spatial import Disk, Gaussian, Point
from gjax.model.spectral import ExpCutoffPowerLaw, LogParabola, PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.parameters.distributions import GeneralizedNormal, Weighted
from gjax.stats.cash import NPRED_FLOOR, cash, cash_rest
from gjax.stats.chi2 import chi2
from gjax.stats.wstat import wstat, wstat_rest

# Every example has the shapes of the first: nothing is compiled again.
few = settings(deadline=None, max_examples=25)

#: Counts of a bin, and by how much background and exposure are scaled.
contents = st.sampled_from([0.0, 1.0, 3.0, 1e4])
scales = st.sampled_from([0.0, 1e-300, 1e-26, 1.0])
seeds = st.integers(0, 2**31)


def draw_values(data, table: Parameters, ranges: dict[str, tuple[float, float]]) -> Parameters:
    """Put each free parameter on a bound, at zero, where it was, or anywhere."""
    values = {}
    for i in table.free:
        low, high = ranges[table.keys[i][-1]]
        low, high = max(low, table.minimum[i]), min(high, table.maximum[i])
        special = sorted({low, high, min(max(0.0, low), high), float(table.values[i])})
        values[table.keys[i]] = data.draw(
            st.one_of(st.sampled_from(special), st.floats(low, high)), label=table.names[i]
        )
    return table.update(values)


def assert_finite(datasets, models, table, at: Parameters, alone: bool = True) -> None:
    """Evaluate value, gradient and Hessian at the values of a table; the gradient also alone."""
    objective = make_objective(datasets, models, table)
    theta = at.values[list(at.free)] / np.asarray(objective.layout.scale)
    # Every bin listed: the number of those with counts, and so the code, would change.
    if not any(isinstance(one, FluxPointsDataset) for one in datasets):
        objective = list_all_bins(objective)
    found = expand_objective(objective, theta)
    for part in dataclasses.fields(found):
        assert np.isfinite(np.asarray(getattr(found, part.name))).all(), part.name
    if not alone:  # its code takes seconds to compile
        return
    value, gradient = value_and_grad(objective, theta)
    assert np.isfinite(value), "value"
    assert np.isfinite(gradient).all(), "gradient by itself"


def scatter(seed: int, highest: float, shape: tuple[int, ...]) -> np.ndarray:
    """Give counts of which most are zero, or all."""
    rng = np.random.default_rng(seed)
    return np.where(rng.uniform(size=shape) < 0.1, highest, 0.0)


@given(data=st.data(), highest=contents, seed=seeds, background=scales, exposure=scales)
@few
def test_maps(dataset, data, highest, seed, background, exposure):
    lon, lat = (float(x) for x in dataset.geom.center)
    models = Models.create(
        [
            ("point", SkyModel(PowerLaw(2.3, 1e-11), Point(lon, lat, frame=dataset.geom.frame))),
            ("gauss", SkyModel(PowerLaw(), Gaussian(lon, lat, 0.1, frame=dataset.geom.frame))),
            FoVBackground("dataset", PowerLawNorm()),
        ]
    )
    table = Parameters.from_models(models).thaw("*.tilt").bound("*.amplitude", min=0.0)
    table = table.bound("gauss.*.amplitude", min=-1e-11).bound("*.norm", min=0.0)
    table = table.prior("point.*.index", dist.Normal(2.0, 0.5))
    table = table.prior("*.tilt", dist.Uniform(-1.0, 1.0))
    table = table.prior("*.norm", dist.HalfNormal(2.0))
    ranges = {
        "index": (-2.0, 8.0),
        "amplitude": (-1e-11, 1e-9),
        "lon_0": (lon - 1.0, lon + 1.0),
        "lat_0": (lat - 1.0, lat + 1.0),
        "sigma": (0.0, 1.0),
        "norm": (0.0, 10.0),
        "tilt": (-3.0, 3.0),
    }
    changed = dataclasses.replace(
        dataset,
        counts=scatter(seed, highest, dataset.counts.shape),
        background=background * np.asarray(dataset.background),
        exposure=exposure * np.asarray(dataset.exposure),
    )
    assert_finite([changed], models, table, draw_values(data, table, ranges))


@given(data=st.data(), seed=seeds, background=scales)
@few
def test_an_ellipse_without_extent_or_roundness(dataset, data, seed, background):
    lon, lat = (float(x) for x in dataset.geom.center)
    disk = Disk(lon, lat, 0.1, frame=dataset.geom.frame)
    models = Models.create({"disk": SkyModel(PowerLaw(), disk)})
    table = Parameters.from_models(models).freeze("*.index").thaw("*.e", "*.phi", "*.edge_width")
    table = table.bound("*.amplitude", min=0.0)
    ranges = {
        "amplitude": (0.0, 1e-9),
        "lon_0": (lon - 1.0, lon + 1.0),
        "lat_0": (lat - 1.0, lat + 1.0),
        "r_0": (0.0, 1.0),
        "e": (0.0, 1.0),
        "phi": (-180.0, 180.0),
        "edge_width": (0.0, 1.0),
    }
    counts = scatter(seed, 3.0, dataset.counts.shape)
    dim = background * np.asarray(dataset.background)
    changed = dataclasses.replace(dataset, counts=counts, background=dim)
    at = draw_values(data, table, ranges)
    assert_finite([changed], models, table, at, alone=False)


@given(data=st.data(), on=contents, off=contents, seed=seeds, exposure=scales, unseen=st.booleans())
@few
def test_spectra_with_off_counts(onoff_spectrum, data, on, off, seed, exposure, unseen):
    plain = onoff_spectrum("one")
    dataset = dataclasses.replace(
        plain,
        counts=scatter(seed, on, plain.counts.shape),
        counts_off=scatter(seed + 1, off, plain.counts.shape),
        exposure=exposure * plain.exposure,
    )
    if unseen:
        none = scatter(seed + 2, 1.0, plain.counts.shape) > 0
        acceptance = np.where(none, 0.0, plain.acceptance_off)
        dataset = dataclasses.replace(dataset, acceptance_off=acceptance)
    modifier = ResponseModifier("one", background=PowerLawNorm(), energy=PowerLawNorm())
    sources = {"source": SkyModel(LogParabola()), "cut": SkyModel(ExpCutoffPowerLaw())}
    models = Models.create(sources | {"scale": modifier})
    table = Parameters.from_models(models).bound("*.amplitude", min=-1e-11)
    table = table.bound("*.lambda_", min=0.0)
    for part, prior in (("background", dist.LogNormal(0.0, 0.1)), ("energy", dist.Normal(1, 0.1))):
        table = table.prior(f"scale.{part}.norm", prior).bound(f"scale.{part}.norm", 0.5, 2.0)
    ranges = {
        "amplitude": (-1e-11, 1e-9),
        "alpha": (-2.0, 8.0),
        "beta": (-1.0, 2.0),
        "index": (-2.0, 8.0),
        "lambda_": (0.0, 10.0),
        "norm": (0.5, 2.0),
    }
    assert_finite([dataset], models, table, draw_values(data, table, ranges))


@pytest.mark.parametrize("kind", ["chi2", "distrib", "profile"])
@given(data=st.data(), flux=st.sampled_from([0.0, -1e-13, 1e-12]), seed=seeds)
@few
def test_flux_points(kind, data, flux, seed):
    energy = np.geomspace(0.5, 20.0, 6)
    dnde = np.where(np.random.default_rng(seed).uniform(size=6) < 0.5, flux, 0.0)
    norm = np.linspace(0.0, 5.0, 11)
    points = FluxPointsDataset(
        "points",
        energy,
        dnde,
        dnde_errn=np.full(6, 1e-13),
        dnde_errp=np.full(6, 2e-13),
        dnde_ul=np.full(6, 3e-12),
        is_ul=np.arange(6) > 3,
        dnde_ref=np.full(6, 1e-12),
        norm=np.ones(6),
        stat=np.zeros(6),
        norm_scan=norm,
        stat_scan=np.broadcast_to((norm - 1.0) ** 2, (6, 11)),
        stat_type=kind,
    )
    models = Models.create([("source", SkyModel(LogParabola()))])
    table = Parameters.from_models(models).bound("*.amplitude", min=0.0)
    table = table.prior("*.beta", dist.Normal(0.0, 0.2))
    ranges = {"amplitude": (0.0, 1e-9), "alpha": (-2.0, 8.0), "beta": (-1.0, 2.0)}
    assert_finite([points], models, table, draw_values(data, table, ranges))


#: Predictions where the logarithm, its slope or its bend could overflow, and any others.
predictions = st.one_of(
    st.sampled_from([0.0, 5e-324, 1e-300, 1e-26, NPRED_FLOOR, np.nextafter(NPRED_FLOOR, 1.0)]),
    st.floats(0.0, 1e6),
)
bin_counts = st.one_of(st.sampled_from([0.0, 1.0, 1e6]), st.integers(0, 50).map(float))
signs = st.sampled_from([-1.0, 1.0])


@partial(jax.jit, static_argnums=(0, 1))
def derivatives(function, argument, *at):
    """Give value, slope and bend of a function of one of its arguments."""
    slope = jax.grad(function, argnums=argument)
    return function(*at), slope(*at), jax.grad(slope, argnums=argument)(*at)


@given(counts=bin_counts, npred=predictions, sign=signs)
@settings(deadline=None)
def test_cash_of_one_bin(counts, npred, sign):
    for statistic in (cash, cash_rest):
        assert np.isfinite(derivatives(statistic, 1, counts, sign * npred)).all()


@given(
    counts=bin_counts, off=bin_counts, alpha=st.floats(1e-4, 1e3), signal=predictions, sign=signs
)
@settings(deadline=None, max_examples=300)
def test_wstat_of_one_bin(counts, off, alpha, signal, sign):
    """In the signal, and in the ratio of acceptances, on which a background model acts."""
    for statistic in (wstat, wstat_rest):
        for argument in (2, 3):
            found = derivatives(statistic, argument, counts, off, alpha, sign * signal)
            assert np.isfinite(found).all()


@given(
    value=st.floats(-1e-8, 1e-8),
    low=st.sampled_from([0.0, 1e9, 1e20]),
    high=st.sampled_from([0.0, 1e9, 1e20]),
    predicted=st.floats(-1e-6, 1e-6),
)
@settings(deadline=None)
def test_chi2_of_one_point(value, low, high, predicted):
    """A weight of zero leaves a side out, as below an upper limit."""
    assert np.isfinite(derivatives(chi2, 3, value, low, high, predicted)).all()


PRIORS = {
    "uniform": dist.Uniform(-1.0, 1.0),
    "log-uniform": dist.LogUniform(0.1, 10.0),
    "half normal": dist.HalfNormal(2.0),
    "half Cauchy": dist.HalfCauchy(2.0),
    "exponential": dist.Exponential(1.0),
    "truncated normal": dist.TruncatedNormal(0.0, 1.0, low=-1.0, high=3.0),
    "normal with another sharpness": GeneralizedNormal(2.0, 1.0, 0.8),
    "counted twice": Weighted(dist.Uniform(-1.0, 1.0), 2.0),
}


@pytest.mark.parametrize("prior", list(PRIORS))
def test_priors_at_their_ends_and_centres(prior):
    models = Models.create({"source": SkyModel(PowerLaw())})
    table = Parameters.from_models(models).freeze("*.amplitude").prior("*.index", PRIORS[prior])
    layout = table.layout(models)
    ends = [at[0] for at in (layout.lower, layout.upper) if np.isfinite(at[0])]
    for at in [*ends, layout.start[0]]:
        found = prior_derivatives(layout, np.clip([at], layout.lower, layout.upper))
        assert all(np.isfinite(one).all() for one in found)


@jax.jit
def prior_derivatives(layout, theta):
    function = layout.log_prior
    return function(theta), jax.grad(function)(theta), jax.hessian(function)(theta)
