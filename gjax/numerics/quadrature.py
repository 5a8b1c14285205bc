"""Numerical integration in one dimension: Gauss-Legendre and piecewise power laws."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from gjax.numerics.namespace import array_namespace
from gjax.typing import ArrayLike

__all__ = ["gauss_legendre", "integrate_log_energy", "integrate_loglog", "segments_loglog"]

# Below this |a| the quotient expm1(a) / a is a series: five terms are exact to 1e-13 there.
_SERIES_BELOW = 1e-2


@lru_cache(maxsize=64)
def _legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    nodes.flags.writeable = False
    weights.flags.writeable = False
    return nodes, weights


def gauss_legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Give nodes and weights of Gauss-Legendre quadrature on [-1, 1].

    Exact for polynomials up to degree 2n - 1. Both arrays have shape ``(n,)`` and are read-only.

    Raises
    ------
    ValueError
        If n is less than one.
    """
    if n < 1:
        raise ValueError(f"quadrature needs at least one node, got {n}")
    return _legendre(int(n))


def integrate_log_energy(
    f: Callable[[Any], Any], energy_min: ArrayLike, energy_max: ArrayLike, n: int = 8
) -> Any:
    r"""Integrate a function of energy over intervals, by Gauss-Legendre in log energy.

    :math:`\int f(E)\,dE = \int f(E)\,E\,d\ln E`, with n nodes in each interval. For
    power laws over a decade, 8 nodes are good to 1e-9.

    Parameters
    ----------
    f :
        Takes energies of shape ``(*intervals, n)`` and gives values of the same shape.
    energy_min, energy_max :
        Limits of the intervals, both positive; they broadcast against each other.
    n :
        Number of nodes.

    Returns
    -------
    array
        Integrals, shape ``intervals``.
    """
    xp = array_namespace(energy_min, energy_max)
    nodes, weights = gauss_legendre(n)
    low, high = xp.log(xp.asarray(energy_min)), xp.log(xp.asarray(energy_max))
    half = 0.5 * (high - low)
    energy = xp.exp((0.5 * (high + low))[..., None] + half[..., None] * nodes)
    return (f(energy) * energy * weights).sum(-1) * half


def segments_loglog(x: ArrayLike, y: ArrayLike, axis: int = -1) -> Any:
    r"""Integrate between neighbouring nodes, with a power law through each pair.

    With :math:`u = x y` at both ends of a segment, the integral is
    :math:`\ln(x_1/x_0)\,(u_1 - u_0) / \ln(u_1/u_0)`: the logarithmic mean of u, smooth through
    index -1, where it is :math:`u_0 \ln(x_1/x_0)`. Where y is zero at an end, the power law is
    infinitely steep and the integral zero. Value and gradient are finite.

    Parameters
    ----------
    x :
        Positive increasing nodes: 1D along ``axis``, or of a shape that broadcasts with y.
    y :
        Values at the nodes, not negative.
    axis :
        Axis of the nodes in y.

    Returns
    -------
    array
        One integral for each segment: the shape of y with one less along ``axis``.
    """
    xp = array_namespace(x, y)
    x, y = xp.asarray(x), xp.moveaxis(xp.asarray(y), axis, -1)
    if x.ndim > 1:
        x = xp.moveaxis(x, axis, -1)
    u = x * y
    start, stop = u[..., :-1], u[..., 1:]
    valid = (start > 0) & (stop > 0)
    segments = xp.log(x[..., 1:] / x[..., :-1]) * _log_mean(
        xp, xp.where(valid, start, 1.0), xp.where(valid, stop, 1.0)
    )
    return xp.moveaxis(xp.where(valid, segments, 0.0), -1, axis)


def integrate_loglog(x: ArrayLike, y: ArrayLike, axis: int = -1) -> Any:
    """Integrate over all nodes, with a power law between neighbours.

    The sum of `segments_loglog`; same parameters. The result has the shape of y without ``axis``.
    """
    return segments_loglog(x, y, axis).sum(axis)


def _log_mean(xp: Any, start: Any, stop: Any) -> Any:
    """Compute (stop - start) / ln(stop / start) for positive numbers, also where they are equal."""
    a = xp.log(stop) - xp.log(start)
    near = abs(a) < _SERIES_BELOW
    small = xp.where(near, a, 0.0)
    series = 1 + small / 2 * (1 + small / 3 * (1 + small / 4 * (1 + small / 5 * (1 + small / 6))))
    return xp.where(near, start * series, (stop - start) / xp.where(near, 1.0, a))
