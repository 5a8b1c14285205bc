"""No NaN: no counts, no background, nothing predicted, parameters on their bounds."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpyro.distributions as dist
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.dataset import FluxPointsDataset
from gjax.infer.objective import expand_objective, make_objective
from gjax.infer.toys import list_all_bins
from gjax.model import FoVBackground, Models, ResponseModifier, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import LogParabola, PowerLaw, PowerLawNorm
from gjax.parameters import Parameters

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


def assert_finite(datasets, models, table: Parameters, at: Parameters) -> None:
    """Evaluate value, gradient and Hessian at the values of a table, all bins listed or not."""
    objective = make_objective(datasets, models, table)
    theta = at.values[list(at.free)] / np.asarray(objective.layout.scale)
    has_points = any(isinstance(one, FluxPointsDataset) for one in datasets)
    found = expand_objective(objective if has_points else list_all_bins(objective), theta)
    for part in dataclasses.fields(found):
        assert np.isfinite(np.asarray(getattr(found, part.name))).all(), part.name


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


@given(data=st.data(), on=contents, off=contents, seed=seeds, exposure=scales)
@few
def test_spectra_with_off_counts(onoff_spectrum, data, on, off, seed, exposure):
    plain = onoff_spectrum("one")
    dataset = dataclasses.replace(
        plain,
        counts=scatter(seed, on, plain.counts.shape),
        counts_off=scatter(seed + 1, off, plain.counts.shape),
        exposure=exposure * plain.exposure,
    )
    modifier = ResponseModifier("one", background=PowerLawNorm(), energy=PowerLawNorm())
    models = Models.create([("source", SkyModel(LogParabola())), ("scale", modifier)])
    table = Parameters.from_models(models).bound("*.amplitude", min=-1e-11)
    for part, prior in (("background", dist.LogNormal(0.0, 0.1)), ("energy", dist.Normal(1, 0.1))):
        table = table.prior(f"scale.{part}.norm", prior).bound(f"scale.{part}.norm", 0.5, 2.0)
    ranges = {
        "amplitude": (-1e-11, 1e-9),
        "alpha": (-2.0, 8.0),
        "beta": (-1.0, 2.0),
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
