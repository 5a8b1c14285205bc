"""One axis of a map besides longitude and latitude: energy, rad, migra, offset, ...

Axes of sky pixels are in `gjax.maps.wcs`; how axes are stored in files, in `gjax.io.maps`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from gjax.typing import ArrayLike
from gjax.units import internal_unit, to_internal

__all__ = ["MapAxis"]

_DEFAULT_UNITS = {
    "energy": "TeV",
    "energy_true": "TeV",
    "rad": "deg",
    "offset": "deg",
    "fov_lon": "deg",
    "fov_lat": "deg",
}

_TINY = float(np.finfo(np.float32).tiny)


def _scale(values: ArrayLike, interp: str) -> np.ndarray:
    values = np.asarray(values, float)
    if interp == "log":
        return np.log(np.maximum(values, _TINY))
    if interp == "sqrt":
        return np.sqrt(np.maximum(values, 0.0))
    return values


def _unscale(values: np.ndarray, interp: str) -> np.ndarray:
    return {"log": np.exp, "sqrt": np.square}.get(interp, np.asarray)(values)


@dataclass(frozen=True)
class MapAxis:
    """Contiguous bins along one coordinate.

    Pixel coordinates are 0-based with integers at bin centres; between nodes they are linear in the
    scaled coordinate (the logarithm for ``interp="log"``, the root for ``"sqrt"``).

    Parameters
    ----------
    name :
        What the coordinate is: ``"energy"``, ``"energy_true"``, ``"rad"``, ``"migra"``, ...
    nodes :
        Strictly increasing edges or centres, in the internal unit.
    unit :
        Internal unit: TeV for energies, deg for angles, s for times, empty for pure numbers.
    interp :
        ``"lin"``, ``"log"`` or ``"sqrt"``.
    node_type :
        ``"edges"`` (values are integrals over bins) or ``"center"`` (values hold at the nodes).

    Raises
    ------
    ValueError
        If the nodes are not increasing and finite, too few, or not in the domain of the scale.
    """

    name: str
    nodes: tuple[float, ...]
    unit: str = ""
    interp: str = "lin"
    node_type: str = "edges"

    def __post_init__(self) -> None:
        nodes = np.asarray(self.nodes, float)
        if self.interp not in ("lin", "log", "sqrt"):
            raise ValueError(f"axis {self.name!r}: interp is {self.interp!r}, not lin, log or sqrt")
        if self.node_type not in ("edges", "center"):
            raise ValueError(
                f"axis {self.name!r}: node_type is {self.node_type!r}, not edges or center"
            )
        need = 2 if self.node_type == "edges" else 1
        if nodes.ndim != 1 or len(nodes) < need:
            raise ValueError(f"axis {self.name!r} needs {need} {self.node_type} or more in 1D")
        if not (np.all(np.isfinite(nodes)) and np.all(np.diff(nodes) > 0)):
            raise ValueError(
                f"axis {self.name!r}: nodes must be finite and increasing, got {nodes}"
            )
        if (self.interp == "log" and nodes[0] <= 0) or (self.interp == "sqrt" and nodes[0] < 0):
            raise ValueError(
                f"axis {self.name!r}: {self.interp} scale, but the first node is {nodes[0]}"
            )
        object.__setattr__(self, "nodes", tuple(nodes.tolist()))

    @classmethod
    def from_edges(
        cls, edges: Any, name: str, unit: str | None = None, interp: str = "lin"
    ) -> MapAxis:
        """Make an axis from its bin edges (a Quantity, or numbers in ``unit``)."""
        return cls(name, *_nodes(edges, name, unit), interp, "edges")

    @classmethod
    def from_nodes(
        cls, nodes: Any, name: str, unit: str | None = None, interp: str = "lin"
    ) -> MapAxis:
        """Make an axis from its bin centres; edges lie half way in the scaled coordinate."""
        return cls(name, *_nodes(nodes, name, unit), interp, "center")

    @classmethod
    def from_bounds(
        cls,
        lo: Any,
        hi: Any,
        nbin: int,
        name: str,
        unit: str | None = None,
        interp: str = "lin",
    ) -> MapAxis:
        """Make an axis of ``nbin`` bins, equally wide in the scaled coordinate, from lo to hi."""
        if nbin < 1:
            raise ValueError(f"axis {name!r} needs one bin or more, got {nbin}")
        (low, internal), (high, _) = _nodes([lo], name, unit), _nodes([hi], name, unit)
        if interp == "log" and not (low[0] > 0 and high[0] > 0):
            raise ValueError(f"axis {name!r}: log scale from {low[0]} to {high[0]}")
        if interp == "log":
            edges = np.geomspace(low[0], high[0], int(nbin) + 1)
        else:
            start, stop = _scale((low[0], high[0]), interp)
            edges = _unscale(np.linspace(start, stop, int(nbin) + 1), interp)
            edges[[0, -1]] = low[0], high[0]
        return cls(name, tuple(edges.tolist()), internal, interp, "edges")

    @classmethod
    def from_energy_bounds(
        cls,
        energy_min: Any,
        energy_max: Any,
        nbin: int,
        per_decade: bool = False,
        name: str = "energy",
    ) -> MapAxis:
        """Make a logarithmic energy axis.

        With ``per_decade``, ``nbin`` counts bins per decade; their total is rounded up.
        """
        low = float(to_internal(energy_min, "TeV", "energy_min"))
        high = float(to_internal(energy_max, "TeV", "energy_max"))
        if not 0 < low < high:
            raise ValueError(f"energies must be positive and increasing, got {low} and {high} TeV")
        total = int(np.ceil(np.log10(high / low) * nbin)) if per_decade else nbin
        return cls.from_bounds(low, high, total, name, "TeV", "log")

    @property
    def nbin(self) -> int:
        """Number of bins."""
        return len(self.nodes) - (self.node_type == "edges")

    @property
    def edges(self) -> np.ndarray:
        """Bin edges, shape ``(nbin + 1,)``."""
        if self.node_type == "edges":
            return np.array(self.nodes)
        return self.pix_to_coord(np.arange(self.nbin + 1) - 0.5)

    @property
    def center(self) -> np.ndarray:
        """Bin centres, the mid points in the scaled coordinate, shape ``(nbin,)``."""
        if self.node_type == "center":
            return np.array(self.nodes)
        scaled = _scale(self.nodes, self.interp)
        return _unscale(0.5 * (scaled[1:] + scaled[:-1]), self.interp)

    @property
    def bin_width(self) -> np.ndarray:
        """Difference of the edges, shape ``(nbin,)``."""
        return np.diff(self.edges)

    def coord_to_pix(self, values: ArrayLike) -> np.ndarray:
        """Convert coordinates to pixel coordinates, linear also beyond the ends."""
        scaled = _scale(to_internal(values, self.unit, self.name), self.interp)
        nodes = _scale(self.nodes, self.interp)
        offset = -0.5 if self.node_type == "edges" else 0.0
        if len(nodes) == 1:
            return np.where(np.isnan(scaled), np.nan, 0.0)
        i = np.clip(np.searchsorted(nodes, scaled, side="right") - 1, 0, len(nodes) - 2)
        return i + (scaled - nodes[i]) / (nodes[i + 1] - nodes[i]) + offset

    def pix_to_coord(self, pix: ArrayLike) -> np.ndarray:
        """Convert pixel coordinates to coordinates; the inverse of `coord_to_pix`."""
        nodes = _scale(self.nodes, self.interp)
        position = np.asarray(pix, float) + (0.5 if self.node_type == "edges" else 0.0)
        if len(nodes) == 1:
            return np.full(position.shape, self.nodes[0])
        i = np.clip(np.floor(position), 0, len(nodes) - 2).astype(int)
        return _unscale(nodes[i] + (position - i) * (nodes[i + 1] - nodes[i]), self.interp)

    def coord_to_idx(self, values: ArrayLike) -> np.ndarray:
        """Find the bins of coordinates; lower edge inclusive, upper exclusive, -1 outside."""
        values = np.asarray(to_internal(values, self.unit, self.name), float)
        edges = self.edges
        index = np.searchsorted(edges, values, side="right") - 1
        return np.where((values >= edges[0]) & (values < edges[-1]), index, -1)

    def slice(self, start: int | None, stop: int | None) -> MapAxis:
        """Take the bins from start to stop (as in a Python slice, step one).

        Raises
        ------
        ValueError
            If no bin is left.
        """
        first, last, _ = slice(start, stop).indices(self.nbin)
        if last <= first:
            raise ValueError(
                f"axis {self.name!r} with {self.nbin} bins: no bin in [{start}:{stop}]"
            )
        nodes = self.nodes[first : last + (self.node_type == "edges")]
        return dataclasses.replace(self, nodes=nodes)

    def squash(self) -> MapAxis:
        """Merge all bins into one."""
        edges = self.edges
        return MapAxis(self.name, (edges[0], edges[-1]), self.unit, self.interp, "edges")

    def downsample(self, factor: int) -> MapAxis:
        """Merge groups of ``factor`` bins (for centre nodes: keep each ``factor``-th node).

        Raises
        ------
        ValueError
            If the last edge (or node) would be lost.
        """
        if (len(self.nodes) - 1) % factor:
            raise ValueError(f"axis {self.name!r}: {self.nbin} bins cannot be grouped by {factor}")
        return dataclasses.replace(self, nodes=self.nodes[::factor])

    def is_aligned(self, other: MapAxis, atol: float = 2e-2) -> bool:
        """Tell whether the centres of each axis fall on those of the other (tolerance in bins)."""
        if self.interp != other.interp or self.unit != other.unit:
            return False
        pix = np.append(self.coord_to_pix(other.center), other.coord_to_pix(self.center))
        return bool(np.all(np.abs(np.round(pix) - pix) <= atol))

    def is_allclose(self, other: MapAxis, rtol: float = 1e-6) -> bool:
        """Tell whether both axes have the same bins, up to rounding; files round edges."""
        if self == other:
            return True
        same = ("name", "unit", "interp", "node_type", "nbin")
        if any(getattr(self, key) != getattr(other, key) for key in same):
            return False
        scale = np.abs(self.bin_width).max() or 1.0
        return bool(np.allclose(self.nodes, other.nodes, rtol=rtol, atol=rtol * scale))


def _nodes(values: Any, name: str, unit: str | None) -> tuple[tuple[float, ...], str]:
    """Convert nodes to their internal unit, and give both."""
    from astropy import units as u  # takes long to import, and a fit has its axes already

    if isinstance(values, (list, tuple)):
        values = [u.Quantity(value) if isinstance(value, str) else value for value in values]
    if isinstance(values, u.Quantity) or any(isinstance(value, u.Quantity) for value in values):
        quantity = u.Quantity(values)
        if unit is not None:
            quantity = quantity.to(unit)
    else:
        quantity = u.Quantity(values, unit or _DEFAULT_UNITS.get(name, ""))
    target = _DEFAULT_UNITS.get(name) or internal_unit(str(quantity.unit))
    numbers = np.atleast_1d(to_internal(quantity, target, f"axis {name!r}"))
    if quantity.unit != target:
        # Conversion leaves noise in the last digit, and 100 GeV would not equal 0.1 TeV.
        numbers = [float(f"{number:.15g}") for number in numbers]
    return tuple(map(float, numbers)), target
