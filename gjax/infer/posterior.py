"""Draws from a posterior, with the diagnostics that tell whether to trust them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import numpy as np

from gjax.dataset.info import InfoTable
from gjax.infer.diagnostics import ess_bulk, ess_tail, r_hat
from gjax.infer.objective import Objective
from gjax.parameters import Key, Parameters
from gjax.units import to_quantity

__all__ = ["Posterior"]

#: Chains that agree to this are called converged.
R_HAT_LIMIT = 1.01

_QUICK_LOOKS = {
    "laplace": "Gaussian around the best fit",
    "svi": "Gaussian fitted to the posterior by variational inference",
}


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the parameters in model space.

    Parameters
    ----------
    parameters, models :
        The table and models of the fit from which the chains started.
    values :
        Values of all parameters in internal units, shape ``(chain, draw, n)``.
    statistics :
        Per draw, shape ``(chain, draw)``: of chains ``diverging``, ``steps``, ``accept_prob``,
        ``energy`` and ``step_size``.
    seed, warmup :
        Seed and adaptation steps.
    timing :
        Seconds for ``compile`` and ``sample``.
    versions :
        Versions, device and time of creation.
    priors :
        What was assumed of each sampled parameter, in words; see `gjax.infer.priors`.
    objective :
        The statistic with its data; None in a posterior that was read from a file.
    method :
        ``nuts``, ``nested``, or a quick look: ``laplace`` or ``svi``.
    info :
        What the method found besides, such as ``log_evidence``.
    """

    parameters: Parameters
    models: Any
    values: np.ndarray
    statistics: dict[str, np.ndarray]
    seed: int
    warmup: int
    timing: dict[str, float]
    versions: dict[str, str] = field(default_factory=dict)
    priors: dict[str, str] = field(default_factory=dict)
    objective: Objective | None = None
    method: str = "nuts"
    info: dict[str, float] = field(default_factory=dict)

    @property
    def free_names(self) -> tuple[str, ...]:
        """Dotted names of the parameters that were sampled."""
        return tuple(self.parameters.names[i] for i in self.parameters.free)

    @property
    def free_values(self) -> np.ndarray:
        """Draws of the sampled parameters, shape ``(chain, draw, free)``."""
        return self.values[..., list(self.parameters.free)]

    @property
    def units(self) -> tuple[str, ...]:
        """Units of the sampled parameters."""
        return tuple(self.parameters.units[i] for i in self.parameters.free)

    @property
    def divergences(self) -> int:
        """Number of divergent transitions; any hints at a posterior that was not explored."""
        return int(np.sum(self.statistics.get("diverging", 0)))

    @cached_property
    def r_hat(self) -> np.ndarray:
        """Rank-normalised split R-hat of each sampled parameter."""
        return self._each(r_hat)

    @cached_property
    def effective_samples(self) -> np.ndarray:
        """Effective number of draws (bulk) of each sampled parameter, all chains together."""
        return self._each(ess_bulk)

    @cached_property
    def effective_samples_tail(self) -> np.ndarray:
        """Effective number of draws for the 5% and 95% quantiles, whichever is lower."""
        return self._each(ess_tail)

    @property
    def is_quick_look(self) -> bool:
        """Whether the draws are those of an approximation."""
        return self.method in _QUICK_LOOKS

    @property
    def success(self) -> bool:
        """Whether the draws are those of the posterior, as far as their diagnostics tell.

        Chains agree (R-hat below 1.01) without divergences. Never true of a quick look.
        """
        if self.is_quick_look:
            return False
        return self.divergences == 0 and bool((self.r_hat < R_HAT_LIMIT).all())

    @property
    def message(self) -> str:
        """What the diagnostics say, for people."""
        if self.is_quick_look:
            fraction = self.info.get("efficiency", np.nan)
            return (
                f"quick look, not sampled: {_QUICK_LOOKS[self.method]}; as draws of the posterior "
                f"they are worth {100 * fraction:.0f}% of their number"
            )
        if self.success:
            return "converged: R-hat below 1.01, no divergences"
        problems = []
        if self.divergences:
            problems.append(f"{self.divergences} divergences")
        high = [n for n, r in zip(self.free_names, self.r_hat, strict=True) if not r < R_HAT_LIMIT]
        if high:
            problems.append("R-hat above 1.01 for " + ", ".join(high))
        return "not converged: " + "; ".join(problems)

    def draws(self, pattern: str | Key) -> np.ndarray:
        """Give the draws of the one parameter that is named, shape ``(chain, draw)``.

        They are in internal units.

        Raises
        ------
        gjax.errors.UnknownNameError
            If there is no such parameter.
        ValueError
            If there are several.
        """
        found = self.parameters.select(pattern)
        if len(found) != 1:
            names = ", ".join(self.parameters.names[i] for i in found)
            raise ValueError(f"{pattern!r} names several parameters: {names}")
        return self.values[..., found[0]]

    def quantity(self, pattern: str | Key) -> Any:
        """Give the same draws with their unit, as an `astropy.units.Quantity`."""
        (i,) = self.parameters.select(pattern)[:1]
        return to_quantity(self.draws(pattern), self.parameters.units[i])

    def mean(self) -> np.ndarray:
        """Posterior mean of all parameters, shape ``(n,)``."""
        return self.values.mean(axis=(0, 1))

    def std(self) -> np.ndarray:
        """Posterior standard deviation of all parameters, shape ``(n,)``."""
        return self.values.std(axis=(0, 1))

    def summary(self, quantiles: Sequence[float] = (0.05, 0.1587, 0.5, 0.8413, 0.95)) -> InfoTable:
        """Sum up the draws: one row per sampled parameter.

        Returns
        -------
        table :
            Columns ``name``, ``unit``, ``mean``, ``sd``, the quantiles (such as ``q16``),
            ``ess_bulk``, ``ess_tail``, ``r_hat``, and ``divergences`` of the chains, the same in
            every row; a mapping that prints as a table.
        """
        rows = []
        for i, name in enumerate(self.free_names):
            draws = self.free_values[..., i]
            row: dict[str, Any] = {"name": name, "unit": self.units[i]}
            row |= {"mean": float(draws.mean()), "sd": float(draws.std())}
            row |= {f"q{100 * q:.3g}": float(np.quantile(draws, q)) for q in quantiles}
            row["ess_bulk"] = float(np.round(self.effective_samples[i]))
            row["ess_tail"] = float(np.round(self.effective_samples_tail[i]))
            row |= {"r_hat": float(self.r_hat[i]), "divergences": self.divergences}
            rows.append(row)
        return InfoTable(tuple(rows))

    def models_at(self, chain: int, draw: int) -> Any:
        """Give the models of one draw."""
        layout = (
            self.parameters.freeze("*")
            .update(dict(zip(self.parameters.keys, self.values[chain, draw], strict=True)))
            .layout(self.models)
        )
        return jax.device_get(layout.models_at(np.zeros(0)))

    def to_arviz(self, **options: Any) -> Any:
        """Hand the draws to ArviZ; options are those of `gjax.infer.arviz.to_arviz`."""
        from gjax.infer.arviz import to_arviz

        return to_arviz(self, **options)

    def _each(self, function: Callable[[np.ndarray], float]) -> np.ndarray:
        draws = self.free_values
        return np.array([function(draws[..., i]) for i in range(draws.shape[-1])])

    def __str__(self) -> str:
        width = max((len(name) for name in self.free_names), default=4)
        chains, draws = self.values.shape[:2]
        lines = [
            f"Posterior: {self.message}",
            f"{chains} chain{'s' if chains > 1 else ''} of {draws} draws, "
            f"{self.timing['sample']:.1f} s + {self.timing['compile']:.1f} s compiling",
            *(f"{name} {value:.6g}" for name, value in self.info.items()),
            f"{'parameter':{width}}  {'mean':>12} {'sd':>11} {'16%':>12} {'84%':>12} "
            f"{'bulk':>6} {'tail':>6} {'R-hat':>6}  unit",
        ]
        for i, name in enumerate(self.free_names):
            values = self.free_values[..., i]
            low, high = np.quantile(values, [0.1587, 0.8413])
            lines.append(
                f"{name:{width}}  {values.mean():12.6g} {values.std():11.4g} {low:12.6g} "
                f"{high:12.6g} {self.effective_samples[i]:6.0f} "
                f"{self.effective_samples_tail[i]:6.0f} {self.r_hat[i]:6.3f}  {self.units[i]}"
            )
        if self.priors:
            lines.append("priors:")
            lines += [f"{name:{width}}  {text}" for name, text in self.priors.items()]
        return "\n".join(line.rstrip() for line in lines)
