"""A posterior in a configuration: a run that ends in the middle goes on with the same draws."""

from __future__ import annotations

import numpy as np
import pytest

import gjax
from gjax.cli import outcome
from gjax.cli.run import run_analysis
from gjax.errors import ConfigError
from gjax.io.datasets_yaml import write_datasets
from gjax.io.models import write_models
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """Write two flux-point datasets and a power law; give a configuration that samples them."""
    folder = tmp_path_factory.mktemp("points")
    energy = np.geomspace(0.3, 30.0, 8)
    dnde = 3e-11 * energy**-2.4
    points = gjax.FluxPointsDataset("points", energy, dnde, dnde_err=0.1 * dnde)
    models = Models.create({"crab": SkyModel(PowerLaw(2.2, 2e-11))})
    write_datasets([points], folder / "datasets.yaml")
    write_models(folder / "models.yaml", models)
    sampler = {"chains": 2, "warmup": 50, "samples": 150, "checkpoint": "state/chains.npz"}
    files = {f"{kind}_file": str(folder / f"{kind}.yaml") for kind in ("datasets", "models")}
    return {
        "general": {"log": {"level": "warning"}, **files},
        "gjax": {"pictures": False, "sampler": sampler},
    }


class StopError(Exception):
    """Ends a run in the middle."""


def interrupt(monkeypatch, after: int):
    """End the sampler at its report of that number."""
    seen = []

    def stop(state):
        seen.append(state.done)
        if len(seen) == after:
            raise StopError
        return ""

    monkeypatch.setattr(outcome, "sampling_text", stop)
    return seen


@pytest.mark.filterwarnings("ignore::gjax.infer.diagnostics.PosteriorWarning")
def test_a_run_that_was_interrupted_goes_on(config, tmp_path, monkeypatch):
    whole = run_analysis(config, output=tmp_path / "whole").posterior
    assert not (tmp_path / "whole" / "state" / "chains.npz").exists()
    output = tmp_path / "output"
    for after in (1, 2):  # both during warm-up and later
        interrupt(monkeypatch, after)
        with pytest.raises(StopError):
            run_analysis(config, output=output, overwrite=True)
        assert (output / "state" / "chains.npz").exists()
    seen = interrupt(monkeypatch, 0)
    resumed = run_analysis(config, output=output, overwrite=True)
    assert seen[0] > 50
    np.testing.assert_array_equal(resumed.posterior.values, whole.values)
    assert not (output / "state" / "chains.npz").exists()
    assert "posterior.npz" in resumed.files


def test_the_state_of_another_run_is_refused(config, tmp_path, monkeypatch):
    interrupt(monkeypatch, 1)
    with pytest.raises(StopError):
        run_analysis(config, output=tmp_path)
    other = config | {"gjax": config["gjax"] | {"seed": 5}}
    with pytest.raises(ConfigError, match=r"gjax.sampler.checkpoint.*seed was 0, not 5"):
        run_analysis(other, output=tmp_path, overwrite=True)
