r"""How images become counts: energy dispersion after the PSF, or before it.

Most instruments give their PSF in true energy: the image :math:`I_{pt}` of a source is exposure
times convolved morphology, and its counts are :math:`\sum_t I_{pt} F_t D_{te}`. Others (HAWC) give
it in reconstructed energy: the image :math:`I_{pe}` is the convolved morphology alone, and the
counts are :math:`I_{pe} \sum_t X_{pt} F_t D_{te}` with the exposure X.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import AbstractSource, Window
from gjax.typing import Array, ArrayLike, Float

__all__ = ["RecoSource", "collect", "counts_at", "spread", "window_exposure"]


class RecoSource(AbstractSource):
    """A source seen through a PSF in reconstructed energy.

    Parameters
    ----------
    edisp :
        Energy dispersion matrix, shape ``(etrue, ereco)``.
    inner :
        The source with its PSF, whose image has reconstructed energy as its last axis.
    place, window :
        Those of the inner source.
    """

    edisp: ArrayLike
    inner: AbstractSource
    place: Any
    window: Window = eqx.field(static=True)

    def image(
        self, spatial: Any, grid: SkyGrid, exposure: ArrayLike, start: tuple[Array, Array]
    ) -> Float[Array, "h w ereco"]:
        """Give the convolved morphology on the window, per pixel."""
        ones = jnp.ones((*np.shape(exposure)[:2], 1))
        return self.inner.image(spatial, grid, ones, start)


def spread(
    source: AbstractSource, image: Array, exposure: Array, flux: Array
) -> Float[Array, "h w ereco"]:
    """Give the counts of a source on its window.

    Parameters
    ----------
    image :
        As from the source, shape ``(h, w, etrue)`` (``(h, w, ereco)`` of a `RecoSource`).
    exposure :
        On the window, shape ``(h, w, etrue)``.
    flux :
        Per true energy bin.
    """
    # The spectrum is folded into the small matrix, so its gradient needs no convolution.
    weights = flux[:, None] * jnp.asarray(source.edisp)
    if isinstance(source, RecoSource):
        return image * (exposure.reshape(-1, len(flux)) @ weights).reshape(*exposure.shape[:2], -1)
    return (image.reshape(-1, len(flux)) @ weights).reshape(*image.shape[:2], -1)


def collect(
    source: AbstractSource, images: Array, exposure: Array, weights: Array
) -> Float[Array, "m etrue"]:
    """Sum the weighted counts per unit flux of a true energy bin.

    Parameters
    ----------
    images :
        Several images, shape ``(m, h, w, energy)``.
    weights :
        Of each bin of the window, shape ``(h, w, ereco)``.
    """
    edisp = jnp.asarray(source.edisp)
    if isinstance(source, RecoSource):
        return jnp.einsum("mhwe,te,hwt->mt", images * weights, edisp, exposure)
    return jnp.einsum("mhwt,hwt->mt", images, jnp.einsum("hwe,te->hwt", weights, edisp))


def counts_at(
    source: AbstractSource, images: Array, exposure: Array, at: tuple[Array, Array, Array]
) -> Float[Array, "m bin etrue"]:
    """Give the counts per unit flux of a true energy bin in some bins ``(row, column, energy)``."""
    row, column, energy = at
    edisp = jnp.asarray(source.edisp).T[energy]
    if isinstance(source, RecoSource):
        return images[:, row, column, energy][..., None] * exposure[row, column] * edisp
    return images[:, row, column] * edisp


def window_exposure(
    source: AbstractSource, exposure: ArrayLike, start: tuple[Array, Array]
) -> Array:
    """Cut the exposure of a source's window, shape ``(h, w, etrue)``."""
    exposure = jnp.asarray(exposure)
    at = (*start, jnp.zeros((), start[0].dtype))
    return jax.lax.dynamic_slice(exposure, at, (*source.window.shape, exposure.shape[-1]))
