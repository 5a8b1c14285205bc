r"""Diagnostics of chains: split R-hat and effective sample sizes on ranks.

.. math:: \hat R = \sqrt{\frac{(n - 1) / n \cdot W + B / n}{W}}

with the variance W within and B between half chains of n draws each. The draws are replaced by the
normal scores of their ranks, so that heavy tails and infinite variances are seen; the larger of the
values for the draws and for their distances from the median is taken. The effective sizes are those
of the middle (bulk) and of the 5% and 95% quantiles (tail).

References
----------
A. Vehtari et al., Bayesian Analysis 16 (2021) 667, equations 3 to 14.
"""

from __future__ import annotations

import numpy as np

__all__ = ["PosteriorWarning", "ess_bulk", "ess_tail", "r_hat"]


class PosteriorWarning(UserWarning):
    """Draws that do not represent the posterior: divergences, or chains that disagree."""


def r_hat(draws: np.ndarray) -> float:
    """Tell how far chains disagree: 1 if they do not, NaN for draws that do not move.

    Parameters
    ----------
    draws :
        One quantity, shape ``(chain, draw)``; NaN is given for fewer than four draws.
    """
    halves = _split(draws)
    folded = np.abs(halves - np.median(halves))
    return max(_split_r_hat(_scores(halves)), _split_r_hat(_scores(folded)), key=_nan_is_largest)


def ess_bulk(draws: np.ndarray) -> float:
    """Count the independent draws that would give the middle as well; shape ``(chain, draw)``."""
    return _ess(_scores(_split(draws)))


def ess_tail(draws: np.ndarray) -> float:
    """Count the independent draws that would give the 5% and the 95% quantile as well."""
    low, high = np.quantile(draws, (0.05, 0.95))
    return min(_ess(_split((draws <= q).astype(float))) for q in (low, high))


def _nan_is_largest(value: float) -> float:
    return np.inf if np.isnan(value) else value


def _split(draws: np.ndarray) -> np.ndarray:
    draws = np.asarray(draws, float)
    half = draws.shape[1] // 2
    if half < 2:
        return np.full((2 * len(draws), 4), np.nan)
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _scores(draws: np.ndarray) -> np.ndarray:
    """Replace draws by the normal scores of their ranks."""
    from scipy.stats import rankdata  # takes as long to import as JAX

    ranks = rankdata(draws, method="average").reshape(draws.shape)
    from scipy.special import ndtri  # takes long, and a fit has no chains

    return ndtri((ranks - 0.375) / (draws.size + 0.25))


def _split_r_hat(halves: np.ndarray) -> float:
    n = halves.shape[1]
    within = halves.var(axis=1, ddof=1).mean()
    between = n * halves.mean(axis=1).var(ddof=1)
    if not within > 0:
        return np.nan
    return float(np.sqrt(((n - 1) / n * within + between / n) / within))


def _ess(halves: np.ndarray) -> float:
    """Sum autocorrelations in pairs while they are positive and fall (Geyer's sequence)."""
    chains, n = halves.shape
    centred = halves - halves.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, 2 * n, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :n] / n
    within = covariance[:, 0].mean() * n / (n - 1)
    total = within * (n - 1) / n + halves.mean(axis=1).var(ddof=1)
    if not total > 0:
        return np.nan
    rho = 1.0 - (within - covariance.mean(axis=0) * n / (n - 1)) / total
    rho[0] = 1.0
    pairs = rho[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: ends[0] if ends.size else None])
    time = max(-1.0 + 2.0 * pairs.sum(), 1.0 / np.log10(chains * n))
    return float(chains * n / time)
