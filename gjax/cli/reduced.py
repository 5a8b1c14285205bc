"""Datasets of a run that exist already: Gammapy's datasets YAML instead of a reduction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gjax.cli.config import Configuration
from gjax.cli.paths import find_file
from gjax.cli.progress import Progress
from gjax.dataset.datasets import AnyDataset
from gjax.errors import ConfigError, FileFormatError
from gjax.io.datasets_yaml import read_datasets
from gjax.io.yaml_text import load_yaml

__all__ = ["find_datasets_file", "read_reduced"]


def find_datasets_file(config: Configuration) -> Path | None:
    """Find the datasets file that a configuration names; None where observations are reduced.

    Raises
    ------
    ConfigError
        If the file is not there.
    """
    named = config.settings.general.datasets_file
    if named is None:
        return None
    return find_file(named, beside=config.folder, key="general.datasets_file")


def read_reduced(config: Configuration, path: Path, progress: Progress) -> list[AnyDataset]:
    """Read the datasets, of any kind, that a file lists.

    Raises
    ------
    ConfigError
        If there is nothing in the file to fit.
    gjax.errors.FileFormatError
        If a file cannot be read; with ``gjax.on_error`` a dataset whose files are at fault is left
        out instead.
    """
    if config.settings.gjax.on_error == "skip":
        datasets = list(_readable(path, progress))
    else:
        datasets = list(read_datasets(path))
    if not any(dataset.mask.any() for dataset in datasets):
        raise ConfigError(f"no bin of the datasets in {path} is left", key="general.datasets_file")
    return datasets


def _readable(path: Path, progress: Progress) -> Iterator[AnyDataset]:
    """Read one dataset after the other, and leave out those whose files are at fault."""
    read_datasets(path, [])  # says what is wrong with the list itself
    for entry in load_yaml(path.read_text(encoding="utf-8"))["datasets"]:
        name = str(entry["name"])
        try:
            yield from read_datasets(path, [name])
        except (FileFormatError, OSError, ValueError) as error:
            progress.leave_out(f"dataset {name!r}", str(error))
