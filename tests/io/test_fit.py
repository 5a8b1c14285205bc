"""A fit that is written and read is the same fit."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.dataset import FluxPointsDataset
from gjax.errors import FileFormatError
from gjax.infer import fit, upper_limit
from gjax.infer.result import FitResult
from gjax.io import read_fit, write_fit
from gjax.model import Models, SkyModel
from gjax.model.spectral import LogParabola, PowerLaw
from gjax.parameters import Parameters


@pytest.fixture(scope="module")
def points() -> FluxPointsDataset:
    energy = np.geomspace(0.5, 20.0, 9)
    dnde = 2e-12 * energy**-2.2 * (1 + 0.1 * np.cos(5 * energy))
    return FluxPointsDataset("points", energy, dnde, dnde_err=0.1 * dnde)


@pytest.fixture(scope="module")
def result(points) -> FitResult:
    """Fit with a prior, a link and a parameter on its bound."""
    models = Models.create(
        {"a b.c": SkyModel(LogParabola(1e-12, alpha=2.0, beta=0.1)), "d": SkyModel(PowerLaw())}
    )
    table = (
        Parameters.from_models(models)
        .prior("*.alpha", dist.Normal(2.0, 0.5))
        .bound("*.beta", min=0.2, max=1.0)
        .update({"d.spectral.amplitude": 1e-14, "*.beta": 0.3})
        .freeze("d.*")
        .link("d.spectral.index", "a b.c.spectral.alpha")
    )
    return fit(points, models, table)


def assert_same(one: FitResult, two: FitResult) -> None:
    """Compare every field, so that a new one cannot be forgotten."""
    for field in dataclasses.fields(FitResult):
        old, new = getattr(one, field.name), getattr(two, field.name)
        if field.name == "objective":
            continue
        if field.name == "parameters":
            assert (new.keys, new.frozen, new.links) == (old.keys, old.frozen, old.links)
            assert [p.keys for p in new.priors] == [p.keys for p in old.priors]
            for name in ("values", "minimum", "maximum"):
                np.testing.assert_array_equal(getattr(new, name), getattr(old, name))
        elif field.name == "models":
            assert jax.tree.structure(new) == jax.tree.structure(old)
            for a, b in zip(jax.tree.leaves(new), jax.tree.leaves(old), strict=True):
                np.testing.assert_array_equal(a, b)
        elif isinstance(old, np.ndarray):
            np.testing.assert_array_equal(new, old)
        else:
            assert new == old, field.name
            assert type(new) is type(old), field.name


def test_whole(result, tmp_path):
    assert result.at_bounds == (("a b.c", "spectral", "beta"),)
    again = read_fit(write_fit(result, tmp_path / "fit.npz"))
    assert_same(result, again)
    assert str(again) == str(result)
    np.testing.assert_array_equal(again.errors, result.errors)
    # What was read can be written again.
    assert_same(result, read_fit(write_fit(again, tmp_path / "again.npz")))


def test_other_covariance(result, tmp_path):
    sandwich = result.with_covariance("sandwich")
    assert_same(sandwich, read_fit(write_fit(sandwich, tmp_path / "fit.npz")))


def test_with_data_it_goes_on(result, points, tmp_path):
    path = write_fit(result, tmp_path / "fit.npz")
    again = read_fit(path, points)
    assert_same(result, again)
    assert float(again.objective(again.theta)) == pytest.approx(result.stat, rel=1e-12)
    one, two = (float(upper_limit(found, "*.alpha").value) for found in (result, again))
    assert two == pytest.approx(one, rel=1e-6)
    with pytest.raises(AttributeError, match="read without data"):
        read_fit(path).objective.layout  # noqa: B018


def test_a_failed_fit_stays_failed(result, tmp_path):
    failed = dataclasses.replace(
        result,
        status=type(result.status).STALLED,
        edm=np.inf,
        covariance=result.covariance * np.nan,
    )
    again = read_fit(write_fit(failed, tmp_path / "fit.npz"))
    assert not again.success
    assert_same(failed, again)


def test_links_that_are_functions_need_the_table(points, tmp_path):
    models = Models.create({"a": SkyModel(PowerLaw()), "b": SkyModel(PowerLaw())})
    table = Parameters.from_models(models).freeze("b.*")
    table = table.link("b.spectral.index", "a.spectral.index", lambda index: index + 1.0)
    found = fit(points, models, table)
    path = write_fit(found, tmp_path / "fit.npz")
    with pytest.raises(FileFormatError, match="pass parameters="):
        read_fit(path)
    assert_same(found, read_fit(path, parameters=table))


def test_other_files_are_refused(result, tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(FileFormatError, match="no result of a fit"):
        read_fit(tmp_path / "text.npz")
    path = write_fit(result, tmp_path / "fit.npz")
    with pytest.raises(FileExistsError):
        write_fit(result, path)
    with pytest.raises(FileFormatError, match="other parameters"):
        read_fit(path, models=Models.create({"d": SkyModel(PowerLaw())}))
