"""Several datasets, by name and in order: what a joint fit takes.

Lives here: the container. What is done with the datasets is in `gjax.dataset.edit`,
`gjax.dataset.stack` and `gjax.predict`; files are read in `gjax.io.datasets_yaml`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, final

import equinox as eqx
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.edit import slice_energy
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.dataset.info import InfoTable, dataset_info
from gjax.dataset.stack import stack
from gjax.errors import UnknownNameError

__all__ = ["AnyDataset", "Datasets"]

#: What may stand in `Datasets`.
AnyDataset: TypeAlias = Dataset | FluxPointsDataset


@final
class Datasets(eqx.Module, Sequence):
    """An immutable sequence of datasets with different names.

    Binned counts (maps, spectra, with modelled or measured backgrounds) and flux points stand side
    by side. Every function that takes datasets takes it.

    Parameters
    ----------
    members :
        The datasets, in a list or a tuple.

    Raises
    ------
    ValueError
        If two have the same name.
    TypeError
        If a member is no dataset.

    Examples
    --------
    >>> from gjax.maps import MapAxis, RegionGeom
    >>> energy = MapAxis.from_energy_bounds(1.0, 10.0, 2)
    >>> true = MapAxis.from_energy_bounds(1.0, 10.0, 2, name="energy_true")
    >>> one = Dataset("one", RegionGeom.circle(83.6, 22.0, 0.1), energy, true)
    >>> datasets = Datasets([one])
    >>> datasets.names, datasets["one"] is datasets[0]
    (('one',), True)
    """

    members: tuple[AnyDataset, ...] = eqx.field(converter=tuple, default=())

    def __check_init__(self) -> None:
        for member in self.members:
            if not hasattr(member, "name"):
                raise TypeError(f"not a dataset: {type(member).__name__}")
        names = self.names
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"names of datasets must be unique; more than once: {', '.join(twice)}"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(member.name for member in self.members)

    @property
    def energy_ranges(self) -> dict[str, tuple[float, float]]:
        """Energies in TeV that enter the fit, for each dataset: from the lowest to the highest.

        NaN where the masks leave nothing. Flux points count with their reference energies.
        """
        return {member.name: _energy_range(member) for member in self.members}

    def info_table(self) -> InfoTable:
        """Make a table of what the datasets contain, as `gjax.dataset.info.dataset_info`.

        `gjax.predict.info_table` adds what models predict.
        """
        return InfoTable(tuple(dataset_info(member) for member in self.members))

    def stack(self, name: str = "stacked") -> Dataset:
        """Add the datasets up into one (see `gjax.dataset.stack.stack`).

        Raises
        ------
        ValueError
            If there are flux points among them, and as that function.
        """
        for member in self.members:
            if not isinstance(member, Dataset):
                raise ValueError(f"dataset {member.name!r}: flux points cannot be stacked")
        return stack(self.members, name)  # type: ignore[arg-type]

    def slice_energy(self, energy_min: Any = None, energy_max: Any = None) -> Datasets:
        """Cut a range out of the energies of each (see `gjax.dataset.edit.slice_energy`).

        Flux points stay as they are.
        """
        return Datasets(
            [
                slice_energy(member, energy_min, energy_max)
                if isinstance(member, Dataset)
                else member
                for member in self.members
            ]
        )

    def append(self, *datasets: AnyDataset) -> Datasets:
        """Add datasets at the end."""
        return Datasets((*self.members, *datasets))

    def replace(self, dataset: AnyDataset) -> Datasets:
        """Put a dataset in the place of the one of its name."""
        place = self._find(dataset.name)
        return Datasets((*self.members[:place], dataset, *self.members[place + 1 :]))

    def _find(self, name: str) -> int:
        if name in self.names:
            return self.names.index(name)
        near = difflib.get_close_matches(name, self.names, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UnknownNameError(
            f"no dataset named {name!r}; {hint}There are: {', '.join(self.names) or 'none'}"
        )

    def __getitem__(self, key: Any) -> Any:
        """Give a dataset by name or position, or several by a slice or a list of names."""
        if isinstance(key, str):
            return self.members[self._find(key)]
        if isinstance(key, slice):
            return Datasets(self.members[key])
        if isinstance(key, (list, tuple)):
            return Datasets([self[one] for one in key])
        return self.members[key]

    def __contains__(self, item: object) -> bool:
        """Tell whether a dataset is among them, by its name or itself."""
        return item in self.names or any(item is member for member in self.members)

    def __iter__(self) -> Iterator[AnyDataset]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __str__(self) -> str:
        lines = [f"Datasets ({len(self)})"]
        for i, member in enumerate(self.members):
            low, high = _energy_range(member)
            lines.append(f"  {i}: {member.name}: {_describe(member)}, {low:.4g} to {high:.4g} TeV")
        return "\n".join(lines)


def _describe(member: AnyDataset) -> str:
    if not isinstance(member, Dataset):
        return f"{np.size(member.energy)} flux points"
    kind = "map" if max(member.geom.npix) > 1 else "spectrum"
    background = "measured background" if member.is_onoff else "modelled background"
    counts = "no counts" if member.counts is None else f"{np.sum(member.counts):.0f} counts"
    return f"{kind} {' x '.join(map(str, member.shape))}, {counts}, {background}"


def _energy_range(member: AnyDataset) -> tuple[float, float]:
    mask = np.asarray(member.mask, bool)
    if isinstance(member, Dataset):
        used = mask.any(axis=(1, 2))
        edges = member.energy.edges
        low, high = edges[:-1][used], edges[1:][used]
    else:
        low = high = np.asarray(member.energy)[mask]
    return (float(low.min()), float(high.max())) if low.size else (np.nan, np.nan)
