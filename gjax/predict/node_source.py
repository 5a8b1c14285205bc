"""Sources given by a table at each node of some parameters: folded once, then mixed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import AbstractSource, Stay, TemplateSource, Window, tidy
from gjax.typing import Array, ArrayLike, Float

__all__ = ["NodeSource", "mix_nodes", "node_source"]


class NodeSource(AbstractSource):
    """A source whose image is mixed linearly from those at the nodes of its parameters.

    Parameters
    ----------
    images :
        Convolved morphology of each node, shape ``(*nodes, etrue or 1, h, w)``.
    place :
        Where the window is.
    """

    edisp: ArrayLike
    images: ArrayLike
    place: Stay
    window: Window = eqx.field(static=True)

    def shape(
        self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]
    ) -> Float[Array, "energy h w"]:
        """Give the mixed image."""
        return mix_nodes(self.images, spatial.place)

    def blur(self, shape: Array) -> Float[Array, "energy h w"]:
        """Give the image as it is."""
        return shape


def mix_nodes(values: ArrayLike, place: tuple[Array, ...]) -> Array:
    """Interpolate linearly between the nodes of the first axes of a table.

    At a node the slope is that of the cell above it.

    Parameters
    ----------
    values :
        The table, one axis for each place and any number after them.
    place :
        Position on each axis, from zero to its number of nodes less one.
    """
    values = jnp.asarray(values)
    shape = values.shape
    starts, sizes, weights = [], [], []
    for at, nodes in zip(place, shape, strict=False):
        low = jnp.clip(jnp.floor(at).astype(int), 0, max(nodes - 2, 0))
        weight = at - low
        starts.append(low)
        sizes.append(min(nodes, 2))
        weights.append(jnp.stack([1.0 - weight, weight])[: sizes[-1]])
    rest = shape[len(place) :]
    zeros = (jnp.zeros((), int),) * len(rest)
    # Only the nodes around are read.
    cell = jax.lax.dynamic_slice(values, (*starts, *zeros), (*sizes, *rest))
    for weight in weights:
        cell = jnp.tensordot(weight, cell, axes=1)
    return cell


def node_source(
    spatial: Any, look_up: Callable[[Any], TemplateSource], grid: SkyGrid
) -> NodeSource:
    """Fold the table of every node.

    Parameters
    ----------
    spatial :
        The model, with ``nodes`` and ``at_node``.
    look_up :
        Makes the source of the table of a node.
    grid :
        Directions of the padded map.
    """
    sources = [look_up(spatial.at_node(*index)) for index in np.ndindex(spatial.nodes)]
    images = tidy(np.stack([jax.device_get(_convolved(source, grid)) for source in sources]))
    return NodeSource(
        edisp=sources[0].edisp,
        images=images.reshape(*spatial.nodes, *images.shape[1:]),
        place=sources[0].place,
        window=sources[0].window,
    )


@jax.jit
def _convolved(source: TemplateSource, grid: SkyGrid) -> Array:
    shape = jnp.shape(grid.solid_angle)
    start = source.start(None, (shape[0], shape[1]))
    return source.image(None, grid, start)
