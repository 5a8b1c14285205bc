"""Solid angle of spherical quadrilaterals from the positions of their corners."""

from __future__ import annotations

import numpy as np

from gjax.typing import ArrayLike

__all__ = ["quadrilateral_solid_angle"]


def quadrilateral_solid_angle(lon: ArrayLike, lat: ArrayLike) -> np.ndarray:
    r"""Compute the solid angles of a mesh of quadrilaterals with great circles as sides.

    Each is split in two triangles, whose solid angle :math:`\Omega` follows from the unit vectors
    of the corners, :math:`\tan(\Omega/2) = |a \cdot (b \times c)| / (1 + ab + bc + ca)`
    (van Oosterom & Strackee 1983).

    Parameters
    ----------
    lon, lat :
        Corners in deg, shape ``(ny + 1, nx + 1)``.

    Returns
    -------
    array
        Solid angles in sr, shape ``(ny, nx)``; NaN where a corner is NaN.
    """
    lon, lat = np.deg2rad(lon), np.deg2rad(lat)
    corners = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    a, b = corners[:-1, :-1], corners[:-1, 1:]
    c, d = corners[1:, 1:], corners[1:, :-1]
    return np.abs(_triangle(a, b, c) + _triangle(a, c, d))


def _triangle(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    # Differences of neighbours before the product: the product of the vectors themselves would lose
    # half the digits for small pixels.
    triple = np.einsum("...i,...i", a, np.cross(b - a, c - a))
    products = [np.einsum("...i,...i", p, q) for p, q in ((a, b), (b, c), (c, a))]
    return 2 * np.arctan2(triple, 1 + sum(products))
