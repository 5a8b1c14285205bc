"""A correction of a spectrum with a free norm at each of a few energies."""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gjax.model.spectral.abstract import AbstractSpectral
from gjax.numerics.exponential import floored_log, mean_exp
from gjax.numerics.interpolate import interpolate_grid
from gjax.numerics.pieces import integrate_pieces
from gjax.parameters import ParameterSpec, param_tuple
from gjax.typing import Array, ArrayLike, Scalar
from gjax.units import to_internal

__all__ = ["PiecewiseNorm"]


def _as_energy(values: Any) -> Any:
    values = to_internal(values, "TeV", "energy")
    return np.asarray(values, float) if isinstance(values, (list, tuple, np.ndarray)) else values


def _norm_specs(model: Any) -> dict[str, ParameterSpec]:
    # At zero the logarithm has no slope, and a fit would stay there: it stops just above.
    low = 1e-6 if model.interp == "log" else None
    spec = ParameterSpec(1.0, min=low, scale=0.1)
    return {f"norm_{i}": spec for i in range(len(model.norms))}


@final
class PiecewiseNorm(AbstractSpectral):
    """A dimensionless factor given at nodes in energy, interpolated between them.

    Between the nodes it is a power law (``interp="log"``) or linear in energy (``"lin"``); outside
    it is constant. Integrals are exact. The parameters are called ``norm_0``, ``norm_1``, and so
    on.

    Parameters
    ----------
    energy :
        Nodes in TeV, increasing, shape ``(n,)``, at least two.
    norms :
        Factors at the nodes, one by default. With ``interp="log"`` they must not be negative: what
        is below zero counts as zero.
    interp :
        Scale of energies and factors, ``"log"`` or ``"lin"``.

    Raises
    ------
    ValueError
        If there are less than two nodes, not as many norms, or ``interp`` is something else.

    Examples
    --------
    >>> correction = PiecewiseNorm([0.1, 1.0, 10.0], norms=(1.0, 2.0, 1.0))
    >>> f"{correction(3.1622776601683795):.4f}"
    '1.4142'
    """

    energy: Array = eqx.field(converter=_as_energy)
    norms: tuple[Scalar, ...] = param_tuple(_norm_specs)
    interp: str = eqx.field(static=True, default="log")

    def __init__(self, energy: Any, norms: Any = None, interp: str = "log") -> None:
        self.energy, self.interp = energy, interp
        self.norms = (1.0,) * len(energy) if norms is None else norms

    def __check_init__(self) -> None:
        if self.interp not in ("log", "lin"):
            raise ValueError(f"interp is {self.interp!r}, should be 'log' or 'lin'")
        if isinstance(self.energy, np.ndarray) and self.energy.ndim == 1:
            if len(self.energy) != len(self.norms):
                raise ValueError(f"{len(self.norms)} norms for {len(self.energy)} energies")
            if len(self.energy) < 2 or np.any(np.diff(self.energy) <= 0) or self.energy[0] <= 0:
                raise ValueError("needs at least two energies, positive and increasing")

    @property
    def breaks(self) -> Array:
        """The nodes, in TeV."""
        return jnp.asarray(self.energy)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the factor, a pure number."""
        scaled = self._scaled(energy)
        return jnp.exp(scaled) if self.interp == "log" else scaled

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate the factor over energy exactly, in TeV."""
        return self._integrate(energy_min, energy_max, 1)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate energy times the factor exactly, in TeV2."""
        return self._integrate(energy_min, energy_max, 2)

    def _scaled(self, energy: ArrayLike) -> Array:
        nodes, norms = jnp.asarray(self.energy), jnp.stack([jnp.asarray(n) for n in self.norms])
        point = jnp.asarray(energy, float)
        if self.interp == "log":
            nodes, point = jnp.log(nodes), jnp.log(point)
            norms = floored_log(norms)
        return interpolate_grid(norms, [nodes], [point], extrapolate=False)

    def _integrate(self, energy_min: ArrayLike, energy_max: ArrayLike, power: int) -> Array:
        def power_laws(start: Array, stop: Array) -> Array:
            low, high = jnp.log(start), jnp.log(stop)
            ends = self._scaled(start) + power * low, self._scaled(stop) + power * high
            return (high - low) * mean_exp(*ends)

        def lines(start: Array, stop: Array) -> Array:
            middle = 0.5 * (start + stop)
            values = [self(energy) * energy ** (power - 1) for energy in (start, middle, stop)]
            return (stop - start) / 6.0 * (values[0] + 4.0 * values[1] + values[2])

        rule = power_laws if self.interp == "log" else lines
        return integrate_pieces(rule, energy_min, energy_max, self.energy)
