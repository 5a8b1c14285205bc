"""A posterior that is written and read is the same posterior."""

from __future__ import annotations

import dataclasses

import equinox as eqx
import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.errors import FileFormatError
from gjax.infer.posterior import Posterior
from gjax.infer.priors import describe_priors
from gjax.io import read_posterior, write_posterior
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters


@pytest.fixture
def posterior():
    models = Models.create({"a b.c": SkyModel(PowerLaw(2.3, 2.8e-12)), "d": SkyModel(PowerLaw())})
    table = Parameters.from_models(models).prior("a b.c.spectral.index", dist.Normal(2.0, 0.5))
    table = table.bound("*.amplitude", min=0.0).link("d.spectral.index", "a b.c.spectral.index")
    generator = np.random.default_rng(0)
    values = table.values * (1 + 0.1 * generator.normal(size=(2, 30, len(table.values))))
    statistics = {
        "diverging": generator.uniform(size=(2, 30)) < 0.1,
        "steps": generator.integers(1, 8, (2, 30)),
        "energy": generator.normal(size=(2, 30)),
    }
    return Posterior(
        table,
        models,
        values,
        statistics,
        seed=4,
        warmup=100,
        timing={"compile": 1.5, "sample": 0.25},
        versions={"gjax": "0.1"},
        priors=describe_priors(table),
        info={"log_evidence": -3.25},
    )


def test_whole(posterior, tmp_path):
    path = write_posterior(posterior, tmp_path / "posterior.npz")
    again = read_posterior(path)
    np.testing.assert_array_equal(again.values, posterior.values)
    assert again.parameters.keys == posterior.parameters.keys
    assert again.free_names == posterior.free_names
    np.testing.assert_array_equal(again.parameters.minimum, posterior.parameters.minimum)
    assert again.parameters.links == posterior.parameters.links
    assert ("a b.c", "spectral", "index") in [p.keys[0] for p in again.parameters.priors]
    for name in ("seed", "warmup", "timing", "versions", "priors", "method", "info", "message"):
        assert getattr(again, name) == getattr(posterior, name), name
    for name, values in posterior.statistics.items():
        np.testing.assert_array_equal(again.statistics[name], values)
        assert again.statistics[name].dtype == values.dtype
    assert str(again) == str(posterior)
    index = again.models_at(1, 3)["a b.c"].spectral.index
    assert float(index) == posterior.draws("a b.c.spectral.index")[1, 3]


def test_draws_are_two_lines_of_numpy(posterior, tmp_path):
    arrays = np.load(write_posterior(posterior, tmp_path / "p.npz"))
    assert list(arrays["names"]) == list(posterior.free_names)
    np.testing.assert_array_equal(arrays["values"], posterior.free_values)
    assert list(arrays["units"]) == ["", "cm-2 s-1 TeV-1", "cm-2 s-1 TeV-1"]


def test_never_replaced_unless_told(posterior, tmp_path):
    path = write_posterior(posterior, tmp_path / "p.npz")
    with pytest.raises(FileExistsError):
        write_posterior(posterior, path)
    write_posterior(posterior, path, overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["p.npz"]


def test_what_a_models_file_cannot_hold(posterior, tmp_path):
    """A link by a function: its draws are kept, the function is not."""
    models = posterior.models
    table = Parameters.from_models(models)
    table = table.link("d.spectral.index", "a b.c.spectral.index", lambda index: index + 1)
    linked = dataclasses.replace(posterior, parameters=table)
    again = read_posterior(write_posterior(linked, tmp_path / "p.npz"))
    np.testing.assert_array_equal(again.values, linked.values)
    assert again.free_names == linked.free_names


class Mine(eqx.Module):
    """A spectrum that gjax does not know."""

    inner: PowerLaw

    def __call__(self, energy):
        return self.inner(energy)


def test_models_of_ones_own(posterior, tmp_path):
    models = Models.create({"a": SkyModel(Mine(PowerLaw()))})
    table = Parameters.from_models(models).freeze("*.index")
    values = np.ones((2, 5, len(table.values)))
    mine = Posterior(
        table, models, values, {}, 0, 0, {"compile": 0.0, "sample": 0.0}, {}, describe_priors(table)
    )
    path = write_posterior(mine, tmp_path / "p.npz")
    with pytest.raises(FileFormatError, match="pass models="):
        read_posterior(path)
    assert read_posterior(path, models).free_names == mine.free_names
    with pytest.raises(FileFormatError, match="other parameters"):
        read_posterior(path, posterior.models)


def test_something_else(tmp_path):
    path = tmp_path / "p.npz"
    with pytest.raises(FileNotFoundError):
        read_posterior(path)
    path.write_bytes(b"PK no")
    with pytest.raises(FileFormatError, match="no posterior of gjax"):
        read_posterior(path)
    np.savez(path, values=np.zeros(3))
    with pytest.raises(FileFormatError, match="no posterior of gjax"):
        read_posterior(path)
