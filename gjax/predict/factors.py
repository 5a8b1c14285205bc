r"""The factors on the backgrounds of a dataset: per energy bin, and per pixel if they change.

With the cubes B of the backgrounds, factors b in energy and f on the sky, the background is

.. math:: \sum_k B^k_{ep}\, b^k_e\, f^k_{ep}

A factor on the sky without free parameters is in the cube already. The others are evaluated at the
centres of the pixels, together with their derivatives.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gjax.predict.occupied import Occupied
from gjax.typing import Array, ArrayLike

__all__ = ["Factors", "counts_at_bins", "scaled_cube", "weighted_sums"]


class Factors(eqx.Module):
    """The factors on the backgrounds of a dataset.

    Parameters
    ----------
    energy :
        Shape ``(background, ereco)``.
    fields :
        Factor of each background on the sky, shape ``(1, y, x)`` or ``(ereco, y, x)``; None where
        it cannot change.
    """

    energy: Array
    fields: tuple[Array | None, ...]

    @property
    def has_fields(self) -> bool:
        """Whether the factor of any background on the sky can change."""
        return any(field is not None for field in self.fields)


def scaled_cube(cubes: ArrayLike, factors: Factors) -> Array:
    """Sum the scaled backgrounds, shape ``(ereco, y, x)``.

    Parameters
    ----------
    cubes :
        Shape ``(background, ereco, y, x)``.
    """
    if not factors.has_fields:
        return jnp.einsum("beyx,be->eyx", cubes, factors.energy)
    total = jnp.zeros(np.shape(cubes)[1:])
    for cube, energy, field in zip(cubes, factors.energy, factors.fields, strict=True):
        scaled = jnp.asarray(cube) * energy[:, None, None]
        total = total + (scaled if field is None else scaled * field)
    return total


def counts_at_bins(bins: Occupied, factors: Factors, pad: int) -> Array:
    """Give the scaled backgrounds in the occupied bins, shape ``(background, bin)``.

    Parameters
    ----------
    pad :
        Pixels by which the map is padded, on which the bins count.
    """
    energy = jnp.asarray(bins.energy)
    scaled = bins.background * factors.energy[:, energy]
    if not factors.has_fields:
        return scaled
    row, column = jnp.asarray(bins.row) - pad, jnp.asarray(bins.column) - pad

    def at(field: Array) -> Array:
        return field[jnp.minimum(energy, field.shape[0] - 1), row, column]

    rows = [
        counts if field is None else counts * at(field)
        for counts, field in zip(scaled, factors.fields, strict=True)
    ]
    return jnp.stack(rows)


def weighted_sums(cubes: Any, factors: Factors, weight: Array, others: Array) -> Array:
    """Sum weighted backgrounds over the sky, their factors in energy left out.

    Parameters
    ----------
    cubes :
        Shape ``(background, ereco, y, x)``.
    weight :
        Of each bin, shape ``(ereco, y, x)``.
    others :
        The sums of the backgrounds whose factor on the sky cannot change, which are known.

    Returns
    -------
    sums :
        Shape ``(background, ereco)``, as ``others``.
    """
    if not factors.has_fields:
        return others
    rows = []
    for cube, field, known in zip(cubes, factors.fields, others, strict=True):
        if field is None:
            rows.append(known)
        elif len(field) == 1:
            rows.append(jnp.einsum("eyx,yx->e", weight * jnp.asarray(cube), field[0]))
        else:
            rows.append(jnp.einsum("eyx,eyx->e", weight * jnp.asarray(cube), field))
    return jnp.stack(rows)
