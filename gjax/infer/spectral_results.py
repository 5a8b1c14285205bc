r"""What is read off a fitted spectrum: fluxes, indices, characteristic energies, error bands.

Each takes a fit or a posterior and the name of a source; energies are Quantities or numbers in TeV.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize_scalar

from gjax.infer.derived import Derived, DerivedDraws, coordinate_covariance, derived
from gjax.infer.posterior import Posterior
from gjax.infer.result import FitResult
from gjax.typing import Array, ArrayLike
from gjax.units import to_internal, to_quantity

__all__ = [
    "FluxBand",
    "energy_flux",
    "flux_band",
    "peak_energy",
    "photon_flux",
    "pivot_energy",
    "spectral_index",
]

_DNDE = "cm-2 s-1 TeV-1"
_ONE_SIGMA = (0.158655253931457, 0.5, 0.841344746068543)
_N_GRID, _N_BISECTIONS = 200, 50


@dataclass(frozen=True, eq=False)
class FluxBand:
    """A spectrum with its 68% band ("butterfly").

    Parameters
    ----------
    energy :
        In TeV, shape ``(n,)``.
    dnde, lower, upper :
        Differential flux and the ends of the band, in cm-2 s-1 TeV-1, shape ``(n,)``.
    """

    energy: np.ndarray
    dnde: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @property
    def quantities(self) -> tuple[Any, Any, Any, Any]:
        """Energy, flux, lower and upper end with their units."""
        return to_quantity(self.energy, "TeV"), *(
            to_quantity(values, _DNDE) for values in (self.dnde, self.lower, self.upper)
        )

    def __str__(self) -> str:
        lines = [f"{'energy [TeV]':>12} {'dnde':>11} {'lower':>11} {'upper':>11}  [{_DNDE}]"]
        rows = zip(self.energy, self.dnde, self.lower, self.upper, strict=True)
        return "\n".join(
            lines + [f"{e:12.5g} {f:11.4e} {low:11.4e} {up:11.4e}" for e, f, low, up in rows]
        )


def photon_flux(
    result: FitResult | Posterior, source: str, energy_min: ArrayLike, energy_max: ArrayLike
) -> Derived | DerivedDraws:
    """Integrate dN/dE of a source between two energies (arrays broadcast), in cm-2 s-1."""
    low, high = _energies(energy_min, "energy_min"), _energies(energy_max, "energy_max")
    return derived(
        result,
        lambda models: models[source].spectral.integral(low, high),
        name=f"{source} photon flux",
        unit="cm-2 s-1",
    )


def energy_flux(
    result: FitResult | Posterior, source: str, energy_min: ArrayLike, energy_max: ArrayLike
) -> Derived | DerivedDraws:
    """Integrate E dN/dE of a source between two energies (arrays broadcast), in TeV cm-2 s-1."""
    low, high = _energies(energy_min, "energy_min"), _energies(energy_max, "energy_max")
    return derived(
        result,
        lambda models: models[source].spectral.energy_flux(low, high),
        name=f"{source} energy flux",
        unit="TeV cm-2 s-1",
    )


def spectral_index(
    result: FitResult | Posterior, source: str, energy: ArrayLike
) -> Derived | DerivedDraws:
    r"""Give the local index of a source, :math:`-d \ln (dN/dE) / d \ln E`, at energies."""
    at = jnp.log(_energies(energy, "energy"))

    def index(models: Any) -> Array:
        return -jax.jvp(_log_dnde(models, source), (at,), (jnp.ones_like(at),))[1]

    return derived(result, index, name=f"{source} spectral index")


def peak_energy(
    result: FitResult | Posterior,
    source: str,
    energy_min: ArrayLike = 1e-3,
    energy_max: ArrayLike = 1e3,
) -> Derived | DerivedDraws:
    r"""Find the energy in TeV at which :math:`E^2\,dN/dE` of a source is largest.

    The error follows from the shift of the maximum with the parameters (implicit derivative).

    Parameters
    ----------
    result, source :
        A fit or a posterior, and the name of the source.
    energy_min, energy_max :
        Where to look.

    Raises
    ------
    ValueError
        If the spectrum of a fit has no maximum between these energies. A draw of a posterior
        without one gives NaN.
    """
    low, high = (
        float(_energies(energy_min, "energy_min")),
        float(_energies(energy_max, "energy_max")),
    )
    grid = jnp.linspace(np.log(low), np.log(high), _N_GRID)
    found = derived(
        result,
        lambda models: _peak(_log_dnde(models, source), grid),
        name=f"{source} peak energy",
        unit="TeV",
    )
    if isinstance(found, Derived) and np.isnan(found.value):
        raise ValueError(f"E^2 dN/dE of {source!r} has no maximum from {low:g} to {high:g} TeV")
    return found


def pivot_energy(
    result: FitResult, source: str, energy_min: ArrayLike = 1e-3, energy_max: ArrayLike = 1e3
) -> Any:
    r"""Find the energy at which the flux of a source is known best, relatively.

    At this reference energy amplitude and index of a power law are not correlated
    (:math:`\ln E_p = \ln E_0 + \mathrm{Cov}(N, \Gamma) / (N\,\mathrm{Var}\,\Gamma)`).

    Returns
    -------
    energy :
        A Quantity in TeV.

    Raises
    ------
    ValueError
        If the relative error has no minimum between the energies.
    """
    low, high = (np.log(float(_energies(e, "energy"))) for e in (energy_min, energy_max))
    layout, theta = result.objective.layout, jnp.asarray(result.theta)
    covariance = jnp.asarray(coordinate_covariance(result))

    @jax.jit
    def variance(x: Array) -> Array:
        slope = jax.grad(lambda point: _log_dnde(layout.models_at(point), source)(x))(theta)
        return slope @ covariance @ slope

    grid = np.linspace(low, high, _N_GRID)
    values = np.asarray(jax.lax.map(variance, jnp.asarray(grid)))
    i = int(np.argmin(values))
    if i in (0, _N_GRID - 1) or not np.isfinite(values).all() or np.ptp(values) < 1e-12 * values[i]:
        raise ValueError(f"the relative error of the flux of {source!r} has no minimum in range")
    found = minimize_scalar(
        lambda x: float(variance(jnp.asarray(x))),
        bounds=(grid[i - 1], grid[i + 1]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return to_quantity(np.exp(float(found.x)), "TeV")


def flux_band(result: FitResult | Posterior, source: str, energy: ArrayLike) -> FluxBand:
    r"""Give the spectrum of a source with its 68% band at energies.

    From a fit the error is propagated linearly to the logarithm of the flux, so that the band is
    :math:`f \exp(\pm\sigma_f / f)` and never crosses zero (:math:`f \pm \sigma_f` where the flux is
    not positive). From a posterior it is the median with the central 68.3% of the draws.
    """
    at = np.atleast_1d(np.asarray(_energies(energy, "energy")))
    found = derived(result, lambda models: models[source].spectral(at), name=source, unit=_DNDE)
    if isinstance(found, DerivedDraws):
        low, middle, high = found.quantile(np.array(_ONE_SIGMA))
        return FluxBand(at, middle, low, high)
    dnde, error = found.value, found.error
    positive = dnde > 0
    ratio = np.exp(np.minimum(error / np.where(positive, dnde, 1.0), 700.0))
    return FluxBand(
        energy=at,
        dnde=dnde,
        lower=np.where(positive, dnde / ratio, dnde - error),
        upper=np.where(positive, dnde * ratio, dnde + error),
    )


def _energies(value: ArrayLike, name: str) -> Array:
    energy = np.asarray(to_internal(value, "TeV", name), float)
    if not (energy > 0).all():
        raise ValueError(f"{name} must be positive, got {energy}")
    return jnp.asarray(energy)


def _log_dnde(models: Any, source: str) -> Callable[[Array], Array]:
    """Give ln(dN/dE) as a function of ln(E)."""
    spectral = models[source].spectral
    return lambda x: jnp.log(jnp.abs(spectral(jnp.exp(x))))


def _peak(log_dnde: Callable[[Array], Array], grid: Array) -> Array:
    """Find the maximum of E^2 dN/dE inside a grid of ln(E); NaN if it is at an end."""

    def slope(x: Array) -> Array:
        return jax.jvp(log_dnde, (x,), (jnp.ones_like(x),))[1] + 2.0

    top = jnp.argmax(log_dnde(grid) + 2.0 * grid)
    last = grid.size - 1
    ends = (grid[jnp.clip(top - 1, 0, last)], grid[jnp.clip(top + 1, 0, last)])

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = 0.5 * (ends[0] + ends[1])
        rises = slope(middle) > 0
        return jnp.where(rises, middle, ends[0]), jnp.where(rises, ends[1], middle)

    low, high = jax.lax.fori_loop(0, _N_BISECTIONS, halve, ends)
    x = jax.lax.stop_gradient(0.5 * (low + high))
    # One Newton step from the solution: it moves nothing, but carries the derivative.
    bend = jax.jvp(slope, (x,), (jnp.ones_like(x),))[1]
    x = x - slope(x) / jnp.where(bend < 0, jax.lax.stop_gradient(bend), -1.0)
    return jnp.where((top > 0) & (top < last), jnp.exp(x), jnp.nan)
