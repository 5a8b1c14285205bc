"""Drawing directions from the morphology of a source."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from gjax.maps.frames import convert
from gjax.numerics.sphere import haversine, offset_by
from gjax.simulate.draw import choose

__all__ = ["draw_directions"]

# Cells of the polar grid about a source: 400 radii cover the evaluation radius (five widths of a
# Gaussian), which puts the second moment of a Gaussian right to 1e-5.
_N_RADIUS = 400
_N_ANGLE = 720


def draw_directions(
    spatial: Any, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw true directions of photons of a source.

    A point source gives its position. Any other morphology is evaluated on a grid of distance and
    position angle about its centre, out to its evaluation radius; cells are drawn by their share of
    the flux, and the place within a cell evenly in solid angle. This is one rule for every model,
    on the sphere, without a projection.

    Parameters
    ----------
    spatial :
        A spatial model.
    count :
        How many.
    rng :
        Source of randomness.

    Returns
    -------
    lon, lat :
        ICRS, in deg, shape ``(count,)``.

    Raises
    ------
    ValueError
        If the morphology is zero everywhere within its evaluation radius, has no place or changes
        with energy.
    """
    changes = spatial.is_energy_dependent and getattr(spatial, "energy", True) is not None
    if changes or not spatial.has_position:
        raise ValueError(f"events of a {type(spatial).__name__} cannot be simulated")
    lon_0, lat_0 = (float(value) for value in spatial.position)
    if spatial.is_point:
        lon, lat = np.full(count, lon_0), np.full(count, lat_0)
        return convert(lon, lat, spatial.frame, "icrs")
    radius = min(float(spatial.evaluation_radius), 180.0)
    edges = np.linspace(0.0, radius, _N_RADIUS + 1)
    angles = np.arange(_N_ANGLE) * (360.0 / _N_ANGLE)
    step = 360.0 / _N_ANGLE
    center = 0.5 * (edges[1:] + edges[:-1])
    grid = offset_by(lon_0, lat_0, angles + step / 2, center[:, None])
    # Tables are looked up on the host.
    evaluate = _evaluate if spatial.is_tabulated else jax.jit(_evaluate)
    density = np.asarray(evaluate(spatial, *grid))
    # The share of the sphere within a distance: even steps are even solid angles.
    depth = haversine(0.0, 0.0, 0.0, edges)
    weights = np.clip(density, 0, None) * np.diff(depth)[:, None]
    if not weights.sum() > 0:
        raise ValueError(f"{type(spatial).__name__} has no flux within {radius} deg of its centre")
    rings, sectors = np.divmod(choose(weights, count, rng), _N_ANGLE)
    place = depth[rings] + rng.random(count) * np.diff(depth)[rings]
    # Within a ring that share grows as the square of the distance.
    distance = np.sqrt(np.interp(place, depth, edges**2))
    angle = angles[sectors] + step * rng.random(count)
    return convert(*offset_by(lon_0, lat_0, angle, distance), spatial.frame, "icrs")


def _evaluate(spatial: Any, lon: Any, lat: Any) -> Any:
    return spatial(lon, lat)
