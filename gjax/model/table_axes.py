"""Axes of a table that are parameters: what they declare, and where a value lies on them."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from gjax.maps.axis import MapAxis
from gjax.numerics.interpolate import interpolate_grid
from gjax.parameters import ParameterSpec
from gjax.typing import Array, ArrayLike

__all__ = ["axis_pixel", "axis_specs", "is_energy", "is_uniform"]

_SCALES = {"lin": np.asarray, "log": np.log, "sqrt": np.sqrt}


def is_energy(axis: MapAxis) -> bool:
    """Tell whether an axis is that of energy, which is no parameter."""
    return axis.name in ("energy_true", "energy")


def axis_specs(axes: tuple[MapAxis, ...]) -> dict[str, ParameterSpec]:
    """Declare a parameter for each axis but that of energy.

    It has the name and the unit of the axis, the first and the last node as bounds, and the middle
    between them as the default.
    """
    declared = {}
    for axis in axes:
        if not is_energy(axis):
            low, high = axis.nodes[0], axis.nodes[-1]
            declared[axis.name] = ParameterSpec(0.5 * (low + high), axis.unit, low, high)
    return declared


def axis_pixel(axis: MapAxis, coordinate: ArrayLike) -> Array:
    """Give the place on an axis in bins, as `MapAxis.coord_to_pix`, but differentiable."""
    point = jnp.asarray(coordinate, float)
    if axis.interp != "lin":
        point = jnp.log(point) if axis.interp == "log" else jnp.sqrt(point)
    nodes = _SCALES[axis.interp](np.asarray(axis.nodes))
    first = 0.0 if axis.node_type == "center" else -0.5
    if is_uniform(axis):
        return first + (point - nodes[0]) * ((len(nodes) - 1) / (nodes[-1] - nodes[0]))
    return interpolate_grid(first + np.arange(len(nodes)), [nodes], [point])


def is_uniform(axis: MapAxis) -> bool:
    """Tell whether all bins have the same width on the scale of the axis."""
    steps = np.diff(_SCALES[axis.interp](np.asarray(axis.nodes)))
    return len(steps) > 0 and bool(np.allclose(steps, steps[0], rtol=1e-9))
