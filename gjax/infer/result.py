"""What a fit gives back."""

from __future__ import annotations

import dataclasses
import textwrap
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gjax.infer.covariance import covariance_of_kind, covariance_of_values
from gjax.infer.objective import Objective
from gjax.infer.problem import Status
from gjax.parameters import Key, Parameters

__all__ = ["FitResult"]


@dataclass(frozen=True, eq=False)
class FitResult:
    """The outcome of a fit; failure is a value here, not an exception.

    Parameters
    ----------
    status :
        How the minimisation ended.
    stat :
        Total statistic at the best fit, priors included: minus twice the logarithm of their
        densities, with the constants that make them densities.
    stat_datasets :
        Statistic of each dataset by name, without priors.
    models, parameters :
        The models and the table at the best fit.
    covariance :
        Covariance of all parameters in internal units, shape ``(n, n)``, in the order of
        ``parameters``: twice the inverse of the exact Hessian of the statistic, links followed;
        zero for frozen parameters, those on a bound and those without effect.
    correlation_condition :
        Condition number of the correlation matrix: above 1e8 the parameters are degenerate.
    theta, gradient_norm, edm :
        Free coordinates at the best fit; the largest pull of the gradient, in units of the errors;
        and the estimated distance to the minimum in units of the statistic.
    at_bounds :
        Keys of the parameters on a bound that the data would cross.
    at_kinks :
        Keys of the parameters at a value where the slope of the statistic jumps from negative to
        positive, such as the amplitude zero of an on/off spectrum with empty bins.
    covariance_kind :
        ``"exact"``, or what `with_covariance` was asked for.
    without_effect :
        Keys of the free parameters on which the statistic does not depend at the best fit, such as
        those of a source that no dataset sees (then the fit is no success), or the index of a
        source whose amplitude is on its bound of zero.
    degenerate :
        Keys of the parameters of which the data measure only a combination, where the condition
        number is above 1e8; their errors are then meaningless. Freeze one of them.
    unplaced :
        Keys of positions that are known to no better than ten pixels and the radius of the source:
        a source too faint to be placed. The fit is then no success, as there may be better places.
    evaluations :
        Evaluations of statistic and gradient.
    trace :
        Statistic after each accepted step.
    timing :
        Seconds spent in ``prepare``, ``compile``, ``fit`` and ``covariance``; compiling is counted
        apart and in none of the others.
    objective :
        The function that was minimised, ready for profiles and samplers.
    versions :
        Versions, device and time of creation.
    """

    status: Status
    stat: float
    stat_datasets: dict[str, float]
    models: Any
    parameters: Parameters
    covariance: np.ndarray
    correlation_condition: float
    theta: np.ndarray
    gradient_norm: float
    edm: float
    at_bounds: tuple[Key, ...]
    evaluations: int
    trace: tuple[float, ...]
    timing: dict[str, float]
    objective: Objective
    versions: dict[str, str] = field(default_factory=dict)
    without_effect: tuple[Key, ...] = ()
    at_kinks: tuple[Key, ...] = ()
    covariance_kind: str = "exact"
    degenerate: tuple[Key, ...] = ()
    unplaced: tuple[Key, ...] = ()

    @property
    def success(self) -> bool:
        """Whether the fit converged to a minimum; never true for one that has not."""
        return self.status is Status.CONVERGED

    @property
    def message(self) -> str:
        """What happened, for people."""
        text = self.status.value
        if self.at_bounds:
            text += "; on a bound: " + _listed(self.at_bounds)
        if self.at_kinks:
            text += "; at a kink of the statistic, where no error is defined: "
            text += _listed(self.at_kinks)
        if self.without_effect:
            advice = "" if self.success else " (freeze these)"
            text += f"; the data do not depend on{advice}: {_listed(self.without_effect)}"
        if self.unplaced:
            text += "; known to no better than ten pixels (freeze these): " + _listed(self.unplaced)
        if self.degenerate:
            text += "; degenerate, only a combination of these is measured (freeze one): "
            text += _listed(self.degenerate)
        return text

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of all parameters, ``(n,)``; zero if frozen.

        NaN on a bound or kink, and for parameters without effect.
        """
        errors = np.sqrt(np.diag(self.covariance))
        undefined = self.at_bounds + self.at_kinks + self.without_effect
        held = [self.parameters.keys.index(key) for key in undefined]
        errors[held] = np.nan
        return errors

    @property
    def correlation(self) -> np.ndarray:
        """Correlation of all parameters, shape ``(n, n)``; zero rows where frozen."""
        sigma = np.sqrt(np.diag(self.covariance))
        safe = np.where(sigma > 0, sigma, 1.0)
        return self.covariance / np.outer(safe, safe)

    def with_covariance(self, kind: str) -> FitResult:
        """Give the same fit with another covariance, and so with other errors.

        Parameters
        ----------
        kind :
            ``"exact"``, ``"expected"`` (Fisher information) or ``"sandwich"`` (right also where
            counts scatter otherwise than the model says); see
            `gjax.infer.covariance.covariance_of_kind`.
        """
        table = self.parameters
        still = {*self.at_bounds, *self.at_kinks, *self.without_effect}
        held = np.array([table.keys[i] in still for i in table.free], bool)
        inverse = covariance_of_kind(self.objective, self.theta, held, kind)
        return dataclasses.replace(
            self,
            covariance=covariance_of_values(self.objective.layout, self.theta, inverse.covariance),
            correlation_condition=inverse.condition,
            covariance_kind=kind,
            degenerate=tuple(table.keys[table.free[i]] for i in inverse.degenerate),
        )

    def value(self, pattern: str | Key) -> float:
        """Give the best-fit value of the one parameter that a key or pattern names."""
        return float(self.parameters.values[self._only(pattern)])

    def error(self, pattern: str | Key) -> float:
        """Give the standard error of the one parameter that a key or pattern names."""
        return float(self.errors[self._only(pattern)])

    def _only(self, pattern: str | Key) -> int:
        found = self.parameters.select(pattern)
        if len(found) != 1:
            names = ", ".join(self.parameters.names[i] for i in found)
            raise ValueError(f"{pattern!r} names several parameters: {names}")
        return found[0]

    def _stat_text(self) -> str:
        if not self.parameters.priors:
            return f"{self.stat:.3f}"
        data = sum(self.stat_datasets.values())
        return f"{self.stat:.3f} (data {data:.3f}, priors {self.stat - data:.3f})"

    def _is_varied(self, key: Key) -> bool:
        table = self.parameters
        return key in table.links or not table.frozen[table.keys.index(key)]

    def __str__(self) -> str:
        table = self.parameters
        varied = (n for k, n in zip(table.keys, table.names, strict=True) if self._is_varied(k))
        width = max((len(name) for name in varied), default=4)
        kind = "" if self.covariance_kind == "exact" else f"  ({self.covariance_kind} errors)"
        state = "success" if self.success else "FAILED"
        lines = [
            f"Fit: {state} ({self.message})",
            f"stat {self._stat_text()}, {self.evaluations} evaluations, "
            f"distance to minimum {self.edm:.1e}, {self.timing['fit']:.2f} s "
            f"+ {self.timing['compile']:.2f} s compiling",
            f"{'parameter':{width}}  {'value':>13} {'error':>11}  unit{kind}",
        ]
        frozen = []
        for i, (key, name) in enumerate(zip(table.keys, table.names, strict=True)):
            if self._is_varied(key):
                lines.append(
                    f"{name:{width}}  {table.values[i]:13.6g} {self.errors[i]:11.4g}  "
                    f"{table.units[i]}".rstrip()
                )
            else:
                frozen.append(f"{name} = {table.values[i]:g} {table.units[i]}".rstrip())
        return "\n".join(lines + _paragraph("frozen: ", frozen))


def _paragraph(title: str, items: list[str]) -> list[str]:
    """Set a list as lines of at most a hundred characters, broken only between its items."""
    whole = ", ".join(item.replace(" ", "\N{NO-BREAK SPACE}") for item in items)
    lines = textwrap.wrap(whole, 100 - len(title), break_long_words=False, break_on_hyphens=False)
    indents = [title] + [" " * len(title)] * len(lines)
    return [i + s.replace("\N{NO-BREAK SPACE}", " ") for i, s in zip(indents, lines, strict=False)]


def _listed(keys: tuple[Key, ...]) -> str:
    return ", ".join(".".join(key) for key in keys)
