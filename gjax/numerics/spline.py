"""Cubic splines on a uniform grid that starts at zero, made for radial profiles.

The coefficients are computed once on the host; evaluation is differentiable, and gathers for each
abscissa one row of coefficients that serves all columns. Interpolation on other grids is in
`gjax.numerics.interpolate`.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from gjax.numerics.namespace import array_namespace
from gjax.typing import ArrayLike

__all__ = ["cubic_coefficients", "cubic_evaluate", "cubic_value_and_slope", "cubic_weights"]

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
    from scipy.interpolate import CubicSpline  # takes long; a fit of spectra has no splines

    values = np.asarray(values, float)
    if len(values) < 4:
        raise ValueError(f"a cubic spline needs four nodes or more, got {len(values)}")
    spline = CubicSpline(np.arange(len(values)), values, bc_type=(left, right))
    # scipy has the highest power first, on axis 0.
    return np.moveaxis(spline.c[::-1], 0, 1)


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
