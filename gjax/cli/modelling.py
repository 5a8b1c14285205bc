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
from gjax.dataset.datasets import AnyDataset
from gjax.errors import ConfigError
from gjax.infer.result import FitResult
from gjax.io.results import parameter_rows
from gjax.model import FoVBackground, Models, SkyModel
from gjax.parameters import Parameters

__all__ = [
    "add_backgrounds",
    "find_models_file",
    "match_models",
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


def match_models(models: Models, datasets: Sequence[AnyDataset]) -> None:
    """Check that models and datasets go together.

    Raises
    ------
    ConfigError
        If a model is for a dataset that is not there, or a source in a map has no place on the sky.
    """
    names = [dataset.name for dataset in datasets]
    maps = [d.name for d in datasets if isinstance(d, Dataset) and not d.is_region]
    for name, model in models.items():
        unknown = [wanted for wanted in model.datasets_names or () if wanted not in names]
        if unknown:
            raise ConfigError(
                f"{name!r} is for dataset {unknown[0]!r}, but the datasets are {', '.join(names)}",
                key="models",
            )
        if isinstance(model, SkyModel) and model.spatial is None:
            shown = [dataset for dataset in maps if model.applies_to(dataset)]
            if shown:
                raise ConfigError(
                    f"{name!r} has no spatial model, which the map {shown[0]!r} needs", key="models"
                )


def add_backgrounds(
    models: Models, parameters: Parameters, datasets: Sequence[AnyDataset]
) -> tuple[Models, Parameters]:
    """Give each map that has none, and any bin to fit, a background model with a free norm.

    Parameters
    ----------
    models, parameters :
        Models and their table, as read.
    datasets :
        The datasets; those without a background map are left alone.
    """
    modelled = {m.dataset for m in models.members if isinstance(m, FoVBackground)}
    extended = models
    for dataset in datasets:
        if not isinstance(dataset, Dataset) or dataset.is_region or dataset.background is None:
            continue
        # Without any bin in the mask nothing would constrain the norm.
        if dataset.name not in modelled and bool(dataset.mask.any()):
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
