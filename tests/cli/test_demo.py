"""The demo: simulated, written, read back, reduced, fitted and sampled."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from gjax.cli import demo
from gjax.cli.config import read_config
from gjax.cli.main import main
from gjax.errors import ConfigError
from gjax.io import DataStore
from gjax.io.results import read_result


@pytest.mark.slow
def test_the_whole_road(tmp_path):
    result = CliRunner().invoke(main, ["demo", "--output", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    document = read_result(tmp_path / "demo" / "result.json")
    assert document["success"] is True
    assert document["posterior"]["divergences"] == 0
    for row in document["posterior"]["parameters"]:
        assert row["r_hat"] < 1.02
    for name in document["files"]:
        path = tmp_path / "demo" / name
        assert path.stat().st_size > 100
        assert str(path) in result.stdout
    # The table: true value, fitted value, error and pull of each parameter.
    table = [line.split() for line in result.stdout.splitlines() if line.startswith("source.")]
    assert len(table) == 4
    for _, truth, value, error, pull, *_ in table:
        assert float(pull) == pytest.approx((float(value) - float(truth)) / float(error), abs=0.3)
        assert abs(float(pull)) < 4
    draws = np.load(tmp_path / "demo" / "posterior.npz")
    assert draws["values"].shape == (4, 200, 5)
    assert document["posterior"]["parameters"][0]["mean"] == draws["values"][..., 0].mean()


def test_what_is_simulated_can_be_read_and_run(tmp_path, monkeypatch):
    def stop(config, contents, products, progress, truths):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run_stages", stop)
    with pytest.raises(KeyboardInterrupt):
        demo.run_demo(tmp_path)
    observation = DataStore(tmp_path / "dl3").observation(1)
    assert observation.livetime == pytest.approx(3600.0)
    assert 1000 < len(observation.events) < 100_000
    config = read_config(tmp_path / "config.yaml")
    assert config.notes == ()
    assert config.settings.gjax.sampler is not None
    # The events, configuration and models files of a demo are not replaced unless told.
    with pytest.raises(ConfigError, match="--overwrite"):
        demo.run_demo(tmp_path)


def test_the_seed_decides_the_events(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "run_stages", lambda *args: None)
    energies = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        demo.run_demo(tmp_path / name, seed=seed)
        energies.append(DataStore(tmp_path / name / "dl3").observation(1).events.energy)
    np.testing.assert_array_equal(energies[0], energies[1])
    assert not np.array_equal(energies[0][:100], energies[2][:100])
