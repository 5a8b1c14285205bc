"""Draws from a posterior, with the diagnostics that tell whether to trust them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

from gjax.parameters import Key, Parameters

__all__ = ["Posterior"]

#: Chains that agree to this are called converged.
R_HAT_LIMIT = 1.01


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
        Per draw, shape ``(chain, draw)``: ``diverging``, ``steps``, ``accept_prob``, ``energy``.
    seed, warmup :
        Seed and adaptation steps.
    timing :
        Seconds for ``compile`` and ``sample``.
    versions :
        Versions, device and time of creation.
    """

    parameters: Parameters
    models: Any
    values: np.ndarray
    statistics: dict[str, np.ndarray]
    seed: int
    warmup: int
    timing: dict[str, float]
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def free_names(self) -> tuple[str, ...]:
        """Dotted names of the parameters that were sampled."""
        return tuple(self.parameters.names[i] for i in self.parameters.free)

    @property
    def free_values(self) -> np.ndarray:
        """Draws of the sampled parameters, shape ``(chain, draw, free)``."""
        return self.values[..., list(self.parameters.free)]

    @property
    def divergences(self) -> int:
        """Number of divergent transitions; any hints at a posterior that was not explored."""
        return int(self.statistics["diverging"].sum())

    @property
    def r_hat(self) -> np.ndarray:
        """Split Gelman-Rubin statistic of each sampled parameter."""
        return np.array([float(split_gelman_rubin(v)) for v in self._columns()])

    @property
    def effective_samples(self) -> np.ndarray:
        """Effective number of draws of each sampled parameter, all chains together."""
        return np.array([float(effective_sample_size(v)) for v in self._columns()])

    @property
    def success(self) -> bool:
        """Whether the chains agree (R-hat below 1.01) without divergences."""
        return self.divergences == 0 and bool((self.r_hat < R_HAT_LIMIT).all())

    @property
    def message(self) -> str:
        """What the diagnostics say, for people."""
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
        """Give the draws of the one parameter that is named, shape ``(chain, draw)``."""
        found = self.parameters.select(pattern)
        if len(found) != 1:
            names = ", ".join(self.parameters.names[i] for i in found)
            raise ValueError(f"{pattern!r} names several parameters: {names}")
        return self.values[..., found[0]]

    def mean(self) -> np.ndarray:
        """Posterior mean of all parameters, shape ``(n,)``."""
        return self.values.mean(axis=(0, 1))

    def std(self) -> np.ndarray:
        """Posterior standard deviation of all parameters, shape ``(n,)``."""
        return self.values.std(axis=(0, 1))

    def models_at(self, chain: int, draw: int) -> Any:
        """Give the models of one draw."""
        layout = (
            self.parameters.freeze("*")
            .update(dict(zip(self.parameters.keys, self.values[chain, draw], strict=True)))
            .layout(self.models)
        )
        return jax.device_get(layout.models_at(np.zeros(0)))

    def _columns(self) -> list[np.ndarray]:
        return [self.free_values[..., i] for i in range(self.free_values.shape[-1])]

    def __str__(self) -> str:
        width = max((len(name) for name in self.free_names), default=4)
        lines = [
            f"Posterior: {self.message}",
            f"{self.values.shape[0]} chains of {self.values.shape[1]} draws, "
            f"{self.timing['sample']:.1f} s + {self.timing['compile']:.1f} s compiling",
            f"{'parameter':{width}}  {'mean':>12} {'sd':>11} {'16%':>12} {'84%':>12} "
            f"{'n_eff':>6} {'R-hat':>6}",
        ]
        columns = zip(self._columns(), self.effective_samples, self.r_hat, strict=True)
        for name, (draws, n_eff, r_hat) in zip(self.free_names, columns, strict=True):
            low, high = np.quantile(draws, [0.1587, 0.8413])
            lines.append(
                f"{name:{width}}  {draws.mean():12.6g} {draws.std():11.4g} {low:12.6g} "
                f"{high:12.6g} {n_eff:6.0f} {r_hat:6.3f}"
            )
        return "\n".join(lines)
