"""The middle stages of a run: models matched to datasets, the fit, and what it says in numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gjax.cli.config import Configuration
from gjax.cli.paths import find_file
from gjax.dataset.dataset import Dataset
from gjax.errors import ConfigError
from gjax.infer.result import FitResult
from gjax.io.results import parameter_rows
from gjax.model import FoVBackground, Models, SkyModel
from gjax.parameters import Parameters

__all__ = [
    "add_backgrounds",
    "background_counts",
    "dataset_rows",
    "find_models_file",
    "result_document",
]


def find_models_file(config: Configuration, models: Path | None) -> Path:
    """Find the models file: the one given, or the one that the configuration names.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if models is not None:
        return find_file(models, key="--models")
    named = config.settings.general.models_file
    if named is None:
        raise ConfigError(
            "no models: give them with --models, or name a file here", key="general.models_file"
        )
    return find_file(named, beside=config.folder, key="general.models_file")


def add_backgrounds(
    models: Models, parameters: Parameters, datasets: Sequence[Dataset]
) -> tuple[Models, Parameters]:
    """Give each dataset that has none, and any bin to fit, a background model with a free norm.

    Raises
    ------
    ConfigError
        If a model is for a dataset that this analysis does not make, or has no place on the sky.
    """
    names = [dataset.name for dataset in datasets]
    for name, model in models.items():
        unknown = [wanted for wanted in model.datasets_names or () if wanted not in names]
        if unknown:
            raise ConfigError(
                f"{name!r} is for dataset {unknown[0]!r}, but the analysis makes "
                f"{', '.join(names)}",
                key="models",
            )
        if isinstance(model, SkyModel) and model.spatial is None:
            raise ConfigError(f"{name!r} has no spatial model, which a map needs", key="models")
    modelled = {m.dataset for m in models.members if isinstance(m, FoVBackground)}
    extended = models
    for dataset in datasets:
        # Without any bin in the mask nothing would constrain the norm.
        wanted = dataset.background is not None and bool(dataset.mask.any())
        if wanted and dataset.name not in modelled:
            background = FoVBackground(dataset.name)
            extended = extended.append(background.default_name, background)
    return extended, _extend_table(parameters, extended)


def _extend_table(parameters: Parameters, models: Models) -> Parameters:
    """Make the table of more models, with all choices of a table of some of them."""
    table = Parameters.from_models(models)
    places = [table.keys.index(key) for key in parameters.keys]
    columns = {
        name: np.array(getattr(table, name)) for name in ("values", "minimum", "maximum", "frozen")
    }
    for name, column in columns.items():
        column[places] = getattr(parameters, name)
    return dataclasses.replace(
        table,
        values=columns["values"],
        minimum=columns["minimum"],
        maximum=columns["maximum"],
        frozen=tuple(bool(value) for value in columns["frozen"]),
        links=parameters.links,
        priors=parameters.priors,
    )


def background_counts(dataset: Dataset, models: Models) -> np.ndarray | None:
    """Predict the background of a dataset with its model, shape ``(ereco, y, x)``."""
    if dataset.background is None:
        return None
    counts = np.asarray(dataset.background)
    for model in models.members:
        if isinstance(model, FoVBackground) and model.applies_to(dataset.name):
            counts = counts * np.asarray(model.spectral(dataset.energy.center))[:, None, None]
    return counts


def dataset_rows(
    datasets: Sequence[Dataset], npred: Sequence[np.ndarray], fit: FitResult
) -> list[dict[str, Any]]:
    """Count what is in the mask of each dataset.

    Returns
    -------
    rows :
        For each dataset ``name``, ``shape``, ``mask`` (number of bins in it) and, summed over the
        mask, ``counts``, ``npred``, ``background`` (as reduced) and ``npred_background`` (with its
        model); ``stat``; ``livetime`` in s and ``obs_ids``.
    """
    rows = []
    for dataset, prediction in zip(datasets, npred, strict=True):
        mask = dataset.mask

        def total(cube: Any, mask: np.ndarray = mask) -> float | None:
            return None if cube is None else float(np.asarray(cube)[mask].sum())

        rows.append(
            {
                "name": dataset.name,
                "shape": dataset.shape,
                "mask": int(mask.sum()),
                "counts": total(dataset.counts),
                "npred": total(prediction),
                "background": total(dataset.background),
                "npred_background": total(background_counts(dataset, fit.models)),
                "stat": fit.stat_datasets[dataset.name],
                "livetime": None if dataset.livetime is None else float(dataset.livetime),
                "obs_ids": dataset.obs_ids,
            }
        )
    return rows


def result_document(fit: FitResult, **more: Any) -> dict[str, Any]:
    """Assemble what ``result.json`` says about a fit.

    Parameters
    ----------
    fit :
        The fit.
    **more :
        Further entries; ``timing`` is merged with that of the fit.
    """
    timing: Mapping[str, float] = more.pop("timing", {})
    return {
        "success": fit.success,
        "message": fit.message,
        "status": fit.status.name,
        "stat": fit.stat,
        "evaluations": fit.evaluations,
        "edm": fit.edm,
        "gradient_norm": fit.gradient_norm,
        "correlation_condition": fit.correlation_condition,
        "at_bounds": [".".join(key) for key in fit.at_bounds],
        "parameters": parameter_rows(fit.parameters, fit.errors),
        "timing": {**timing, **fit.timing},
        "versions": fit.versions,
        **more,
    }
