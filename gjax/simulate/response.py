"""What the instrument does to true directions and energies, event by event.

The responses themselves are in `gjax.irf`. They are tabulated at nodes of energy and offset, and
each event goes to a node next to it, at random with the weights of a linear interpolation: drawing
at the node is then drawing from the interpolation, at the cost of one search per event.
"""

from __future__ import annotations

import numpy as np

from gjax.irf.edisp import EnergyDispersion
from gjax.irf.psf import PSF3Gauss, PSFKing, PSFTable
from gjax.numerics.sphere import offset_by
from gjax.simulate.draw import draw_rows

__all__ = ["blur_directions", "disperse_energies"]

# Spacing of the responses that are mixed: 0.02 decades of energy, 0.1 deg of offset.
_NODES_PER_DECADE = 50
_OFFSET_STEP = 0.1
# Radii for the point spread function: quadratic, so that a core of 0.02 deg has 30 of 300 nodes.
_RAD_MAX = 2.0
_RAD = _RAD_MAX * np.linspace(0.0, 1.0, 301) ** 2


def blur_directions(
    psf: PSFTable | PSF3Gauss | PSFKing,
    energy_true: np.ndarray,
    offset: np.ndarray,
    lon: np.ndarray,
    lat: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Move directions by the point spread function, out to 2 deg.

    Parameters
    ----------
    psf :
        A point spread function of `gjax.irf.psf`.
    energy_true, offset :
        TeV and deg, shape ``(events,)``.
    lon, lat :
        True directions in deg, ICRS.
    rng :
        Source of randomness.

    Returns
    -------
    lon, lat :
        Reconstructed directions in deg, ICRS.
    known :
        Whether the point spread function is defined for the event; the others are not moved.
    """
    nodes, rows = _nodes(energy_true, offset, rng)
    cumulative = psf.containment(_RAD[None, :], nodes[0][:, None], nodes[1][:, None])
    cumulative, known = _normalise(np.asarray(cumulative, float))
    # The density is even in solid angle near each radius, so the square of the radius is linear.
    distance = np.sqrt(draw_rows(cumulative, _RAD**2, rows, rng))
    angle = 360.0 * rng.random(rows.size)
    moved = offset_by(lon, lat, angle, np.where(known[rows], distance, 0.0))
    return moved[0], moved[1], known[rows]


def disperse_energies(
    edisp: EnergyDispersion,
    energy_true: np.ndarray,
    offset: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Turn true into reconstructed energies.

    As in the reduction, the density is constant within a bin of migra and normalised.

    Returns
    -------
    energy :
        Reconstructed energies in TeV.
    known :
        Whether the energy dispersion is defined for the event; the others keep their energy.
    """
    nodes, rows = _nodes(energy_true, offset, rng)
    migra = edisp.table.axis("migra")
    density = edisp.evaluate(nodes[0][:, None], migra.center[None, :], nodes[1][:, None])
    steps = np.cumsum(np.clip(density, 0, None) * np.diff(migra.edges), axis=1)
    cumulative, known = _normalise(np.concatenate([np.zeros((len(steps), 1)), steps], axis=1))
    ratio = draw_rows(cumulative, migra.edges, rows, rng)
    return energy_true * np.where(known[rows], ratio, 1.0), known[rows]


def _nodes(
    energy: np.ndarray, offset: np.ndarray, rng: np.random.Generator
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Send events to nodes of energy and offset; give those in use, and which each has."""
    log_energy = np.log10(energy) * _NODES_PER_DECADE
    energy_row = np.floor(log_energy + rng.random(energy.size)).astype(int)
    offset_row = np.floor(offset / _OFFSET_STEP + rng.random(offset.size)).astype(int)
    pairs, rows = np.unique(np.stack([energy_row, offset_row]), axis=1, return_inverse=True)
    return (10.0 ** (pairs[0] / _NODES_PER_DECADE), pairs[1] * _OFFSET_STEP), rows.ravel()


def _normalise(cumulative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale rows to end at one; tell which can be."""
    cumulative = np.nan_to_num(cumulative, nan=0.0)
    total = cumulative[:, -1]
    known = total > 0
    scaled = cumulative / np.where(known, total, 1.0)[:, None]
    return np.maximum.accumulate(scaled, axis=1), known
