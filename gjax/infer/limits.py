r"""Asymmetric errors and limits of single parameters, from the profiled statistic.

All of them are values at which :math:`S_\mathrm{prof}(x) = S_\mathrm{min} + \Delta`, the other
parameters fitted again. Which :math:`\Delta`, and what that means, is part of the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from gjax.infer.crossing import Crossing, Origin, find_crossings, origin_of, rays_from
from gjax.infer.result import FitResult
from gjax.parameters import Key, fit_bounds
from gjax.typing import ArrayLike
from gjax.units import to_quantity

__all__ = [
    "AsymmetricErrors",
    "Limit",
    "errors_asymmetric",
    "free_coordinate",
    "lower_limit",
    "put_on_bound",
    "upper_limit",
]

#: A profile that falls this far below the fit's minimum has found a better one.
_BETTER = 1e-3


@dataclass(frozen=True)
class Limit:
    """A value of a parameter up (or down) to which the data allow it.

    Parameters
    ----------
    name, unit, best :
        The parameter, its internal unit, and its value at the best fit.
    value :
        The limit; never NaN. The bound itself if that is met first, infinite if the statistic never
        rises so far.
    side :
        ``"upper"`` or ``"lower"``.
    rise, target :
        By how much the statistic has risen there, and by how much it should have.
    reached :
        Whether the statistic has risen as far as it should.
    definition :
        What kind of limit this is.
    message :
        What happened, for people.
    """

    name: str
    unit: str
    best: float
    value: float
    side: str
    rise: float
    target: float
    reached: bool
    definition: str
    message: str

    @property
    def at_bound(self) -> bool:
        """Whether the limit is a bound of the parameter and not told by the data."""
        return not self.reached and bool(np.isfinite(self.value))

    @property
    def quantity(self) -> Any:
        """The limit with its unit."""
        return to_quantity(self.value, self.unit)

    def __str__(self) -> str:
        sign = "<" if self.side == "upper" else ">"
        text = f"{self.name} {sign} {self.value:.6g} {self.unit}".rstrip()
        return f"{text} ({self.definition}; {self.message})"


@dataclass(frozen=True)
class AsymmetricErrors:
    r"""The interval of a parameter in which the statistic rises by at most :math:`n^2`.

    Parameters
    ----------
    lower, upper :
        Its ends.
    n_sigma :
        The number n of standard deviations.
    """

    lower: Limit
    upper: Limit
    n_sigma: float

    @property
    def name(self) -> str:
        """Dotted name of the parameter."""
        return self.lower.name

    @property
    def unit(self) -> str:
        """Internal unit of the parameter."""
        return self.lower.unit

    @property
    def value(self) -> float:
        """The best fit."""
        return self.lower.best

    @property
    def errn(self) -> float:
        """Distance to the lower end, positive."""
        return self.value - self.lower.value

    @property
    def errp(self) -> float:
        """Distance to the upper end, positive."""
        return self.upper.value - self.value

    @property
    def quantities(self) -> tuple[Any, Any]:
        """Both errors, down and up, with their unit."""
        return to_quantity(self.errn, self.unit), to_quantity(self.errp, self.unit)

    def __str__(self) -> str:
        text = f"{self.name} = {self.value:.6g} -{self.errn:.4g} +{self.errp:.4g} {self.unit}"
        notes = [
            f"{limit.side} end: {limit.message}"
            for limit in (self.lower, self.upper)
            if not limit.reached
        ]
        return "; ".join([f"{text.rstrip()} ({self.lower.definition})", *notes])


def errors_asymmetric(
    result: FitResult, parameter: str | Key | None = None, n_sigma: float = 1.0
) -> dict[str, AsymmetricErrors]:
    r"""Find how far parameters can move until the statistic has risen by :math:`n_\sigma^2`.

    The other parameters are fitted again at every step (Minos). Ends are searched eight at
    a time, by code that limits and contours share.

    Parameters
    ----------
    result :
        A fit that converged.
    parameter :
        Key or pattern of the parameters; all free ones if not given.
    n_sigma :
        Number of standard deviations.

    Returns
    -------
    errors :
        By dotted name. An end that is a bound, or that does not exist, says so.

    Raises
    ------
    ValueError
        If the fit has not converged, or no parameter that is named was free.
    """
    origin, table = origin_of(result), result.parameters
    wanted = table.free if parameter is None else table.select(parameter)
    chosen = [i for i in wanted if i in table.free]
    if not chosen:
        free_coordinate(result, wanted[0] if wanted else "*")
    definition = f"{n_sigma:g} sigma: statistic +{n_sigma**2:g}"
    sides = [(i, side) for i in chosen for side in ("lower", "upper")]
    ends = _find_limits(result, origin, sides, n_sigma**2, definition)
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return {low.name: AsymmetricErrors(low, high, n_sigma) for low, high in pairs}


def upper_limit(
    result: FitResult,
    parameter: str | Key,
    *,
    n_sigma: float | None = None,
    confidence: float | None = None,
    one_sided: bool = False,
) -> Limit:
    r"""Find the value above the best fit up to which the data allow a parameter.

    Parameters
    ----------
    result :
        A fit that converged.
    parameter :
        Key or pattern of one free parameter.
    n_sigma :
        The limit is where the statistic has risen by its square; 2 if neither this nor
        ``confidence`` is given, as in Gammapy.
    confidence :
        Instead, the probability content: of the two-sided interval whose upper end this is, or with
        ``one_sided`` of everything below the limit. 0.95 makes the statistic rise by 3.84 or, one
        sided, by 2.71.
    one_sided :
        What ``confidence`` refers to.

    Raises
    ------
    ValueError
        If the fit has not converged, the parameter was not free, or both ``n_sigma`` and
        ``confidence`` are given.
    """
    return _limit(result, parameter, "upper", _sigmas(n_sigma, confidence, one_sided), one_sided)


def lower_limit(
    result: FitResult,
    parameter: str | Key,
    *,
    n_sigma: float | None = None,
    confidence: float | None = None,
    one_sided: bool = False,
) -> Limit:
    """Find the value below the best fit down to which the data allow a parameter.

    Parameters and errors as those of `upper_limit`.
    """
    return _limit(result, parameter, "lower", _sigmas(n_sigma, confidence, one_sided), one_sided)


def free_coordinate(result: FitResult, parameter: str | Key | int) -> int:
    """Give the position of one free parameter among the free coordinates.

    Raises
    ------
    ValueError
        If it is frozen or linked, or several match.
    """
    table = result.parameters
    found = (parameter,) if isinstance(parameter, int) else table.select(parameter)
    if len(found) != 1:
        names = ", ".join(table.names[i] for i in found)
        raise ValueError(f"{parameter!r} names several parameters: {names}")
    if found[0] in table.free:
        return table.free.index(found[0])
    link = table.links.get(table.keys[found[0]])
    if link is not None:
        target = ", ".join(".".join(key) for key in link.targets)
        raise ValueError(f"{table.names[found[0]]} is linked: its errors are those of {target}")
    raise ValueError(f"{table.names[found[0]]} is frozen: only what a fit varies has errors")


def put_on_bound(
    best: ArrayLike, move: ArrayLike, bound: ArrayLike, reached: ArrayLike
) -> np.ndarray:
    """Give the ends of moves; those that met the bound are on it exactly, whatever rounding says.

    Parameters
    ----------
    best, move :
        The best fit, and how far the end is from it.
    bound, reached :
        The bound in that direction, and whether the statistic has risen before it.
    """
    best, move, bound = (np.asarray(part, float) for part in (best, move, bound))
    finite = np.isfinite(move) & np.isfinite(bound)
    left = np.where(finite, best + move, 0.0) - np.where(finite, bound, 0.0)
    met = finite & ~np.asarray(reached) & (np.abs(left) <= 1e-9 * (np.abs(best) + np.abs(move)))
    return np.where(met, bound, best + move)


def _sigmas(n_sigma: float | None, confidence: float | None, one_sided: bool) -> float:
    if n_sigma is not None and confidence is not None:
        raise ValueError("give n_sigma or confidence, not both")
    if confidence is None:
        sigmas = 2.0 if n_sigma is None else float(n_sigma)
        if not sigmas > 0:
            raise ValueError(f"n_sigma must be positive, got {sigmas}")
        return sigmas
    least = 0.5 if one_sided else 0.0
    if not least < confidence < 1:
        raise ValueError(f"confidence must be between {least} and 1, got {confidence}")
    return -float(ndtri(1 - confidence if one_sided else 0.5 * (1 - confidence)))


def _limit(
    result: FitResult, parameter: str | Key, side: str, sigmas: float, one_sided: bool
) -> Limit:
    position = result.parameters.free[free_coordinate(result, parameter)]
    both, single = 1 - 2 * ndtr(-sigmas), ndtr(sigmas)
    contents = (
        f"one-sided {single:.2%}" if one_sided else f"end of the two-sided {both:.2%} interval"
    )
    definition = f"{side} limit, {contents}: statistic +{sigmas**2:.4g}"
    return _find_limits(result, origin_of(result), [(position, side)], sigmas**2, definition)[0]


def _find_limits(
    result: FitResult,
    origin: Origin,
    sides: list[tuple[int, str]],
    rise: float,
    definition: str,
) -> list[Limit]:
    """Find the limits of parameters, each given by its position in the table, in one call."""
    table = result.parameters
    kept = np.zeros((len(sides), len(table.free)), bool)
    direction = np.zeros(kept.shape)
    for row, (position, side) in enumerate(sides):
        kept[row, table.free.index(position)] = True
        direction[row, table.free.index(position)] = 1.0 if side == "upper" else -1.0
    rays = rays_from(origin, kept, direction, rise)
    found = find_crossings(origin, rays, rise)
    return [
        _as_limit(result, origin, found, i, position, side, (rise, definition))
        for i, (position, side) in enumerate(sides)
    ]


def _as_limit(
    result: FitResult,
    origin: Origin,
    found: Crossing,
    i: int,
    position: int,
    side: str,
    wanted: tuple[float, str],
) -> Limit:
    table, sign = result.parameters, 1.0 if side == "upper" else -1.0
    coordinate = table.free.index(position)
    scale = float(np.asarray(origin.objective.layout.scale)[coordinate])
    best, distance = float(table.values[position]), float(found.distance[i])
    reached, rise = bool(found.reached[i]), float(found.rise[i])
    bound = fit_bounds(table)[1 if side == "upper" else 0][position]
    value, message = float(put_on_bound(best, sign * distance * scale, bound, reached)), "found"
    if not reached and np.isfinite(distance):
        message = f"not reached: at the bound the statistic has risen by {rise:.3g}"
    elif not reached:
        message = f"not reached: the statistic rises by {rise:.3g} at most"
    better = origin.stat - float(found.lowest[i])
    if better > _BETTER:
        message += f"; a better minimum, lower by {better:.3g}, is on the way: fit again from there"
    return Limit(
        name=table.names[position],
        unit=table.units[position],
        best=best,
        value=value,
        side=side,
        rise=rise,
        target=wanted[0],
        reached=reached,
        definition=wanted[1],
        message=message,
    )
