"""Cubic splines on a uniform grid that starts at zero, made for radial profiles.

The coefficients are computed once on the host; evaluation is differentiable, and gathers for each
abscissa one row of coefficients that serves all columns. Interpolation on other grids is in
`gjax.numerics.interpolate`, save that by `monotone_cubic`. SciPy has both kinds of spline, and
takes as long to import as half of JAX: every fit of a map would wait for it.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from gjax.numerics.namespace import array_namespace
from gjax.typing import ArrayLike

__all__ = [
    "cubic_coefficients",
    "cubic_evaluate",
    "cubic_value_and_slope",
    "cubic_weights",
    "monotone_cubic",
]

Boundary = Literal["clamped", "not-a-knot", "natural"]


def cubic_coefficients(
    values: ArrayLike,
    spacing: float,
    *,
    left: Boundary = "clamped",
    right: Boundary = "not-a-knot",
) -> np.ndarray:
    """Compute the twice continuously differentiable cubic spline through equidistant values.

    On interval i, with :math:`t = r / h - i`, the spline is
    :math:`c_{i0} + c_{i1} t + c_{i2} t^2 + c_{i3} t^3`.

    Parameters
    ----------
    values :
        Values at :math:`r = 0, h, 2h, ...`, shape ``(n_node, ...)``, at least four nodes (three
        with a clamped or natural end).
    spacing :
        Distance h between nodes. The coefficients themselves do not depend on it; it is checked
        here because evaluation divides by it.
    left :
        Condition at zero. ``"clamped"`` sets the slope to zero: a radial profile is even in r.
    right :
        Condition at the last node.

    Returns
    -------
    array
        Coefficients, shape ``(n_node - 1, 4, ...)``, on the host.

    Raises
    ------
    ValueError
        If the spacing is not positive or there are too few nodes.
    """
    if not spacing > 0:
        raise ValueError(f"spacing must be positive, got {spacing}")
    values = np.asarray(values, float)
    if len(values) < 4:
        raise ValueError(f"a cubic spline needs four nodes or more, got {len(values)}")
    rise = np.diff(values, axis=0)
    # The slopes at the nodes, by which the second derivatives of neighbours agree.
    n = len(values)
    matrix = np.eye(n) * 4.0 + np.eye(n, k=1) + np.eye(n, k=-1)
    target = np.concatenate([rise[:1], rise[1:] + rise[:-1], rise[-1:]]) * 3.0
    matrix[0], target[0] = _end(left, n, rise)
    last, target[-1] = _end(right, n, rise[::-1])
    matrix[-1] = last[::-1]
    slopes = np.linalg.solve(matrix, target.reshape(n, -1)).reshape(values.shape)
    here, there = slopes[:-1], slopes[1:]
    powers = values[:-1], here, 3.0 * rise - 2.0 * here - there, here + there - 2.0 * rise
    return np.stack(powers, axis=1)


def _end(boundary: Boundary, n: int, rise: np.ndarray) -> tuple[np.ndarray, Any]:
    """Give the equation of the slopes at one end: its row, nodes from that end, and right side."""
    row = np.zeros(n)
    if boundary == "clamped":
        row[0] = 1.0
        return row, 0.0
    if boundary == "natural":
        row[:2] = 2.0, 1.0
        return row, 3.0 * rise[0]
    # The third derivatives of the first two intervals agree.
    row[0], row[2] = 1.0, -1.0
    return row, 2.0 * (rise[0] - rise[1])


def monotone_cubic(x: ArrayLike, values: ArrayLike, at: ArrayLike) -> np.ndarray:
    """Interpolate columns of values by the monotone cubic of Fritsch and Butland, on the host.

    Between nodes it rises where the values rise and falls where they fall: no overshoot. Outside,
    the first and the last cubic go on.

    Parameters
    ----------
    x :
        Abscissae, increasing, shape ``(n,)``, three or more.
    values :
        Shape ``(n, *columns)``.
    at :
        Where to evaluate, shape ``(m,)``.

    Returns
    -------
    array
        Shape ``(m, *columns)``.

    References
    ----------
    F. N. Fritsch and J. Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300.
    """
    x, values, at = (np.asarray(array, float) for array in (x, values, at))
    column = (-1,) + (1,) * (values.ndim - 1)
    step = np.diff(x).reshape(column)
    rise = np.diff(values, axis=0) / step
    slopes = np.zeros_like(values)
    before, after = rise[:-1], rise[1:]
    near, far = 2.0 * step[1:] + step[:-1], step[1:] + 2.0 * step[:-1]
    same = before * after > 0
    one = np.where(same, before, 1.0), np.where(same, after, 1.0)
    with np.errstate(over="ignore"):  # next to the tiniest rise the slope is zero
        slopes[1:-1] = np.where(same, (near + far) / (near / one[0] + far / one[1]), 0.0)
    slopes[0] = _edge(step[0], step[1], rise[0], rise[1])
    slopes[-1] = _edge(step[-1], step[-2], rise[-1], rise[-2])
    interval = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    h, t = step[interval], ((at - x[interval]).reshape(column) / step[interval])
    here, there, up = slopes[interval] * h, slopes[interval + 1] * h, rise[interval] * h
    bent = 3.0 * up - 2.0 * here - there + t * (here + there - 2.0 * up)
    return values[interval] + t * (here + t * bent)


def _edge(h: Any, h_next: Any, rise: np.ndarray, rise_next: np.ndarray) -> np.ndarray:
    """Give the slope at an end from three points, kept from overshooting."""
    slope = ((2.0 * h + h_next) * rise - h * rise_next) / (h + h_next)
    slope = np.where(np.sign(slope) == np.sign(rise), slope, 0.0)
    steep = (np.sign(rise) != np.sign(rise_next)) & (np.abs(slope) > 3.0 * np.abs(rise))
    return np.where(steep, 3.0 * rise, slope)


def cubic_evaluate(coefficients: ArrayLike, spacing: ArrayLike, r: ArrayLike) -> Any:
    """Evaluate the columns of a spline at the same abscissae; zero beyond the last node.

    Value and gradient are finite for every finite r.

    Parameters
    ----------
    coefficients :
        From `cubic_coefficients`, shape ``(n_interval, 4, *columns)``.
    spacing :
        Distance between nodes.
    r :
        Abscissae, not negative, any shape.

    Returns
    -------
    array
        Shape ``(*r.shape, *columns)``.
    """
    xp = array_namespace(coefficients, spacing, r)
    coefficients = xp.asarray(coefficients)
    n_interval = coefficients.shape[0]
    position = xp.asarray(r) / spacing
    inside = position <= n_interval
    # The second where: a huge t must not reach the cubic, whose derivative could overflow.
    position = xp.where(inside, position, 0.0)
    interval = xp.clip(xp.floor(position).astype(int), 0, n_interval - 1)
    columns = (1,) * (coefficients.ndim - 2)
    t = (position - interval).reshape(position.shape + columns)
    rows = coefficients[interval]
    c0, c1, c2, c3 = (xp.take(rows, power, axis=position.ndim) for power in range(4))
    value = c0 + t * (c1 + t * (c2 + t * c3))
    return xp.where(inside.reshape(t.shape), value, 0.0)


def cubic_weights(
    n_interval: int,
    spacing: float,
    r: np.ndarray,
    weight: np.ndarray | float = 1.0,
    row: np.ndarray | None = None,
) -> Any:
    """Give weighted sums of a spline's values as a matrix that acts on its coefficients.

    On the host, where many columns are evaluated at the same abscissae or values are averaged.

    Parameters
    ----------
    n_interval, spacing :
        Of the spline.
    r :
        Abscissae, not negative, any shape.
    weight :
        Of each abscissa, broadcast to ``r``.
    row :
        The sum to which each belongs, broadcast to ``r``; of its own if not given.

    Returns
    -------
    matrix :
        Sparse, shape ``(sum, 4 n_interval)``: times the coefficients, of shape ``(4 n_interval,
        column)``, it gives what `cubic_evaluate` does.
    """
    from scipy.sparse import csr_array  # takes long; a fit of spectra has no splines

    position = np.ravel(r) / spacing
    inside = position <= n_interval
    rows = np.arange(position.size) if row is None else np.broadcast_to(row, np.shape(r)).ravel()
    weights = np.broadcast_to(weight, np.shape(r)).ravel()[inside]
    at = position[inside]
    interval = np.minimum(at.astype(int), n_interval - 1)
    t = at - interval
    values = weights[:, None] * np.stack([np.ones_like(t), t, t * t, t * t * t], axis=-1)
    columns = 4 * interval[:, None] + np.arange(4)
    places = np.repeat(rows[inside], 4), columns.ravel()
    shape = (int(rows.max(initial=-1)) + 1, 4 * n_interval)
    return csr_array((values.ravel(), places), shape=shape)


def cubic_value_and_slope(
    coefficients: ArrayLike, spacing: ArrayLike, r: ArrayLike
) -> tuple[Any, Any]:
    """Evaluate the columns of a spline and their derivatives in r at the same abscissae.

    As `cubic_evaluate`; each row of coefficients is gathered once for both.
    """
    xp = array_namespace(coefficients, spacing, r)
    coefficients = xp.asarray(coefficients)
    n_interval = coefficients.shape[0]
    position = xp.asarray(r) / spacing
    inside = position < n_interval
    position = xp.where(inside, position, 0.0)
    interval = xp.clip(xp.floor(position).astype(int), 0, n_interval - 1)
    t = (position - interval)[..., None]
    c0, c1, c2, c3 = (coefficients[:, power][interval] for power in range(4))
    value = c0 + t * (c1 + t * (c2 + t * c3))
    slope = (c1 + t * (2.0 * c2 + t * 3.0 * c3)) / spacing
    inside = inside[..., None]
    return xp.where(inside, value, 0.0), xp.where(inside, slope, 0.0)
