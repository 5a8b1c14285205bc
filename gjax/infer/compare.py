r"""Which model do the data prefer: test statistic of nested models, information criteria.

The formulas hold for many counts; p-values from simulated experiments, and whether a model
describes the data at all, are in `gjax.infer.calibrate`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, comb, ndtri

from gjax.infer.problem import Status
from gjax.infer.result import FitResult
from gjax.predict.points import PreparedPoints

__all__ = [
    "Comparison",
    "aic",
    "bic",
    "check_nested",
    "compare_nested",
    "p_to_sigma",
    "p_value_nested",
]

#: A null hypothesis that is better than its alternative by this has not been fitted properly.
_WORSE = 1e-3


@dataclass(frozen=True)
class Comparison:
    r"""A model against a special case of it.

    Parameters
    ----------
    ts :
        Test statistic, the drop of :math:`-2 \ln L` from the null hypothesis to the alternative.
    dof, bounded :
        Number of additional free parameters, and how many of them the null hypothesis puts on a
        bound.
    p_value :
        Probability of as large a test statistic under the null hypothesis, by Wilks' and Chernoff's
        theorems.
    delta_aic, delta_bic :
        Information criteria of the alternative less those of the null hypothesis: negative where
        the alternative is preferred.
    message :
        What to know about it.
    """

    ts: float
    dof: int
    bounded: int
    p_value: float
    delta_aic: float
    delta_bic: float
    message: str = ""

    @property
    def significance(self) -> float:
        """Standard deviations of a normal distribution with the same one-sided p-value."""
        return p_to_sigma(self.p_value)

    def __str__(self) -> str:
        law = f"chi2 with {self.dof} dof" + (f", {self.bounded} at a bound" if self.bounded else "")
        text = (
            f"TS = {self.ts:.2f} ({law}): p = {self.p_value:.3g}, {self.significance:.2f} sigma; "
            f"AIC {self.delta_aic:+.2f}, BIC {self.delta_bic:+.2f}"
        )
        return text + (f"; {self.message}" if self.message else "")


def aic(result: FitResult) -> float:
    """Akaike's information criterion, -2 ln L + 2 k for k free parameters; priors left out."""
    return sum(result.stat_datasets.values()) + 2.0 * len(result.parameters.free)


def bic(result: FitResult) -> float:
    """Bayesian information criterion, -2 ln L + k ln n for n bins in the fit; priors left out."""
    number = sum(_bins(block.data) for block in result.objective.prepared.blocks)
    penalty = len(result.parameters.free) * np.log(max(number, 1))
    return sum(result.stat_datasets.values()) + float(penalty)


def p_value_nested(ts: float, dof: int, bounded: int = 0) -> float:
    r"""Give the probability that the test statistic of nested models is as large as this.

    .. math:: p = 2^{-m} \sum_{j=0}^m \binom{m}{j}\, P(\chi^2_{k - m + j} \geq TS)

    for k additional parameters of which the null hypothesis puts m on a bound: half of chi2 for
    the strength of a source. For m above one, that holds for parameters without correlation.

    References
    ----------
    H. Chernoff, Ann. Math. Stat. 25 (1954) 573; S. Self and K.-Y. Liang, JASA 82 (1987) 605.
    """
    if not 0 <= bounded <= dof or dof < 1:
        raise ValueError(
            f"{bounded} parameters at a bound of {dof} additional ones: no nested test"
        )
    total = 0.0
    for j in range(bounded + 1):
        freedom = dof - bounded + j
        tail = float(chdtrc(freedom, max(ts, 0.0))) if freedom else float(ts <= 0)
        total += float(comb(bounded, j)) * tail
    return total / 2.0**bounded


def compare_nested(
    null: FitResult, alternative: FitResult, *, bounded: int | None = None
) -> Comparison:
    """Compare the fit of a model with that of a special case of it.

    Parameters
    ----------
    null, alternative :
        Fits to the same datasets; ``null`` has fewer free parameters.
    bounded :
        How many of the additional parameters the null hypothesis puts on a bound, such as the
        strength of a source that may not be negative. By default those that are frozen in ``null``
        at a value that is a bound in ``alternative``; where a source is left out of ``null``, say
        it.

    Raises
    ------
    ValueError
        If the datasets differ, or the alternative has no additional parameters.
    """
    check_nested(null, alternative)
    dof = len(alternative.parameters.free) - len(null.parameters.free)
    at_bound = _count_bounded(null, alternative) if bounded is None else bounded
    ts, notes = null.stat - alternative.stat, []
    if ts < -_WORSE:
        notes.append("the alternative fits worse than its special case: fit it from another start")
    notes += [f"{n} did not converge" for n, r in _named(null, alternative) if _failed(r)]
    before = {key[0] for key in null.parameters.keys}
    if any(key[0] not in before for key in alternative.parameters.keys) and dof > 1:
        notes.append("parameters that mean nothing without their source: calibrate with toys")
    return Comparison(
        ts=ts,
        dof=dof,
        bounded=at_bound,
        p_value=p_value_nested(max(ts, 0.0), dof, at_bound),
        delta_aic=aic(alternative) - aic(null),
        delta_bic=bic(alternative) - bic(null),
        message="; ".join(notes),
    )


def check_nested(null: FitResult, alternative: FitResult) -> None:
    """Refuse fits that cannot be compared.

    Raises
    ------
    ValueError
        If the datasets differ, or the alternative has no additional parameters.
    """
    if tuple(null.stat_datasets) != tuple(alternative.stat_datasets):
        raise ValueError("both models must be fitted to the same datasets, in the same order")
    if len(alternative.parameters.free) <= len(null.parameters.free):
        raise ValueError("the alternative must have more free parameters than the null hypothesis")


def _count_bounded(null: FitResult, alternative: FitResult) -> int:
    here, there = null.parameters, alternative.parameters
    number = 0
    for i in there.free:
        key = there.keys[i]
        if key in here.keys and here.keys.index(key) not in here.free:
            value = here.values[here.keys.index(key)]
            number += int(value in (there.minimum[i], there.maximum[i]))
    return number


def _named(null: FitResult, alternative: FitResult) -> list[tuple[str, FitResult]]:
    return [("the null hypothesis", null), ("the alternative", alternative)]


def _failed(result: FitResult) -> bool:
    return result.status not in (Status.CONVERGED, Status.NOTHING_FREE)


def _bins(data: object) -> int:
    if isinstance(data, PreparedPoints):
        return int(np.sum(np.asarray(data.points.is_used)))
    return int(np.sum(np.asarray(data.mask)))  # pyright: ignore[reportAttributeAccessIssue]


def p_to_sigma(p: float) -> float:
    """Give the standard deviations of a normal distribution with the same one-sided p-value."""
    return -float(ndtri(p))
