"""A sampling run that is killed ends with the same draws as one that is not."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

import gjax
from gjax.errors import FileFormatError
from gjax.infer.fit import fit
from gjax.infer.sample import sample_fit
from gjax.io.checkpoint import CheckpointFile, sample
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw

#: The chains are too short to agree; here only their bits matter.
pytestmark = pytest.mark.filterwarnings("ignore::gjax.infer.diagnostics.PosteriorWarning")

ENERGY = np.geomspace(0.3, 30.0, 8)
DNDE = 3e-11 * ENERGY**-2.4 * (1 + 0.1 * np.cos(3 * ENERGY))
POINTS = gjax.FluxPointsDataset("points", ENERGY, DNDE, dnde_err=0.1 * DNDE)
MODELS = Models.create({"source": SkyModel(PowerLaw(2.2, 2e-11))})
OPTIONS = {"chains": 2, "warmup": 100, "samples": 100, "seed": 3}

#: What is killed: it samples, slowly, and writes the draws.
PROGRAM = """
import sys, time
import jax
import numpy as np
jax.config.update("jax_compilation_cache_dir", sys.argv[2])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
import gjax
from gjax.io.checkpoint import sample
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw

energy = np.geomspace(0.3, 30.0, 8)
dnde = 3e-11 * energy**-2.4 * (1 + 0.1 * np.cos(3 * energy))
points = gjax.FluxPointsDataset("points", energy, dnde, dnde_err=0.1 * dnde)
models = Models.create({"source": SkyModel(PowerLaw(2.2, 2e-11))})
posterior = sample(
    points, models, chains=2, warmup=600, samples=600, seed=4, checkpoint=sys.argv[1],
    chain_method=sys.argv[3], progress=lambda state: time.sleep(float(sys.argv[4])),
)
np.save(sys.argv[1] + ".npy", posterior.values)
"""


@pytest.fixture(scope="module")
def result():
    """Fit a power law to eight points."""
    return fit(POINTS, MODELS)


class StopError(Exception):
    """Ends a run in the middle."""


@pytest.mark.parametrize("method", ["sequential", "vectorized"])
def test_interrupted_at_every_block(result, method, tmp_path):
    """Both in warm-up and later: the run goes on and ends with the same bits."""
    options = OPTIONS | {"chain_method": method}
    whole = sample_fit(result, **options)
    file = CheckpointFile(tmp_path / "state.npz")
    runs, starts = 0, []

    def stop(state):
        starts.append(state.done)
        raise StopError

    while runs < 40:
        # Only a state that was kept survives the compiled code that a new process would not have.
        jax.clear_caches() if runs == 2 else None
        try:
            resumed = sample_fit(result, **options, checkpoint=file, progress=stop)
        except StopError:
            runs += 1
        else:
            break
    assert runs == {"sequential": 16, "vectorized": 8}[method]
    assert (np.diff(starts) > 0).all()
    np.testing.assert_array_equal(resumed.values, whole.values)
    for name, values in whole.statistics.items():
        np.testing.assert_array_equal(resumed.statistics[name], values)


def test_finished_run_is_only_read(result, tmp_path):
    path, seen = tmp_path / "state.npz", []
    first = sample(POINTS, MODELS, checkpoint=path, **OPTIONS)
    again = sample(POINTS, MODELS, checkpoint=str(path), progress=seen.append, **OPTIONS)
    assert not seen
    np.testing.assert_array_equal(first.values, again.values)


def test_other_problem_is_refused(result, tmp_path):
    path = tmp_path / "state.npz"
    file = CheckpointFile(path)
    sample_fit(result, checkpoint=file, **OPTIONS)
    with pytest.raises(ValueError, match=r"other settings \(seed was 3, not 4\)"):
        sample_fit(result, checkpoint=file, **(OPTIONS | {"seed": 4}))
    for data in (
        dataclasses.replace(POINTS, dnde=DNDE * 1.0001),
        dataclasses.replace(POINTS, mask_fit=ENERGY < 20),
    ):
        with pytest.raises(ValueError, match="other data, models or parameters"):
            sample(data, MODELS, checkpoint=path, **OPTIONS)
    table = gjax.Parameters.from_models(MODELS)
    for parameters in (table.bound("*.index", 0.0, 5.0), table.freeze("*.index")):
        with pytest.raises(ValueError, match="other data, models or parameters"):
            sample(POINTS, MODELS, parameters, checkpoint=path, **OPTIONS)
    # The state is still there.
    assert CheckpointFile(path).load() is not None


def test_no_state(tmp_path):
    file = CheckpointFile(tmp_path / "state.npz")
    assert file.load() is None
    file.path.write_text("no arrays")
    with pytest.raises(FileFormatError, match="no state of a sampling run"):
        file.load()
    np.savez(file.path, a=np.zeros(3))
    with pytest.raises(ValueError, match="no checkpoint of a sampling run"):
        sample(POINTS, MODELS, checkpoint=file, **OPTIONS)


def test_leftovers_are_removed(tmp_path):
    file = CheckpointFile(tmp_path / "state.npz")
    file.save({"a": np.arange(3)})
    leftover, other = tmp_path / ".state.npz.0123abcd.npz", tmp_path / ".state.npz.mine.npz"
    leftover.touch()
    other.touch()
    np.testing.assert_array_equal(file.load()["a"], np.arange(3))
    assert not leftover.exists()
    assert other.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("method", "kills"), [("sequential", 10), ("vectorized", 2)])
def test_killed_at_random_moments(method, kills, tmp_path):
    """SIGKILL of one run, again and again, from its start on, in warm-up and later."""
    state = tmp_path / "state"

    def start(name: str, pause: float) -> subprocess.Popen:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / name), str(tmp_path / "cache")]
        return subprocess.Popen([*command, method, str(pause)], env=os.environ)

    def step() -> int:
        with np.load(state) as kept:
            group, block = kept["position"]
        return int(48 * group + block)

    assert start("whole", 0.0).wait() == 0
    draw, steps = random.Random(), []
    # In a row there are 96 blocks, 48 of chains together: half of each chain is warm-up.
    last = {"sequential": 75, "vectorized": 35}[method]
    for moment in sorted(draw.randint(0, last) for _ in range(kills)):
        process = start("state", 0.05)
        # Zero is a moment while it starts; others are counted in blocks that are kept.
        while moment and not (state.exists() and step() >= moment):
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 0.1))
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        steps.append(step() if state.exists() else 0)
    assert start("state", 0.0).wait() == 0
    assert (np.diff(steps) >= 0).all()
    whole, resumed = (np.load(tmp_path / f"{name}.npy") for name in ("whole", "state"))
    np.testing.assert_array_equal(resumed, whole)
