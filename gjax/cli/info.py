"""What a file holds, in a few lines: lists of datasets, models, single datasets, flux points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from gjax.dataset.datasets import Datasets
from gjax.dataset.info import InfoTable, dataset_info
from gjax.errors import ConfigError, FileFormatError
from gjax.io.datasets import read_dataset
from gjax.io.datasets_yaml import read_datasets
from gjax.io.flux_points import read_flux_points
from gjax.io.models import read_models
from gjax.io.ogip import read_ogip
from gjax.io.yaml_text import load_yaml

__all__ = ["describe_file"]

#: Columns of the table of datasets that fit on a line.
_COLUMNS = ("name", "counts", "counts_off", "excess", "sqrt_ts", "background", "livetime")


def describe_file(path: Path) -> str:
    """Describe what a file holds.

    Parameters
    ----------
    path :
        YAML of datasets or models, or a FITS or ECSV file of a dataset, spectrum or flux points.

    Raises
    ------
    ConfigError
        If it is nothing that can be read here.
    gjax.errors.FileFormatError
        If the file is damaged.
    """
    if path.suffix in (".yaml", ".yml"):
        return _describe_yaml(path)
    problems = []
    readers: tuple[Callable[[Path], Any], ...] = (read_dataset, read_ogip)
    for read in readers:
        try:
            return _describe_datasets(Datasets([read(path)]))
        except (FileFormatError, ValueError) as error:
            problems.append(str(error))
    try:
        return str(read_flux_points(path))
    except (FileFormatError, ValueError) as error:
        problems.append(str(error))
    kinds = ("as a dataset", "as OGIP", "as flux points")
    tried = "; ".join(f"{kind}: {why}" for kind, why in zip(kinds, problems, strict=True))
    raise ConfigError(f"{path} is neither a dataset nor flux points ({tried})")


def _describe_yaml(path: Path) -> str:
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    keys = set(content) if isinstance(content, Mapping) else set()
    if "datasets" in keys and isinstance(content["datasets"], list):
        return _describe_datasets(read_datasets(path))
    if "components" in keys:
        found = read_models(path)
        kinds = [f"  {name}: {_kind(model)}" for name, model in found.models.items()]
        return "\n".join([f"Models ({len(kinds)})", *kinds, "", str(found.parameters)])
    raise ConfigError(f"{path} lists neither datasets nor models ('components')")


def _kind(model: Any) -> str:
    """Name the parts that a model is made of."""
    parts = [getattr(model, part, None) for part in ("spectral", "spatial", "temporal")]
    inner = ", ".join(type(part).__name__ for part in parts if part is not None)
    where = "" if model.datasets_names is None else f" in {', '.join(model.datasets_names)}"
    return f"{type(model).__name__}({inner}){where}"


def _describe_datasets(datasets: Datasets) -> str:
    """List the datasets, and count what is in their safe bins."""
    rows = []
    for dataset in datasets:
        info = dataset_info(dataset)
        rows.append({name: info[name] for name in _COLUMNS if name in info})
    return f"{datasets}\n\n{InfoTable(tuple(rows))}"
