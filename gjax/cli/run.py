"""One analysis from its configuration to its products: the order of the stages."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gjax.cli.config import Configuration, parse_config, read_config
from gjax.cli.estimators import check_source, wants_flux_points
from gjax.cli.modelling import (
    add_backgrounds,
    find_models_file,
    match_models,
    result_document,
)
from gjax.cli.outcome import SAMPLING_STEPS, Outcome, finish, write_datasets
from gjax.cli.paths import expand
from gjax.cli.products import Products
from gjax.cli.progress import Progress, logging_as
from gjax.cli.reduced import find_datasets_file, read_reduced
from gjax.cli.reduction import (
    apply_fit_range,
    iter_observations,
    open_data_store,
    reduce_datasets,
    select_observations,
)
from gjax.cli.rows import dataset_rows
from gjax.cli.spectra import reduce_spectra
from gjax.dataset.datasets import AnyDataset
from gjax.infer.fit import fit as run_fit
from gjax.infer.result import FitResult
from gjax.io.models import ModelsFile, read_models
from gjax.model import SkyModel
from gjax.predict.npred import npred_prepared
from gjax.predict.options import Folding, folding_named

__all__ = ["fit_datasets", "run_analysis", "run_stages"]

#: Steps of the bar that every run has: the fit counts for three, writing for two.
_STEPS = 5


def run_analysis(
    config: str | os.PathLike[str] | Mapping[str, Any] | Configuration,
    models: str | os.PathLike[str] | None = None,
    output: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
    quiet: bool = True,
) -> Outcome:
    """Run the analysis that a configuration describes.

    Parameters
    ----------
    config :
        A configuration file in the YAML of Gammapy's high-level interface, or its contents.
    models :
        Models file; by default the one that the configuration names.
    output :
        Folder for the products; by default ``general.outdir``.
    overwrite :
        Whether products of an earlier run are replaced.
    quiet :
        Show no progress bar.

    Raises
    ------
    gjax.errors.ConfigError
        If the configuration cannot be used, or the output is taken.
    gjax.errors.FileFormatError
        If a file cannot be read.
    """
    configuration = _as_configuration(config)
    models_path = find_models_file(configuration, None if models is None else Path(models))
    datasets_path = find_datasets_file(configuration)
    folder = expand(configuration.settings.general.outdir) if output is None else Path(output)
    inputs = (models_path,) if datasets_path is None else (models_path, datasets_path)
    products = Products(folder, overwrite=overwrite, inputs=inputs)
    contents = read_models(models_path)
    with logging_as(configuration.settings.general.log), Progress(_STEPS, quiet=quiet) as progress:
        for note in configuration.notes:
            progress.note(note)
        return run_stages(configuration, contents, products, progress)


def fit_datasets(
    datasets: str | os.PathLike[str],
    models: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    skip_bad: bool = False,
    overwrite: bool = False,
    quiet: bool = True,
) -> Outcome:
    """Fit models jointly to the datasets that a file lists.

    Parameters
    ----------
    datasets, models :
        Files in Gammapy's YAML.
    output :
        Folder for the products.
    skip_bad :
        Leave out datasets that cannot be read, instead of ending.
    overwrite, quiet :
        As for `run_analysis`, which also says what is raised.
    """
    general = {"datasets_file": str(datasets), "models_file": str(models)}
    choices = {"on_error": "skip" if skip_bad else "stop"}
    content = {"general": {"log": {"level": "warning"}, **general}, "gjax": choices}
    return run_analysis(content, output=output, overwrite=overwrite, quiet=quiet)


def _as_configuration(config: Any) -> Configuration:
    if isinstance(config, Configuration):
        return config
    return parse_config(config) if isinstance(config, Mapping) else read_config(config)


def run_stages(
    config: Configuration,
    contents: ModelsFile,
    products: Products,
    progress: Progress,
    truths: Mapping[str, float] | None = None,
) -> Outcome:
    """Run the stages of an analysis, once everything that it reads is found.

    Parameters
    ----------
    config, contents :
        Configuration and models.
    products, progress :
        Where to write, and what to show meanwhile.
    truths :
        True values of simulated parameters by name, for the pictures.
    """
    check_source(config.settings.flux_points, contents.models)
    begin = time.perf_counter()
    datasets = _datasets(config, contents, products, progress)
    match_models(contents.models, datasets)
    models, parameters = contents.models, contents.parameters
    if config.settings.general.datasets_file is None:
        models, parameters = add_backgrounds(models, parameters, datasets)
        progress.stage("writing datasets")
        write_datasets(products, datasets)
    progress.advance()
    seconds = {"reduce": time.perf_counter() - begin}

    own = config.settings.gjax
    folding = folding_named(own.folding, own.precision)
    fit = _fit(datasets, models, parameters, folding, own.fit.method, progress)
    npred = npred_prepared(fit.objective.prepared, fit.models)
    document = result_document(
        fit,
        timing=seconds,
        seed=config.settings.gjax.seed,
        notes=config.notes,
        left_out=progress.left_out,
        datasets=dataset_rows(datasets, npred, fit),
        configuration=config.as_read,
    )
    left_out = tuple(progress.left_out)
    outcome = Outcome(fit, datasets, npred, None, document, products.folder, left_out=left_out)
    return finish(outcome, config.settings, products, progress, truths)


def _datasets(
    config: Configuration, contents: ModelsFile, products: Products, progress: Progress
) -> list[AnyDataset]:
    """Read datasets, or reduce observations to them, and restrict them to the fit range."""
    path = find_datasets_file(config)
    if path is not None:
        progress.stage("reading datasets")
        datasets = read_reduced(config, path, progress)
        progress.extend(_more_steps(config, contents, len(datasets)))
        return apply_fit_range(config, datasets)
    progress.stage("reading the index")
    store = open_data_store(config)
    obs_ids = select_observations(config, store)
    progress.extend(len(obs_ids) + _more_steps(config, contents, len(obs_ids)))
    progress.stage("reducing observations")
    observations = iter_observations(config, store, obs_ids, progress)
    is_spectral = config.settings.datasets.type == "1d"
    reduce = reduce_spectra if is_spectral else reduce_datasets
    return apply_fit_range(config, reduce(config, observations, progress))


def _more_steps(config: Configuration, contents: ModelsFile, n_datasets: int) -> int:
    """Count the steps of the bar for flux points, sampler and pictures."""
    settings = config.settings
    steps = int(wants_flux_points(settings.flux_points))
    if settings.gjax.sampler is not None:
        steps += SAMPLING_STEPS
    if settings.gjax.pictures:
        if settings.datasets.stack and settings.general.datasets_file is None:
            n_datasets = 1
        sources = [model for model in contents.models.members if isinstance(model, SkyModel)]
        steps += n_datasets + len(sources)
    return steps


def _fit(
    datasets: list[AnyDataset],
    models: Any,
    parameters: Any,
    folding: Folding,
    method: str,
    progress: Progress,
) -> FitResult:
    progress.stage("compiling the fit")

    evaluations = 0

    def report(_: int, stat: float) -> None:
        nonlocal evaluations
        evaluations += 1
        progress.stage(f"fit: evaluation {evaluations}, {stat:.1f}")

    fit = run_fit(datasets, models, parameters, method=method, folding=folding, callback=report)
    progress.advance(3)
    return fit
