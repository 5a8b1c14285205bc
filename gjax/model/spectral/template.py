"""Spectra given as tables: of energy alone, or with further axes that are parameters.

Reading tables is in `gjax.io`; the absorption of gamma rays on their way, also a table, is in
`gjax.model.spectral.ebl`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gjax.maps.axis import MapAxis
from gjax.model.spectral.abstract import AbstractQuadrature, AbstractSpectral
from gjax.model.table_axes import axis_pixel, axis_specs, is_energy, is_uniform
from gjax.numerics.exponential import floored_log, mean_exp
from gjax.numerics.interpolate import cut_cell, interpolate_grid
from gjax.numerics.pieces import integrate_pieces, integrate_smooth_pieces
from gjax.parameters import param_tuple
from gjax.typing import Array, ArrayLike, Scalar
from gjax.units import internal_unit, to_internal

__all__ = ["Template", "TemplateND"]

# A quarter of a decade of x dx / d ln x is a polynomial for 8 nodes.
_N_NODES = 8


def _as_energy(values: Any) -> Any:
    return _as_array(to_internal(values, "TeV", "energy"))


def _as_values(values: Any) -> Any:
    if hasattr(values, "unit"):
        values = to_internal(values, internal_unit(str(values.unit)), "values")
    return _as_array(values)


def _as_array(values: Any) -> Any:
    return np.asarray(values, float) if isinstance(values, (list, tuple, np.ndarray)) else values


@final
class Template(AbstractSpectral):
    """A table of energies and values, interpolated.

    Between the nodes the spectrum is a power law (``interp="log"``) or linear in the logarithm of
    energy (``"lin"``); the first and last one go on beyond the table. Values below zero count as
    zero, and a table of one node is a constant. Integrals are exact for this interpolation. A
    template has no parameters: multiply it with a `PowerLawNorm`, as in
    ``template * PowerLawNorm()``.

    Parameters
    ----------
    energy :
        Nodes in TeV, increasing, shape ``(n,)``.
    values :
        dN/dE at the nodes in cm-2 s-1 TeV-1, or pure numbers; shape ``(n,)``.
    interp :
        Scale on which values are interpolated, ``"log"`` or ``"lin"``.

    Raises
    ------
    ValueError
        If the shapes differ, the energies do not increase, or ``interp`` is something else.

    Examples
    --------
    >>> bump = Template([0.1, 1.0, 10.0], [1e-10, 1e-11, 1e-14])
    >>> f"{bump(3.1622776601683795):.3e}"
    '3.162e-13'
    """

    energy: Array = eqx.field(converter=_as_energy)
    values: Array = eqx.field(converter=_as_values)
    interp: str = eqx.field(static=True, default="log")

    def __check_init__(self) -> None:
        if self.interp not in ("log", "lin"):
            raise ValueError(f"interp is {self.interp!r}, should be 'log' or 'lin'")
        if isinstance(self.energy, np.ndarray) and isinstance(self.values, np.ndarray):
            _check_nodes(self.energy, self.values.shape)

    @property
    def breaks(self) -> Array:
        """The nodes, in TeV."""
        return jnp.asarray(self.energy)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the table."""
        scaled = self._scaled(energy)
        return jnp.exp(scaled) if self.interp == "log" else jnp.maximum(scaled, 0.0)

    def integral(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate the interpolated table exactly."""
        return self._integrate(energy_min, energy_max, 1.0)

    def energy_flux(self, energy_min: ArrayLike, energy_max: ArrayLike) -> Array:
        """Integrate E times the interpolated table exactly."""
        return self._integrate(energy_min, energy_max, 2.0)

    def _scaled(self, energy: ArrayLike) -> Array:
        values = jnp.asarray(self.values)
        if self.interp == "log":
            values = floored_log(values)
        nodes = jnp.log(jnp.asarray(self.energy))
        return interpolate_grid(values, [nodes], [jnp.log(jnp.asarray(energy, float))])

    def _integrate(self, energy_min: ArrayLike, energy_max: ArrayLike, power: float) -> Array:
        if self.interp == "lin":
            return integrate_smooth_pieces(
                lambda energy: self(energy) * energy ** (power - 1.0),
                energy_min,
                energy_max,
                self.energy,
                _N_NODES,
            )
        return integrate_pieces(
            _power_laws(self._scaled, power), energy_min, energy_max, self.energy
        )


@final
class TemplateND(AbstractQuadrature, AbstractSpectral):
    """A table whose further axes are parameters, interpolated in all of them.

    Values are interpolated as logarithms, linearly in bins of each axis, and go on beyond the
    table. An axis gives its parameter the name, the unit, the first and the last node as bounds and
    the middle between them as the default.

    Parameters
    ----------
    values :
        dN/dE in cm-2 s-1 TeV-1, or pure numbers; one axis of the array for each of ``axes``.
    axes :
        One of them is called ``"energy_true"`` or ``"energy"``.
    parameters :
        Values of the parameters, in the order of the axes and without energy, in the units of the
        axes; by default the middle of each.
    filename :
        Where the table comes from, for models files.

    Raises
    ------
    ValueError
        If there is not exactly one axis of energy, or the shape is not that of the axes.
    """

    values: Array = eqx.field(converter=_as_values)
    axes: tuple[MapAxis, ...] = eqx.field(static=True, converter=tuple)
    parameters: tuple[Scalar, ...] = param_tuple(lambda model: axis_specs(model.axes))
    filename: str | None = eqx.field(static=True, default=None)

    def __init__(
        self, values: Any, axes: Any, parameters: Any = None, filename: str | None = None
    ) -> None:
        self.values, self.axes, self.filename = values, tuple(axes), filename
        if parameters is None:
            parameters = [spec.default for spec in axis_specs(self.axes).values()]
        self.parameters = parameters

    def __check_init__(self) -> None:
        if sum(is_energy(axis) for axis in self.axes) != 1:
            names = ", ".join(axis.name for axis in self.axes)
            raise ValueError(f"a template needs one axis of energy, got: {names}")
        shape = tuple(axis.nbin for axis in self.axes)
        if np.shape(self.values)[-len(shape) :] != shape:
            raise ValueError(f"values have shape {np.shape(self.values)}, the axes {shape}")
        if len(self.parameters) != len(shape) - 1:
            raise ValueError(f"{len(self.parameters)} parameters for {len(shape)} axes")

    @property
    def breaks(self) -> Array:
        """Where the interpolation has kinks in energy, in TeV."""
        axis = next(axis for axis in self.axes if is_energy(axis))
        kinks = axis.center if is_uniform(axis) else np.union1d(axis.nodes, axis.center)
        return jnp.asarray(kinks)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the table at the values of the parameters."""
        parameters = iter(self.parameters)
        values, weights, node, pixel = jnp.asarray(self.values), [], np.zeros(1), jnp.zeros(())
        for i, axis in enumerate(self.axes):
            bins = np.arange(float(axis.nbin))
            if is_energy(axis):
                node, pixel = bins, axis_pixel(axis, energy)
                continue
            place = axis_pixel(axis, next(parameters))
            values, near = cut_cell(values, bins, place, axis=i)
            weight = place - near[0] if axis.nbin > 1 else jnp.zeros(())
            weights.append((i, jnp.stack([1.0 - weight, weight])[: axis.nbin]))
        logarithm = floored_log(values)
        # From the last axis on, so that the numbers of those before stay what they are.
        for i, weight in reversed(weights):
            logarithm = jnp.tensordot(logarithm, weight, axes=(i, 0))
        return jnp.exp(interpolate_grid(logarithm, [node], [pixel]))


def _power_laws(log_values: Callable[[Array], Array], power: float) -> Callable[..., Array]:
    """Integrate a power law through both ends of each piece, times E to the power less one."""

    def integrate(start: Array, stop: Array) -> Array:
        low, high = jnp.log(start), jnp.log(stop)
        ends = log_values(start) + power * low, log_values(stop) + power * high
        return (high - low) * mean_exp(*ends)

    return integrate


def _check_nodes(energy: np.ndarray, shape: tuple[int, ...]) -> None:
    if energy.ndim == 1 and shape != energy.shape:
        raise ValueError(f"{len(energy)} energies for values of shape {shape}")
    if not energy.size or np.any(energy <= 0) or np.any(np.diff(energy) <= 0):
        raise ValueError("energies of a table should be positive and increase")
