"""The ``gjax`` command: arguments, messages and exit codes.

Exit codes: 0 when everything succeeded, 1 when the fit did not (its results are written all the
same), 2 when the input cannot be used, 3 when the fit succeeded but observations or datasets had to
be left out, 130 when interrupted. The work is done elsewhere, in `gjax.cli.run` and
`gjax.cli.demo`, which are imported only when they are needed.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gjax.errors import ConfigError, FileFormatError, UnknownNameError

__all__ = ["config", "demo", "fit", "info", "main", "run"]

_USER_ERRORS = (ConfigError, FileFormatError, UnknownNameError, OSError)


def _report_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Print errors in what the user gave as one line; let ``--debug`` show where they arose."""

    @wraps(command)
    def wrapped(*args: Any, debug: bool, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except _USER_ERRORS as error:
            if debug:
                raise
            click.echo(f"gjax: error: {error}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            click.echo("gjax: interrupted", err=True)
            sys.stdout.flush()
            sys.stderr.flush()
            # An orderly end of the interpreter crashes where XLA was interrupted in its work.
            os._exit(130)

    return click.option("--debug", is_flag=True, help="Show the traceback of errors.")(wrapped)


def _version() -> str:
    try:
        return importlib.metadata.version("gjax")
    except importlib.metadata.PackageNotFoundError:
        return "unknown (not installed)"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(_version(), prog_name="gjax")
def main() -> None:
    """Gamma-ray astronomy, differentiable from the model parameters to the likelihood."""


@main.command()
@click.argument("config", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--models",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Models in Gammapy's YAML; general.models_file of CONFIG by default.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for everything written; general.outdir of CONFIG by default.",
)
@click.option("--overwrite", is_flag=True, help="Replace the products of an earlier run.")
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@_report_errors
def run(
    config: Path, models: Path | None, output: Path | None, overwrite: bool, quiet: bool
) -> None:
    """Run the analysis that CONFIG describes.

    CONFIG is the YAML of Gammapy's high-level interface. Relative paths in it are looked for beside
    it, then in the working folder. Written are models.yaml (the best fit), result.json, the reduced
    datasets and pictures.
    """
    from gjax.cli.run import run_analysis

    outcome = run_analysis(config, models, output, overwrite=overwrite, quiet=quiet)
    _report(outcome, quiet=quiet)


@main.command()
@click.option(
    "--datasets",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Datasets in Gammapy's YAML, of any kind.",
)
@click.option(
    "--models",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Models in Gammapy's YAML.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="the working folder",
    help="Folder for everything written.",
)
@click.option("--skip-bad", is_flag=True, help="Leave out datasets that cannot be read.")
@click.option("--overwrite", is_flag=True, help="Replace the products of an earlier run.")
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
@_report_errors
def fit(
    datasets: Path, models: Path, output: Path, skip_bad: bool, overwrite: bool, quiet: bool
) -> None:
    """Fit models jointly to datasets that exist already.

    The datasets may be maps, spectra and flux points of different instruments. Written are
    models.yaml (the best fit), result.json and pictures. For a fit range, flux points or a
    posterior, name the datasets in a configuration (general.datasets_file) and use gjax run.
    """
    from gjax.cli.run import fit_datasets

    outcome = fit_datasets(
        datasets, models, output, skip_bad=skip_bad, overwrite=overwrite, quiet=quiet
    )
    _report(outcome, quiet=quiet)


def _report(outcome: Any, *, quiet: bool) -> None:
    """Print the summary of a run, and end with the exit code that it deserves."""
    if not quiet:
        click.echo(outcome.summary())
    if not outcome.success:
        click.echo(f"gjax: the fit failed: {outcome.message}", err=True)
        sys.exit(1)
    if outcome.left_out:
        sys.exit(3)


@main.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("gjax-demo"),
    show_default=True,
    help="Folder for everything written.",
)
@click.option("--seed", default=5, show_default=True, help="Seed of all random numbers.")
@click.option("--overwrite", is_flag=True, help="Replace the products of an earlier demo.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@_report_errors
def demo(output: Path, seed: int, overwrite: bool, quiet: bool) -> None:
    """Simulate one hour of a source, reduce it, fit it and sample its posterior."""
    from gjax.cli.demo import run_demo

    outcome = run_demo(output, seed=seed, overwrite=overwrite, quiet=quiet)
    click.echo(outcome.summary())
    if not outcome.success:
        click.echo(f"gjax: the fit failed: {outcome.message}", err=True)
        sys.exit(1)


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_report_errors
def info(file: Path) -> None:
    """Print what FILE holds: datasets, models or flux points."""
    from gjax.cli.info import describe_file

    click.echo(describe_file(file))


@main.command()
@_report_errors
def config() -> None:
    """Print every key of a configuration with its default."""
    from gjax.cli.config import default_yaml

    click.echo(default_yaml(), nl=False)
