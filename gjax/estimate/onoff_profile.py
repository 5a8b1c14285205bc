r"""The on/off statistic as a function of the norm of one source, everything else fixed.

A bin has counts :math:`n` on the source and :math:`m` in the off region, whose expected background
:math:`b` is a parameter of its own and is profiled. Here are the sums over such bins, for many
bands at once; `gjax.estimate.norm_profile` joins them with bins of modelled background and finds
minima and limits.
"""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import numpy as np

__all__ = ["OnOffBins", "expected", "onoff_bins", "pad"]


def expected(
    signal: np.ndarray, counts: np.ndarray, counts_off: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the expected counts on and off the source for the background that fits best.

    The background :math:`b` minimises the statistic of both counts for a given signal :math:`s`:

    .. math::

        \lambda = s + \alpha b, \quad
        b = \frac{C + D}{2 \alpha (1 + \alpha)}, \quad C = \alpha (n + m) - (1 + \alpha) s, \quad
        D^2 = \bigl((1 + \alpha) s + \alpha (m - n)\bigr)^2 + 4 \alpha^2 n m

    Neither is ever negative, for a negative signal neither: then there is background enough for it.

    Parameters
    ----------
    signal :
        Expected counts of sources, shape of all others.
    counts, counts_off :
        Counts on and off the source.
    alpha :
        Ratio of the acceptances, above zero.

    Returns
    -------
    on, off :
        :math:`\lambda` and :math:`b`.
    """
    root = np.hypot(
        (1 + alpha) * signal + alpha * (counts_off - counts),
        2 * alpha * np.sqrt(counts * counts_off),
    )
    total = alpha * (counts + counts_off)
    minus, plus = total - (1 + alpha) * signal, total + (1 + alpha) * signal
    # Of the two forms of each solution the one that does not subtract nearly equal numbers.
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.where(
            minus >= 0,
            (minus + root) / (2 * alpha * (1 + alpha)),
            2 * counts_off * signal / (root - minus),
        )
        on = np.where(
            plus >= 0,
            (plus + root) / (2 * (1 + alpha)),
            -2 * alpha * counts * signal / (root - plus),
        )
    return on, off


class OnOffBins(eqx.Module):
    r"""The bins of each band that were measured on and off the source.

    .. math::

        W = 2 \sum_i \Bigl(\lambda_i - n_i + n_i \ln \frac{n_i}{\lambda_i}
        + b_i - m_i + m_i \ln \frac{m_i}{b_i}\Bigr)

    with the expected counts of `expected` for the signal :math:`x s_i + o_i`. The sum is convex in
    the norm :math:`x` and rises without end on both sides.

    Parameters
    ----------
    signal, other :
        Counts of the source for a norm of one and of all other sources, shape ``(band, bin)``.
    counts, counts_off, alpha :
        What was measured, and the ratio of the acceptances. Bins that only fill up a row have
        neither signal nor counts, and an alpha of one.
    """

    signal: np.ndarray
    other: np.ndarray
    counts: np.ndarray
    counts_off: np.ndarray
    alpha: np.ndarray

    def stat(self, norm: np.ndarray) -> np.ndarray:
        """Evaluate the statistic of each band, shape ``(band,)``."""
        on, off = self._expected(norm)
        bins = _deviance(self.counts, on) + _deviance(self.counts_off, off)
        return bins.sum(axis=1)

    def slope(self, norm: np.ndarray) -> np.ndarray:
        """Differentiate the statistic with respect to the norm, shape ``(band,)``."""
        on, off = self._expected(norm)
        with np.errstate(divide="ignore", invalid="ignore"):
            # Either derivative holds where its expectation is above zero.
            by_on = 2 * (1 - self.counts / on)
            by_off = 2 * (self.counts_off / off - 1) / self.alpha
        slope = np.where(on > 0, by_on, np.where(off > 0, by_off, 0.0))
        return np.sum(self.signal * slope, axis=1)

    def curvature(self, norm: np.ndarray) -> np.ndarray:
        """Differentiate the statistic twice, shape ``(band,)``; kinks do not count."""
        on, off = self._expected(norm)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.where(on > 0, on**2 / self.counts, 0.0)
            variance += np.where(off > 0, self.alpha**2 * off**2 / self.counts_off, 0.0)
            curvature = np.where(variance > 0, 2 / variance, 0.0)
        return np.sum(self.signal**2 * curvature, axis=1)

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        r"""Give norms between which the minimum lies, shape ``(band,)`` each.

        The statistic of one bin is lowest where its signal is the excess :math:`n - \alpha m`. A
        band without any such bin has ends of minus and plus infinity in reverse order.
        """
        reached = self.signal > 0
        best = np.zeros(self.signal.shape)
        excess = self.counts - self.alpha * self.counts_off - self.other
        np.divide(excess, self.signal, out=best, where=reached)
        low = np.where(reached, best, np.inf).min(axis=1, initial=np.inf)
        return low, np.where(reached, best, -np.inf).max(axis=1, initial=-np.inf)

    def at_kink(self, norm: np.ndarray) -> np.ndarray:
        """Tell whether a norm is where an empty bin has its kink, shape ``(band,)``."""
        empty = (self.signal > 0) & (self.counts + self.counts_off == 0)
        mu = norm[:, None] * self.signal + self.other
        return np.any(empty & (np.abs(mu) <= 1e-9 * (np.abs(self.other) + 1e-3)), axis=1)

    def _expected(self, norm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        signal = norm[:, None] * self.signal + self.other
        return expected(signal, self.counts, self.counts_off, self.alpha)


def _deviance(counts: np.ndarray, mean: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = np.where(counts > 0, counts * np.log(counts / mean), 0.0)
    return 2 * (mean - counts + pull)


def onoff_bins(
    signal: Sequence[np.ndarray],
    other: Sequence[np.ndarray],
    counts: Sequence[np.ndarray],
    counts_off: Sequence[np.ndarray],
    alpha: Sequence[np.ndarray],
) -> OnOffBins:
    """Collect the on/off bins of each band; parameters as in `OnOffBins`, one flat array a band."""
    return OnOffBins(pad(signal), pad(other), pad(counts), pad(counts_off), pad(alpha, 1.0))


def pad(rows: Sequence[np.ndarray], fill: float = 0.0) -> np.ndarray:
    """Write rows of different lengths into one array."""
    padded = np.full((len(rows), max(map(len, rows), default=0)), fill)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    return padded
