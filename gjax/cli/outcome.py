"""The last stages, shared by an analysis and the demo: what is written once the fit is done."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gjax.cli.estimators import (
    flux_points_entry,
    make_flux_points,
    wants_flux_points,
    write_products,
)
from gjax.cli.paths import expand
from gjax.cli.pictures import draw_corner, draw_datasets, draw_spectra
from gjax.cli.products import Products
from gjax.cli.progress import Progress
from gjax.cli.schema import Analysis, Gjax, Sampler
from gjax.dataset.datasets import AnyDataset
from gjax.errors import ConfigError
from gjax.estimate import FluxPoints
from gjax.infer.checkpoint import CheckpointError
from gjax.infer.diagnostics import PosteriorWarning
from gjax.infer.progress import SamplingProgress, sampling_text
from gjax.infer.result import FitResult
from gjax.infer.sample import sample_fit
from gjax.io.checkpoint import CheckpointFile
from gjax.io.datasets_yaml import write_datasets as write_datasets_file
from gjax.io.models import write_models
from gjax.io.posterior import write_posterior
from gjax.io.results import posterior_summary, write_result
from gjax.io.yaml_text import load_yaml
from gjax.predict.options import folding_named

__all__ = ["SAMPLING_STEPS", "Outcome", "finish", "write_datasets"]


#: Steps of the progress bar for the sampler.
SAMPLING_STEPS = 10


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an analysis gives back.

    Parameters
    ----------
    fit :
        The fit.
    datasets :
        The datasets, with the mask of the fit.
    npred :
        What is predicted for each at the best fit: counts, shape ``(ereco, y, x)`` (of on/off data
        those of the sources), or fluxes of points.
    posterior :
        The posterior, if one was asked for.
    document :
        What ``result.json`` says.
    folder, files :
        Where the products are, and their names in it.
    flux_points :
        The flux points, if they were asked for.
    left_out :
        Observations and datasets that had to be left out, and why.
    """

    fit: FitResult
    datasets: list[AnyDataset]
    npred: list[np.ndarray]
    posterior: Any
    document: dict[str, Any]
    folder: Path
    files: list[str] = field(default_factory=list)
    flux_points: FluxPoints | None = None
    left_out: tuple[str, ...] = ()

    @property
    def success(self) -> bool:
        """Whether the fit converged."""
        return self.fit.success

    @property
    def message(self) -> str:
        """What happened in the fit."""
        return self.fit.message

    def summary(self) -> str:
        """Write the fit as a table, and where the products are."""
        listed = "\n".join(f"  {name}" for name in self.files)
        points = "" if self.flux_points is None else f"\n\n{self.flux_points}"
        missing = "".join(f"\n  {line}" for line in self.left_out)
        left_out = f"\n\nleft out:{missing}" if missing else ""
        return f"{self.fit}{points}{left_out}\n\nwritten to {self.folder}:\n{listed}"


def write_datasets(products: Products, datasets: Sequence[AnyDataset]) -> None:
    """Write each dataset to a file of its own, and the list of them that `gjax fit` takes."""
    path = products.path("datasets", "datasets.yaml")
    write_datasets_file(datasets, path, overwrite=True)
    for entry in load_yaml(path.read_text(encoding="utf-8"))["datasets"]:
        products.path("datasets", entry["filename"])


def finish(
    outcome: Outcome,
    settings: Analysis,
    products: Products,
    progress: Progress,
    truths: Mapping[str, float] | None = None,
) -> Outcome:
    """Write the results, make flux points and posterior if asked for, and draw the pictures.

    The results are on disk before anything else is tried, and are written again, with all that was
    added, at the end.

    Parameters
    ----------
    outcome :
        What there is after the fit.
    settings :
        Flux points, sampler, seed and pictures.
    products :
        Where to write.
    progress :
        The bar.
    truths :
        True values of simulated parameters by name, to be marked in the corner plot.
    """
    progress.stage("writing results")
    fit = outcome.fit
    write_models(
        products.path("models.yaml"),
        fit.models,
        fit.parameters,
        covariance=fit.covariance,
        overwrite=True,
    )
    products.path("models_covariance.dat")
    write_result(outcome.document, products.path("result.json"), overwrite=True)
    progress.advance()
    if wants_flux_points(settings.flux_points):
        outcome = _estimate(outcome, settings, products, progress)
    if settings.gjax.sampler is not None and fit.success:
        outcome = _sample(outcome, settings.gjax, products, progress)
    if settings.gjax.pictures:
        _draw(outcome, products, progress, truths)
    products.discard_stale()
    outcome.document["files"] = products.names
    write_result(outcome.document, products.path("result.json"), overwrite=True)
    return dataclasses.replace(outcome, files=products.names)


def _estimate(
    outcome: Outcome, settings: Analysis, products: Products, progress: Progress
) -> Outcome:
    """Estimate the flux points and write them."""
    progress.stage("flux points")
    progress.advance()
    if not outcome.success:
        progress.note("warning: no flux points, since the fit did not converge")
        return outcome
    begin = time.perf_counter()
    folding = folding_named(settings.gjax.folding, settings.gjax.precision)
    points = make_flux_points(settings.flux_points, outcome.datasets, outcome.fit.models, folding)
    outcome.document["timing"]["flux_points"] = time.perf_counter() - begin
    failed = ~np.asarray(points.success)
    for low, high in zip(points.e_min[failed], points.e_max[failed], strict=True):
        progress.note(f"warning: no flux point from {low:.3g} to {high:.3g} TeV: no data there")
    write_products(points, products)
    outcome.document["flux_points"] = flux_points_entry(points)
    return dataclasses.replace(outcome, flux_points=points)


def _sample(outcome: Outcome, settings: Gjax, products: Products, progress: Progress) -> Outcome:
    """Draw from the posterior and write the draws."""
    wanted = settings.sampler
    assert wanted is not None
    progress.stage("compiling the sampler")
    steps = 0

    def report(state: SamplingProgress) -> None:
        nonlocal steps
        progress.stage(sampling_text(state))
        reached = SAMPLING_STEPS * state.done // state.total
        progress.advance(reached - steps)
        steps = reached

    checkpoint = _checkpoint(wanted, products)
    with warnings.catch_warnings(), _naming_the_key(checkpoint):
        warnings.simplefilter("ignore", PosteriorWarning)  # said below, above the bar
        posterior = sample_fit(
            outcome.fit,
            chains=wanted.chains,
            warmup=wanted.warmup,
            samples=wanted.samples,
            seed=settings.seed if wanted.seed is None else wanted.seed,
            checkpoint=checkpoint,
            progress=report,
        )
    if not posterior.success:
        progress.note(f"warning: posterior {posterior.message}")
    write_posterior(posterior, products.path("posterior.npz"), overwrite=True)
    if checkpoint is not None:
        # All that it holds is in the posterior; a later run is another one.
        checkpoint.path.unlink(missing_ok=True)
    outcome.document["posterior"] = posterior_summary(posterior)
    outcome.document["timing"]["sample"] = posterior.timing["sample"]
    outcome.document["timing"]["sample_compile"] = posterior.timing["compile"]
    return dataclasses.replace(outcome, posterior=posterior)


def _checkpoint(wanted: Sampler, products: Products) -> CheckpointFile | None:
    """Give the file that keeps the chains; its folder is made."""
    if wanted.checkpoint is None:
        return None
    path = products.folder / expand(wanted.checkpoint, key="gjax.sampler.checkpoint")
    path.parent.mkdir(parents=True, exist_ok=True)
    return CheckpointFile(path)


@contextmanager
def _naming_the_key(checkpoint: CheckpointFile | None) -> Iterator[None]:
    """Say which key named a file that holds the state of another run."""
    try:
        yield
    except CheckpointError as error:
        assert checkpoint is not None
        problem = f"{checkpoint.path}: {error}"
        raise ConfigError(problem, key="gjax.sampler.checkpoint") from None


def _draw(
    outcome: Outcome, products: Products, progress: Progress, truths: Mapping[str, float] | None
) -> None:
    begin = time.perf_counter()
    for name in draw_datasets(products, outcome.datasets, outcome.npred, outcome.fit):
        progress.stage(f"drawing {name}")
        progress.advance()
    for name in draw_spectra(products, outcome.datasets, outcome.fit, outcome.flux_points):
        progress.stage(f"drawing {name}")
        progress.advance()
    if outcome.posterior is not None:
        names, values = outcome.posterior.free_names, outcome.posterior.free_values
        draw_corner(products, {n: values[..., i] for i, n in enumerate(names)}, truths)
    outcome.document["timing"]["pictures"] = time.perf_counter() - begin
