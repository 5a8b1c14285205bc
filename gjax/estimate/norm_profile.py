r"""The statistic as a function of the norm of one source, everything else fixed.

With predicted counts :math:`\mu_i = \max(0, x s_i + b_i)` the Cash statistic is a convex function
of the norm :math:`x`, and so is that of on/off bins: the minimum, its width and its limits are
roots of monotonic functions. Here is this one-dimensional problem, for many bands at once. On/off
bins are summed in `gjax.estimate.onoff_profile`; which bins make a band, and what a norm means as a
flux, is in `gjax.estimate.flux_points`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import equinox as eqx
import numpy as np

from gjax.estimate.onoff_profile import OnOffBins, onoff_bins, pad
from gjax.stats.cash import NPRED_FLOOR, cash

__all__ = ["NormProfile", "find_root", "norm_profile"]

_MAX_STEPS = 200
_TOLERANCE = 1e-13

#: Value and slope of a function of one number in each band, shape ``(band,)`` each.
_Function: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def find_root(
    function: _Function, low: np.ndarray, high: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Solve many one-dimensional equations at once, by Newton steps kept inside a bracket.

    A step that leaves the bracket, and every fourth step, is replaced by a bisection, so that
    functions with kinks and walls converge too.

    Parameters
    ----------
    function :
        Value and slope; the value rises from negative (or zero) at ``low`` to positive at ``high``.
    low, high, start :
        Bracket and first guess, shape ``(band,)``.

    Returns
    -------
    root :
        Shape ``(band,)``, to thirteen digits or those that the function has.
    """
    low, high = np.array(low, float), np.array(high, float)
    width = high - low
    x = np.where((start > low) & (start < high), start, 0.5 * (low + high))
    done = np.zeros(x.shape, bool)
    for i in range(_MAX_STEPS):
        value, slope = function(x)
        low = np.where(value < 0, x, low)
        high = np.where(value < 0, high, x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            new = x - value / slope
        inside = (new >= low) & (new <= high) & (i % 4 != 3)
        new = np.where(done, x, np.where(inside, new, 0.5 * (low + high)))
        done |= np.abs(new - x) <= _TOLERANCE * np.maximum(np.abs(new), 1e-6 * width)
        x = new
        if done.all():
            break
    return x


class NormProfile(eqx.Module):
    r"""The statistic of each band as a function of the norm of the source in it.

    .. math:: C(x) = C_0 + 2 \sum_i (\mu_i - n_i \ln \mu_i), \quad \mu_i = \max(0, x s_i + b_i)

    plus the statistic of bins that were measured on and off the source. The norm is confined to
    where the logarithm is finite. Without counts in the bins that the source reaches, and without
    on/off bins, the statistic falls all the way; then the norm ends where the source takes away
    as much as there is, :math:`x = -\sum b_i / \sum s_i`, and that is the best fit.

    Parameters
    ----------
    signal, background :
        Counts of the source for a norm of one, and of everything else, in the bins that the source
        reaches, shape ``(band, bin)``; padded with zeros.
    seen_signal, seen_background, seen_counts :
        The same and the observed counts in those of the bins that have counts, shape
        ``(band, seen)``; padded with zeros, ones and zeros.
    rest :
        Statistic of the bins that the source does not reach, shape ``(band,)``.
    onoff :
        The bins measured on and off the source.
    """

    signal: np.ndarray
    background: np.ndarray
    seen_signal: np.ndarray
    seen_background: np.ndarray
    seen_counts: np.ndarray
    rest: np.ndarray
    onoff: OnOffBins

    def stat(self, norm: np.ndarray) -> np.ndarray:
        """Evaluate the statistic of all bins of each band, shape ``(band,)``."""
        seen = np.maximum(self._seen(norm), NPRED_FLOOR)
        total = self.npred(norm) - np.sum(self.seen_counts * np.log(seen), axis=1)
        return self.rest + 2.0 * total + self.onoff.stat(norm)

    def npred(self, norm: np.ndarray) -> np.ndarray:
        """Predict the counts in the modelled bins that the source reaches, shape ``(band,)``."""
        return np.maximum(norm[:, None] * self.signal + self.background, 0.0).sum(axis=1)

    def slope(self, norm: np.ndarray) -> np.ndarray:
        """Differentiate the statistic with respect to the norm, shape ``(band,)``."""
        positive = norm[:, None] * self.signal + self.background > 0
        pulls = self.seen_counts * self._ratio(norm)
        modelled = 2.0 * (np.sum(self.signal * positive, axis=1) - pulls.sum(axis=1))
        return modelled + self.onoff.slope(norm)

    def curvature(self, norm: np.ndarray) -> np.ndarray:
        """Differentiate the statistic twice, shape ``(band,)``; zero without counts."""
        modelled = 2.0 * np.sum(self.seen_counts * self._ratio(norm) ** 2, axis=1)
        return modelled + self.onoff.curvature(norm)

    def lower_end(self) -> np.ndarray:
        """Give the lowest norm that is considered, shape ``(band,)``; -inf with on/off bins."""
        total = self.signal.sum(axis=1)
        emptied = -self.background.sum(axis=1) / np.where(total > 0, total, 1.0)
        wall = self._wall()
        unbound = np.where(self._has_onoff(), -np.inf, emptied)
        return np.where(np.isfinite(wall), wall, unbound)

    def best_fit(self) -> np.ndarray:
        r"""Find the norm at the minimum, shape ``(band,)``; it may be negative.

        Without on/off bins it lies between `lower_end` and :math:`\sum n_i / \sum s_i`, where the
        slope is never negative.
        """
        end, has_onoff = self.lower_end(), self._has_onoff()
        total = self.signal.sum(axis=1)
        reached = np.where(total > 0, total, 1.0)
        high = np.where(total > 0, self.seen_counts.sum(axis=1) / reached, -np.inf)
        ratio = np.zeros(self.signal.shape)
        np.divide(-self.background, self.signal, out=ratio, where=self.signal > 0)
        emptied = ratio.min(axis=1, initial=np.inf, where=self.signal > 0)
        first, last = self.onoff.ends()
        # Without counts a modelled bin falls until it is empty; below, its statistic is flat.
        low = np.where(np.isfinite(end), end, np.minimum(first, emptied))
        high = np.maximum(np.maximum(high, last), low)
        found = find_root(
            lambda x: (self.slope(x), self.curvature(x)), low, high, np.ones_like(low)
        )
        best = np.where(np.isfinite(self._wall()) | has_onoff, found, low)
        # Less than a trillionth of a count is nothing: empty bands have their minimum there.
        counts = np.abs(best) * (total + self.onoff.signal.sum(axis=1))
        return np.where(counts < 1e-12, 0.0, best)

    def error(self, best: np.ndarray, rise: float) -> np.ndarray:
        r"""Give a symmetric error, shape ``(band,)``: :math:`\sqrt{2\,\Delta / C''}`.

        Where a prediction is clipped at zero, or an empty on/off bin has its kink, the curvature
        does not know the statistic: there it is half of the distance between `lower_limit` and
        `upper_limit`, or the distance to the latter if there is no other.
        """
        with np.errstate(divide="ignore"):
            error = np.sqrt(2.0 * rise / self.curvature(best))
        up = self.upper_limit(best, rise) - best
        down = best - self.lower_limit(best, rise)
        clipped = np.any(
            (best[:, None] * self.signal + self.background <= 0) & (self.signal > 0), 1
        )
        kinked = clipped | self.onoff.at_kink(best) | ~np.isfinite(error)
        return np.where(kinked, np.where(np.isnan(down), up, 0.5 * (up + down)), error)

    def upper_limit(self, best: np.ndarray, rise: float) -> np.ndarray:
        """Find the norm above ``best`` where the statistic has risen by ``rise``; never NaN."""
        bottom = self.stat(best)
        step = self._far(best, rise, 1.0)

        def above(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return self.stat(x) - bottom - rise, self.slope(x)

        # From above, Newton's steps on a convex function never overshoot.
        high = best + step
        return find_root(above, best, high, high - 1e-9 * step)

    def lower_limit(self, best: np.ndarray, rise: float) -> np.ndarray:
        """Find the norm below ``best`` where the statistic has risen by ``rise``.

        NaN where it has not risen so far at `lower_end`.
        """
        bottom, end = self.stat(best), self.lower_end()
        unbound = ~np.isfinite(end)
        low = np.where(unbound, best, end)
        low = np.where(unbound, best - self._far(best, rise, -1.0, unbound), low)

        def below(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return rise - (self.stat(x) - bottom), -self.slope(x)

        reached = self.stat(low) - bottom >= rise
        with np.errstate(divide="ignore"):
            start = best - np.sqrt(2.0 * rise / self.curvature(best))
        return np.where(reached, find_root(below, low, best, start), np.nan)

    def _far(
        self, best: np.ndarray, rise: float, side: float, where: np.ndarray | bool = True
    ) -> np.ndarray:
        """Give a distance at which the statistic has risen by ``rise``, in the bands wanted."""
        bottom = self.stat(best)
        total = self.signal.sum(axis=1) + self.onoff.signal.sum(axis=1)
        step = np.broadcast_to(rise / (2.0 * total), best.shape)
        while np.any(short := where & (self.stat(best + side * step) - bottom < rise)):
            step = np.where(short, 2.0 * step, step)
        return step

    def _has_onoff(self) -> np.ndarray:
        return np.any(self.onoff.signal > 0, axis=1)

    def _seen(self, norm: np.ndarray) -> np.ndarray:
        return norm[:, None] * self.seen_signal + self.seen_background

    def _ratio(self, norm: np.ndarray) -> np.ndarray:
        return self.seen_signal / np.maximum(self._seen(norm), NPRED_FLOOR)

    def _wall(self) -> np.ndarray:
        """Give the norm below which a bin with counts would have no prediction, shape (band,)."""
        ratio = np.full(self.seen_signal.shape, -np.inf)
        reached = (self.seen_signal > 0) & (self.seen_counts > 0)
        np.divide(-self.seen_background, self.seen_signal, out=ratio, where=reached)
        return ratio.max(axis=1, initial=-np.inf)


def norm_profile(
    signal: Sequence[np.ndarray],
    background: Sequence[np.ndarray],
    counts: Sequence[np.ndarray],
    counts_off: Sequence[np.ndarray] | None = None,
    alpha: Sequence[np.ndarray] | None = None,
) -> NormProfile:
    """Collect the bins of each band.

    Parameters
    ----------
    signal, background, counts :
        For each band, flat arrays over its bins: counts of the source for a norm of one, of
        everything else that is modelled, and observed.
    counts_off, alpha :
        Likewise the counts off the source and the ratio of the acceptances; NaN in bins whose
        background is a model. Without them that is so everywhere.

    Raises
    ------
    ValueError
        If the source predicts nothing in a band.
    """
    for i, s in enumerate(signal):
        if not np.any(s > 0):
            raise ValueError(f"the source predicts no counts in band {i}")
    if alpha is None or counts_off is None:
        alpha = counts_off = [np.full(len(s), np.nan) for s in signal]
    measured = [np.isfinite(a) for a in alpha]
    onoff = onoff_bins(
        *(
            [row[k] for row, k in zip(rows, measured, strict=True)]
            for rows in (signal, background, counts, counts_off, alpha)
        )
    )
    bands = [
        (s[~k], b[~k], n[~k])
        for s, b, n, k in zip(signal, background, counts, measured, strict=True)
    ]
    reached = [s > 0 for s, _, _ in bands]
    seen = [r & (n > 0) for r, (_, _, n) in zip(reached, bands, strict=True)]
    rest = [
        float(np.sum(np.asarray(cash(n[~r], b[~r]))))
        for r, (_, b, n) in zip(reached, bands, strict=True)
    ]
    return NormProfile(
        signal=pad([s[r] for r, (s, _, _) in zip(reached, bands, strict=True)]),
        background=pad([b[r] for r, (_, b, _) in zip(reached, bands, strict=True)]),
        seen_signal=pad([s[k] for k, (s, _, _) in zip(seen, bands, strict=True)]),
        seen_background=pad([b[k] for k, (_, b, _) in zip(seen, bands, strict=True)], 1.0),
        seen_counts=pad([n[k] for k, (_, _, n) in zip(seen, bands, strict=True)]),
        rest=np.array(rest),
        onoff=onoff,
    )
