"""Absorption of gamma rays by the extragalactic background light.

The tables are read by `gjax.io.read_ebl`.
"""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gjax.model.spectral.abstract import AbstractQuadrature, AbstractSpectral
from gjax.numerics.exponential import floored_log
from gjax.numerics.interpolate import cut_cell, interpolate_grid
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar
from gjax.units import to_internal

__all__ = ["EBLAbsorptionNorm"]


def _as_array(values: Any) -> Any:
    return np.asarray(values, float) if isinstance(values, (list, tuple, np.ndarray)) else values


def _as_energy(values: Any) -> Any:
    return _as_array(to_internal(values, "TeV", "energy"))


@final
class EBLAbsorptionNorm(AbstractQuadrature, AbstractSpectral):
    r"""The fraction of gamma rays that reach us from a source at a redshift.

    .. math:: f(E) = e^{-\alpha\,\tau(E, z)}

    It multiplies the intrinsic spectrum: ``PowerLaw(...) * read_ebl("dominguez", redshift=0.116)``.
    The logarithm of the transmission is interpolated linearly in redshift and in the logarithm of
    energy, goes on linearly beyond the table, and is cut where it would exceed one. Both parameters
    may be free: their gradients are exact (between nodes in redshift; at a node the slope jumps).

    Parameters
    ----------
    energy :
        Nodes of the table in TeV, increasing, shape ``(e,)``.
    redshifts :
        Nodes of the table in redshift, increasing, shape ``(z,)``.
    values :
        Transmission :math:`e^{-\tau}` at the nodes, shape ``(z, e)``.
    redshift :
        Redshift of the source.
    alpha_norm :
        Factor :math:`\alpha` on the optical depth.
    filename :
        Where the table comes from, for models files.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """

    energy: Array = eqx.field(converter=_as_energy)
    redshifts: Array = eqx.field(converter=_as_array)
    values: Array = eqx.field(converter=_as_array)
    redshift: Scalar = param(0.1, min=0.0, scale=0.01, frozen=True)
    alpha_norm: Scalar = param(1.0, scale=0.1, frozen=True)
    filename: str | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        expected = (*np.shape(self.redshifts), *np.shape(self.energy)[-1:])
        if np.shape(self.values) != expected:
            raise ValueError(
                f"values have shape {np.shape(self.values)}, redshifts and energy {expected}"
            )

    @property
    def breaks(self) -> Array:
        """The nodes in energy, in TeV."""
        return jnp.asarray(self.energy)

    def __call__(self, energy: ArrayLike) -> Array:
        """Evaluate the transmission, from 0 to 1."""
        values, redshifts = cut_cell(self.values, self.redshifts, self.redshift)
        logarithm = floored_log(values)
        nodes = [jnp.asarray(redshifts), jnp.log(jnp.asarray(self.energy))]
        points = [jnp.asarray(self.redshift), jnp.log(jnp.asarray(energy, float))]
        logarithm = interpolate_grid(logarithm, nodes, points)
        # Where nothing is absorbed, as at redshift zero, the slope is that towards absorption.
        return jnp.exp(self.alpha_norm * jnp.where(logarithm <= 0.0, logarithm, 0.0))
