"""Drawing background events from the background rate of an observation."""

from __future__ import annotations

from typing import Any

import numpy as np

from gjax.events.observation import Observation
from gjax.events.pointing import Pointing
from gjax.irf.background import (
    Background,
    Background2D,
    detector_lon,
    interpolate_missing,
    pad_offset,
)
from gjax.maps.axis import MapAxis
from gjax.maps.frames import convert
from gjax.model.background import FoVBackground
from gjax.numerics.quadrature import segments_loglog
from gjax.numerics.sphere import haversine, offset_by, position_angle, separation
from gjax.simulate.draw import choose, draw_exponential

__all__ = ["draw_background", "expected_background"]

# Cells from which events are drawn: at most 0.1 deg wide, 20 per decade of energy. The rate is a
# power law within a cell in energy, as in the reduction, and constant in the other two.
_FOV_STEP = 0.1
_CELLS_PER_DECADE = 20


def draw_background(
    observation: Observation, model: FoVBackground | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the background events of an observation.

    The expected number is the integral of the rate over energy, the field of view and the on time
    (the rate of background tables already counts the time in which the instrument is busy). The
    table is completed as in `gjax.reduce.background.background_cube`.

    Parameters
    ----------
    observation :
        The observation; without a background rate there are no events.
    model :
        Factors on the rate in energy and over the field; None for one. The second is that in the
        middle of cells of 0.1 deg.
    rng :
        Source of randomness.

    Returns
    -------
    energy, lon, lat :
        Reconstructed energies in TeV and directions (ICRS) in deg.

    Raises
    ------
    ValueError
        If the rate is given in the frame of the horizon, which turns with time, or the factor over
        the field depends on energy.
    """
    if observation.bkg is None:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    nodes, edges, density = _cell_rates(observation.bkg, observation.pointing, model)
    expected = segments_loglog(nodes[:, None, None], density, axis=0) * observation.ontime
    count = rng.poisson(expected.sum())
    cells = np.unravel_index(choose(expected, count, rng), expected.shape)
    flux = nodes[:, None, None] * density
    slope = np.log(flux[cells[0] + 1, cells[1], cells[2]] / flux[cells])
    share = draw_exponential(slope, rng)
    energy = nodes[cells[0]] * (nodes[cells[0] + 1] / nodes[cells[0]]) ** share
    place = [
        edge[cell] + rng.random(count) * np.diff(edge)[cell]
        for edge, cell in zip(edges, cells[1:], strict=True)
    ]
    return energy, *_to_sky(observation.bkg, observation.pointing, *place)


def expected_background(observation: Observation, model: FoVBackground | None = None) -> float:
    """Give the expected number of background events of an observation."""
    if observation.bkg is None:
        return 0.0
    nodes, _, density = _cell_rates(observation.bkg, observation.pointing, model)
    return float(segments_loglog(nodes[:, None, None], density, axis=0).sum() * observation.ontime)


def _cell_rates(
    background: Background, pointing: Pointing, model: FoVBackground | None
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Give energy nodes, field-of-view edges, and TeV-1 s-1 per node and cell of the field."""
    if background.fov_alignment == "ALTAZ" and not isinstance(background, Background2D):
        raise ValueError(
            "simulating events needs a background aligned with RADEC; this one is aligned with "
            "ALTAZ, which turns on the sky during an observation"
        )
    # The same completions of the table as in the reduction.
    background = interpolate_missing(background)
    if isinstance(background, Background2D):
        background = pad_offset(background)
    energy = background.table.axis("energy")
    low, high = energy.edges[[0, -1]]
    count = int(np.ceil(_CELLS_PER_DECADE * np.log10(high / low)))
    nodes = np.geomspace(low, high, count + 1)
    nodes[[0, -1]] = low, high
    if isinstance(background, Background2D):
        radius = float(background.table.axis("offset").edges[-1])
        edges = [np.linspace(-radius, radius, 2 * int(np.ceil(radius / _FOV_STEP)) + 1)] * 2
    else:
        edges = [_fine_edges(background.table.axis(name)) for name in ("fov_lon", "fov_lat")]
    lon, lat = (0.5 * (edge[1:] + edge[:-1]) for edge in edges)
    # Solid angle of a cell: its share of a zone of the sphere. The haversine to the south pole is
    # the share of the sphere below a latitude.
    area = 4 * np.pi * np.diff(edges[0])[:, None] / 360 * np.diff(haversine(0, -90, 0, edges[1]))
    density = background.evaluate(nodes[:, None, None], lon[:, None], lat) * area
    if model is not None:
        density = density * np.asarray(model.spectral(nodes), float)[:, None, None]
    if model is not None and model.spatial is not None:
        at = _to_sky(background, pointing, *np.meshgrid(lon, lat, indexing="ij"))
        density = density * _over_field(model.spatial, *at)
    return nodes, (edges[0], edges[1]), density


def _over_field(spatial: Any, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Evaluate the spatial factor of a background, zero where it is negative, as in predictions.

    Directions are ICRS.
    """
    if spatial.is_energy_dependent and getattr(spatial, "energy", True) is not None:
        raise ValueError(
            f"simulating events needs a background whose {type(spatial).__name__} is the same at "
            "all energies"
        )
    factor = np.asarray(spatial(*convert(lon, lat, "icrs", spatial.frame)), float)
    return np.maximum(np.nan_to_num(factor), 0.0)


def _fine_edges(axis: MapAxis) -> np.ndarray:
    """Split each bin of an axis into parts of at most the step."""
    edges = np.asarray(axis.edges, float)
    parts = int(np.ceil(np.diff(edges).max() / _FOV_STEP - 1e-9))
    share = np.arange(parts) / parts
    fine = (edges[:-1, None] + share * np.diff(edges)[:, None]).ravel()
    return np.append(fine, edges[-1])


def _to_sky(
    background: Background, pointing: Pointing, fov_lon: np.ndarray, fov_lat: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Turn detector coordinates into directions: same distance and position angle."""
    east = detector_lon(background, fov_lon)
    distance = separation(0.0, 0.0, east, fov_lat)
    angle = position_angle(0.0, 0.0, east, fov_lat)
    return offset_by(pointing.lon, pointing.lat, angle, distance)
