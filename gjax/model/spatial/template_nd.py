"""A morphology given as maps of the sky at the nodes of parameters."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.model.spatial.abstract import AbstractSpatial
from gjax.model.spatial.template import TemplateMap
from gjax.model.table_axes import axis_pixel, axis_specs, is_energy
from gjax.numerics.vector import to_lonlat
from gjax.parameters import param_tuple
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["TemplateND"]


@final
class TemplateND(AbstractSpatial):
    r"""A map of the sky with further axes that are parameters, with or without true energy.

    Between the nodes of these axes the maps are mixed linearly,

    .. math::

        M(p) = \sum_k w_k(p)\, M_k

    where the weights w fall from one at their node to zero at the next, in the scale of the axis
    (for several axes, their products). So the map of each node is convolved once, and a fit of the
    parameters mixes the results. Beyond the first and the last node the value there holds. Each
    node's map is a `TemplateMap` that is not normalised: its place is that of the map.

    An axis gives its parameter the name, the unit, the first and the last node as bounds and the
    middle between them as the default. The slope of the likelihood may jump at a node.

    Parameters
    ----------
    data :
        Values in sr-1 (or, with a dimensionless spectrum, in cm-2 s-1 TeV-1 sr-1); one axis for
        each of ``axes``, then energy if there is one, then ``(y, x)``.
    geom :
        Pixels on the sky.
    axes :
        The axes that are parameters.
    energy :
        Axis of true energy, or None.
    parameters :
        Values of the parameters, in the order of the axes and in their units; by default the middle
        of each.
    filename :
        Where the map comes from, for models files.

    Raises
    ------
    ValueError
        If data and axes disagree, or there is no axis beside energy.
    """

    data: ArrayLike
    geom: WcsGeom = eqx.field(static=True)
    axes: tuple[MapAxis, ...] = eqx.field(static=True)
    energy: MapAxis | None = eqx.field(static=True)
    parameters: tuple[Scalar, ...] = param_tuple(lambda model: axis_specs(model.axes))
    filename: str = eqx.field(static=True, default="")
    is_point: ClassVar[bool] = False
    is_energy_dependent: ClassVar[bool] = True
    is_tabulated: ClassVar[bool] = True
    has_nodes: ClassVar[bool] = True
    #: Values count as they are.
    normalize: ClassVar[bool] = False

    def __init__(
        self,
        data: Any,
        geom: WcsGeom,
        axes: Any,
        energy: MapAxis | None = None,
        parameters: Any = None,
        filename: str = "",
    ) -> None:
        self.data, self.geom, self.axes, self.energy = data, geom, tuple(axes), energy
        if parameters is None:
            parameters = [spec.default for spec in axis_specs(self.axes).values()]
        self.parameters, self.filename = parameters, filename

    def __check_init__(self) -> None:
        if not self.axes or any(is_energy(axis) for axis in self.axes):
            names = ", ".join(axis.name for axis in self.axes) or "none"
            raise ValueError(f"axes beside energy are needed, got: {names}")
        own = () if self.energy is None else (self.energy.nbin,)
        shape = (*self.nodes, *own, *self.geom.shape)
        if tuple(self.data.shape) != shape:
            raise ValueError(f"template has shape {tuple(self.data.shape)}, expected {shape}")
        if len(self.parameters) != len(self.axes):
            raise ValueError(f"{len(self.parameters)} parameters for {len(self.axes)} axes")

    @classmethod
    def create(cls, template: Map, *, parameters: Any = None, filename: str = "") -> TemplateND:
        """Build from a map; an axis called ``"energy_true"`` or ``"energy"`` is that of energy.

        Raises
        ------
        ValueError
            If the map has no other axis, or nothing positive.
        """
        data = np.nan_to_num(np.asarray(template.data, float), posinf=0.0, neginf=0.0)
        if not (data > 0).any():
            raise ValueError(f"template {filename or template.name!r} has no positive value")
        energy = next((axis for axis in template.axes if is_energy(axis)), None)
        if energy is not None:
            data = np.moveaxis(data, template.axes.index(energy), -3)
        axes = tuple(axis for axis in template.axes if axis is not energy)
        return cls(data, template.geom, axes, energy, parameters, str(filename))

    @property
    def frame(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Sky frame of the map."""
        return self.geom.frame

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """Longitude and latitude of the centre of the map in deg."""
        lon, lat = self.geom.center
        return float(lon), float(lat)

    @property
    def evaluation_radius(self) -> float:
        """Distance of the farthest corner of the map from its centre, in deg."""
        return self._first.evaluation_radius

    @property
    def evaluation_bin_size(self) -> float:
        """The smaller side of the map's pixels, in deg."""
        return self._first.evaluation_bin_size

    @property
    def nodes(self) -> tuple[int, ...]:
        """Number of nodes of each parameter."""
        return tuple(axis.nbin for axis in self.axes)

    @property
    def place(self) -> tuple[Array, ...]:
        """Where each parameter lies among its nodes, from zero to the number of nodes less one."""
        places = []
        for axis, value in zip(self.axes, self.parameters, strict=True):
            pixel, last = axis_pixel(axis, value), axis.nbin - 1.0
            # Unlike a clip, this keeps the whole slope at the first and the last node.
            places.append(jnp.where(pixel < 0.0, 0.0, jnp.where(pixel > last, last, pixel)))
        return tuple(places)

    def at_node(self, *index: int) -> TemplateMap:
        """Give the map at a node, by its position on each axis."""
        # The frame is that of the map, no field.
        return TemplateMap(  # pyright: ignore[reportCallIssue]
            data=self.data[index],  # pyright: ignore[reportArgumentType, reportIndexIssue]
            geom=self.geom,
            energy=self.energy,
            normalize=self.normalize,
            lon_0=self.position[0],
            lat_0=self.position[1],
        )

    @property
    def _first(self) -> TemplateMap:
        return self.at_node(*(0 for _ in self.axes))

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Look up the density in the unit of the map.

        Raises
        ------
        TypeError
            Within a transformation of JAX: only the host can look up.
        ValueError
            If the map depends on energy and none is given.
        """
        if any(isinstance(x, Tracer) for x in (self.data, *self.parameters, direction, energy)):
            raise TypeError("a template is looked up on the host, not inside a JAX function")
        if energy is None and self.energy is not None:
            raise ValueError("the template depends on energy: give one, in TeV")
        energies = np.ones(1) if energy is None else np.reshape(np.asarray(energy, float), 1)
        lon, lat = (np.asarray(angle) for angle in to_lonlat(np.asarray(direction)))
        return jnp.asarray(self.look_up(lon, lat, energies)[0])

    def look_up(self, lon: np.ndarray, lat: np.ndarray, energy: np.ndarray) -> np.ndarray:
        """Look up the density at the values of the parameters, as `TemplateMap.look_up`."""
        cells = []
        for nodes, place in zip(self.nodes, self.place, strict=True):
            low = int(np.clip(np.floor(float(place)), 0, max(nodes - 2, 0)))
            weight = float(place) - low
            cells.append([(low, 1.0 - weight), (low + 1, weight)])
        total = np.zeros((len(energy), *np.broadcast_shapes(lon.shape, lat.shape)))
        for corner in product(*cells):
            weight = float(np.prod([weight for _, weight in corner]))
            if weight > 0.0:
                node = self.at_node(*(index for index, _ in corner))
                total += weight * node.look_up(lon, lat, energy)
        return total
