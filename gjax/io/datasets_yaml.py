"""Lists of datasets as YAML, in Gammapy's format: either program opens the other's files.

The YAML names the datasets, their types and their files, which lie beside it::

    datasets:
    - name: Fermi-LAT
      type: MapDataset
      filename: Fermi-LAT.fits

Models are in a file of their own (`gjax.io.models`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset, Datasets
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.errors import ConfigError, FileFormatError
from gjax.io.atomic import atomic_write
from gjax.io.datasets import read_dataset, write_dataset
from gjax.io.maps import open_fits
from gjax.io.models.keys import check_keys, nearest
from gjax.io.ogip import read_ogip
from gjax.io.yaml_text import dump_yaml, load_yaml
from gjax.maps.region_geom import RegionGeom

__all__ = ["read_datasets", "write_datasets"]

_TOP_KEYS = {"datasets", "metadata", "checksum"}
_KEYS = {"name", "type", "filename", "format"}
#: Types of Gammapy and the formats that each may be stored in, the one that is written first.
_TYPES = {
    "MapDataset": ("gadf",),
    "MapDatasetOnOff": ("gadf",),
    "SpectrumDataset": ("gadf",),
    "SpectrumDatasetOnOff": ("gadf", "ogip", "ogip-sherpa"),
    "FluxPointsDataset": ("gadf-sed",),
}


def read_datasets(
    path: str | os.PathLike[str], names: str | Iterable[str] | None = None
) -> Datasets:
    """Read the datasets that a YAML file lists.

    File names are relative to the folder of the YAML file; variables of the environment in them
    (``$GAMMAPY_DATA``) are filled in.

    Parameters
    ----------
    path :
        The YAML file.
    names :
        Names of the datasets to read, if not all.

    Raises
    ------
    FileNotFoundError
        If the file, or one that it lists, does not exist.
    FileFormatError
        If it is no such list, or a listed file is damaged.
    gjax.errors.ConfigError
        For a key or a type that is not known, with the nearest known one, and for a name that is
        given twice or asked for but not there.
    """
    path = Path(os.path.expandvars(path))
    entries = _entries(path)
    listed = [entry["name"] for entry in entries]
    if names is not None:
        wanted = [names] if isinstance(names, str) else list(names)
        for name in wanted:
            if name not in listed:
                raise ConfigError(
                    f"no dataset named {name!r}; {nearest(name, listed)}", key=str(path)
                )
        entries = [entries[listed.index(name)] for name in wanted]
    return Datasets([_read(entry, path) for entry in entries])


def write_datasets(
    datasets: Iterable[AnyDataset], path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Write datasets, each to a file of its own, and a YAML file that lists them.

    The files are named for the datasets and lie beside the YAML file, which is written last.

    Parameters
    ----------
    datasets :
        What to write.
    path :
        The YAML file.
    overwrite :
        Whether existing files may be replaced.

    Raises
    ------
    FileExistsError
        If a file exists and ``overwrite`` is false.
    ValueError
        If two datasets have names that make the same file name.
    """
    path = Path(path)
    members = Datasets(list(datasets))
    files = {member.name: _filename(member.name) for member in members}
    if len(set(files.values())) < len(files):
        raise ValueError(f"names of datasets give equal file names: {', '.join(members.names)}")
    targets = [path, *(path.with_name(name) for name in files.values())]
    for target in targets:
        if target.exists() and not overwrite:
            raise FileExistsError(f"{target} exists already; pass overwrite=True to replace it")
    entries = []
    for member in members:
        target = path.with_name(files[member.name])
        if isinstance(member, FluxPointsDataset):
            from gjax.io.flux_points import write_flux_points_dataset

            write_flux_points_dataset(member, target, overwrite=overwrite)
        else:
            write_dataset(member, target, overwrite=overwrite)
        kind = _type(member)
        entries.append({"name": member.name, "type": kind, "filename": target.name})
    with atomic_write(path, overwrite=overwrite) as temporary:
        temporary.write_text(dump_yaml({"datasets": entries}, checksum=True), encoding="utf-8")


def _filename(name: str) -> str:
    return "".join("_" if c.isspace() or c in "/\\" else c for c in name) + ".fits"


def _type(member: AnyDataset) -> str:
    if not isinstance(member, Dataset):
        return "FluxPointsDataset"
    kind = "SpectrumDataset" if isinstance(member.geom, RegionGeom) else "MapDataset"
    return f"{kind}OnOff" if member.is_onoff else kind


def _entries(path: Path) -> list[dict[str, Any]]:
    """Read and check the YAML file."""
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileFormatError(f"not a YAML file: {error}", path=path) from error
    if not isinstance(content, Mapping) or not isinstance(content.get("datasets"), list):
        raise FileFormatError("not a list of datasets: there is no key 'datasets'", path=path)
    check_keys(content, _TOP_KEYS, str(path))
    entries = [_entry(entry, i, path) for i, entry in enumerate(content["datasets"])]
    names = [entry["name"] for entry in entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"two datasets are named {twice[0]!r}", key=str(path))
    return entries


def _entry(entry: Any, index: int, path: Path) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise FileFormatError(f"dataset {index}: expected keys and values", path=path)
    where = f"{path}, dataset {entry.get('name', index)!r}"
    check_keys(entry, _KEYS, where)
    for key in ("name", "type", "filename"):
        if not entry.get(key):
            raise ConfigError(f"the key {key!r} is missing", key=where)
    kind = str(entry["type"])
    if kind not in _TYPES:
        raise ConfigError(f"unknown type {kind!r}; {nearest(kind, _TYPES)}", key=where)
    form = str(entry.get("format") or "")
    if form and form not in _TYPES[kind]:
        raise ConfigError(
            f"{kind} in the format {form!r}; {nearest(form, _TYPES[kind])}", key=where
        )
    return {"name": str(entry["name"]), "type": kind, "filename": str(entry["filename"])}


def _read(entry: Mapping[str, Any], path: Path) -> AnyDataset:
    file = Path(os.path.expandvars(entry["filename"]))
    beside = path.parent / file
    file = beside if beside.exists() else file
    if not file.exists():
        raise FileNotFoundError(
            f"{path} lists the dataset {entry['name']!r} in {entry['filename']!r}, "
            f"but there is no {beside}"
        )
    if entry["type"] == "FluxPointsDataset":
        # Tables of astropy take long to import, and few lists have flux points.
        from gjax.io.flux_points import read_flux_points_dataset

        return read_flux_points_dataset(file, entry["name"])
    if _is_ogip(file):
        return read_ogip(file, name=entry["name"])
    return read_dataset(file, entry["name"])


def _is_ogip(file: Path) -> bool:
    with open_fits(file) as hdus:
        return "SPECTRUM" in hdus
