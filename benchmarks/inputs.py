"""Datasets and models that both sides of a benchmark read: reduced from real data, or simulated."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Skip

__all__ = ["cases_folder", "data_folder", "from_configuration", "simulated_maps", "write"]


def data_folder(*parts: str) -> Path:
    """Find a folder of the Gammapy data."""
    root = os.environ.get("GAMMAPY_DATA")
    if not root:
        raise Skip("GAMMAPY_DATA is not set")
    folder = Path(root).joinpath(*parts)
    if not folder.exists():
        raise Skip(f"there is no {'/'.join(parts)} in GAMMAPY_DATA")
    return folder


def cases_folder() -> Path:
    """Find the configurations with known results: ``$GJAX_CASES``, or ``--cases``."""
    folder = os.environ.get("GJAX_CASES")
    if not folder or not Path(folder).is_dir():
        raise Skip("the folder of cases is not known: set GJAX_CASES or give --cases")
    return Path(folder)


def write(folder: Path, datasets: Sequence[Any], models: Any, parameters: Any = None) -> None:
    """Write what both sides read."""
    from gjax.io.datasets_yaml import write_datasets
    from gjax.io.models import write_models

    # Not every format knows a fit range: it becomes part of the safe one.
    datasets = [replace(one, mask_safe=one.mask, mask_fit=None) for one in datasets]
    write_datasets(datasets, folder / "datasets.yaml", overwrite=True)
    write_models(folder / "models.yaml", models, parameters, overwrite=True)


def from_configuration(folder: Path, config_path: Path, models_path: Path) -> None:
    """Reduce what a configuration describes, and write datasets and models."""
    from gjax.cli.config import read_config
    from gjax.cli.modelling import add_backgrounds
    from gjax.cli.progress import Progress
    from gjax.cli.reduction import (
        apply_fit_range,
        iter_observations,
        open_data_store,
        reduce_datasets,
        select_observations,
    )
    from gjax.cli.spectra import reduce_spectra
    from gjax.io.models import read_models

    data_folder()
    config, contents = read_config(config_path), read_models(models_path)
    store = open_data_store(config)
    with Progress(1, quiet=True) as progress:
        ids = select_observations(config, store)
        observations = iter_observations(config, store, ids, progress)
        reduce = reduce_spectra if config.settings.datasets.type == "1d" else reduce_datasets
        datasets = apply_fit_range(config, reduce(config, observations, progress))
    models, parameters = add_backgrounds(contents.models, contents.parameters, datasets)
    write(folder, datasets, models, parameters)


def simulated_maps(
    models: Any,
    pointings: Sequence[tuple[float, float]],
    *,
    npix: int,
    nbin: int = 10,
    nbin_true: int = 20,
    seed: int = 0,
) -> list[Any]:
    """Simulate half an hour for each pointing: maps of 0.04 deg, with Poisson counts."""
    from gjax.maps import MapAxis, WcsGeom
    from gjax.predict import npred
    from gjax.reduce import reduce_map_dataset
    from gjax.simulate import cta_like, fake, observation

    energy = MapAxis.from_energy_bounds(0.3, 30.0, nbin)
    true = MapAxis.from_energy_bounds(0.2, 60.0, nbin_true, name="energy_true")
    rng = np.random.default_rng(seed)
    instrument, empty = cta_like(), []
    for i, pointing in enumerate(pointings):
        planned = observation(instrument, pointing, 1800.0, obs_id=i + 1)
        geom = WcsGeom.create(pointing, 0.04, npix=(npix, npix), proj="TAN")
        empty.append(
            reduce_map_dataset(
                planned,
                geom,
                energy,
                true,
                selection=("exposure", "background", "psf", "edisp"),
                name=f"obs-{i + 1}",
            )
        )
    predicted = npred(empty, models)
    return [fake(one, counts, rng) for one, counts in zip(empty, predicted, strict=True)]
