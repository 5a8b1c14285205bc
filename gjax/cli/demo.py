"""One simulated hour of a source, taken down the whole road that real data take.

The demo writes event files, a configuration and a models file, and then runs that configuration as
`gjax.cli.run` runs any other: what it leaves behind is also an example to start from.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gjax.cli.config import parse_config
from gjax.cli.outcome import Outcome
from gjax.cli.products import Products
from gjax.cli.progress import Progress, logging_as
from gjax.cli.run import run_stages
from gjax.io.gadf import write_data_store
from gjax.io.models import read_models, write_models
from gjax.model import Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.simulate import cta_like, observation, simulate_events

__all__ = ["DemoOutcome", "run_demo"]

_OBS_ID = 1

#: The source as it is: a tenth of the flux of the Crab Nebula, half a degree from the pointing.
TRUE_SOURCE = SkyModel(
    PowerLaw(index=2.4, amplitude=4.0e-12, reference=1.0), Point(lon_0=83.63, lat_0=22.01)
)

#: Where the fit starts.
START_SOURCE = SkyModel(
    PowerLaw(index=2.0, amplitude=2.0e-12, reference=1.0), Point(lon_0=83.60, lat_0=22.05)
)

_POINTING = (83.63, 22.51)


def _configuration(seed: int) -> dict[str, Any]:
    """Write the configuration of the demo, as a user would."""
    return {
        "general": {"log": {"level": "error"}, "models_file": "start_models.yaml"},
        "observations": {"datastore": "dl3", "obs_ids": [_OBS_ID]},
        "datasets": {
            "type": "3d",
            "stack": False,
            "geom": {
                "wcs": {
                    "skydir": {"frame": "icrs", "lon": "83.63 deg", "lat": "22.01 deg"},
                    "binsize": "0.05 deg",
                    "width": {"width": "2.5 deg", "height": "2.5 deg"},
                    "binsize_irf": "0.5 deg",
                },
                "selection": {"offset_max": "2.5 deg"},
                "axes": {
                    "energy": {"min": "0.3 TeV", "max": "30 TeV", "nbins": 8},
                    "energy_true": {"min": "0.2 TeV", "max": "60 TeV", "nbins": 20},
                },
            },
            "safe_mask": {"methods": ["offset-max"], "parameters": {"offset_max": "2.5 deg"}},
        },
        "gjax": {"seed": seed, "sampler": {"chains": 4, "warmup": 100, "samples": 200}},
    }


@dataclass(frozen=True, eq=False)
class DemoOutcome:
    """What the demo gives back.

    Parameters
    ----------
    outcome :
        The analysis of the simulated data.
    truths :
        True value of each fitted parameter by name.
    """

    outcome: Outcome
    truths: dict[str, float]

    @property
    def success(self) -> bool:
        """Whether the fit converged."""
        return self.outcome.success

    @property
    def message(self) -> str:
        """What happened in the fit."""
        return self.outcome.message

    def rows(self) -> list[tuple[str, float, float, float, str]]:
        """List name, true value, fitted value, error and unit of each free parameter."""
        fit = self.outcome.fit
        table = fit.parameters
        return [
            (name, self.truths[name], table.values[i], fit.errors[i], table.units[i])
            for i, name in enumerate(table.names)
            if i in table.free
        ]

    def summary(self) -> str:
        """Write true and fitted values as a table, and where the files are."""
        rows = self.rows()
        width = max(len(name) for name, *_ in rows)
        head = f"{'parameter':{width}} {'true':>11} {'fitted':>11} {'error':>9} {'pull':>6}  unit"
        lines = [head, "-" * len(head)]
        lines += [
            f"{name:{width}} {truth:11.5g} {value:11.5g} {error:9.2g} "
            f"{(value - truth) / error:+6.2f}  {unit}"
            for name, truth, value, error, unit in rows
        ]
        folder = self.outcome.folder
        written = "\n".join(f"  {folder / name}" for name in self.outcome.files)
        return "\n".join(lines) + f"\n\nwritten:\n{written}"


def run_demo(
    output: str | os.PathLike[str] = "gjax-demo",
    *,
    seed: int = 5,
    overwrite: bool = False,
    quiet: bool = True,
) -> DemoOutcome:
    """Simulate one hour of a source, reduce it, fit it and sample its posterior.

    Parameters
    ----------
    output :
        Folder for everything written.
    seed :
        Seed of the events and of the sampler.
    overwrite :
        Whether an earlier demo is replaced.
    quiet :
        Show no progress bar.

    Raises
    ------
    gjax.errors.ConfigError
        If the folder holds products already and they may not be replaced.
    """
    folder = Path(output)
    written = ("config.yaml", "start_models.yaml", "dl3/*.fits*")
    products = Products(folder, overwrite=overwrite, more=written)
    with Progress(6, quiet=quiet) as progress:
        progress.stage("simulating one hour")
        _simulate(products, seed)
        progress.advance()
        text = yaml.safe_dump(_configuration(seed), sort_keys=False)
        config_path = products.path("config.yaml")
        config_path.write_text(text, encoding="utf-8")
        config = parse_config(text, folder=folder, source=str(config_path))
        contents = read_models(folder / "start_models.yaml")
        background = f"obs-{_OBS_ID}-bkg.spectral"
        truths = _values(TRUE_SOURCE) | {f"{background}.norm": 1.0, f"{background}.tilt": 0.0}
        with logging_as(config.settings.general.log):
            outcome = run_stages(config, contents, products, progress, truths)
    return DemoOutcome(outcome, truths)


def _values(source: SkyModel) -> dict[str, float]:
    table = Parameters.from_models(Models.create({"source": source}))
    return dict(zip(table.names, map(float, table.values), strict=True))


def _simulate(products: Products, seed: int) -> None:
    """Write the event files of one hour, and the models file that the fit starts from."""
    planned = observation(
        cta_like(), _POINTING, "1 h", obs_id=_OBS_ID, object_name="simulated source"
    )
    observed = simulate_events(planned, Models.create({"source": TRUE_SOURCE}), seed)
    folder = write_data_store([observed], products.folder / "dl3", overwrite=True)
    for path in sorted(folder.iterdir()):
        products.path("dl3", path.name)
    start = Models.create({"source": START_SOURCE})
    write_models(products.path("start_models.yaml"), start, overwrite=True)
