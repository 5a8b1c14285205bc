r"""How images become counts: energy dispersion after the PSF, or before it.

Most instruments give their PSF in true energy: the counts of a source with image :math:`I_{tp}` are
:math:`\sum_t D_{te} F_t X_{tp} I_{tp}` with the exposure X. Others (HAWC) give it in reconstructed
energy: the counts are :math:`I_{ep} \sum_t D_{te} F_t X_{tp}`. Either way they are linear in the
flux F.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import AbstractSource, FixedSource, Window
from gjax.typing import Array, ArrayLike, Float

__all__ = [
    "RecoSource",
    "collect",
    "counts_at",
    "is_exposed",
    "is_fixed",
    "pull",
    "spread",
    "weigh",
    "window_exposure",
]


class RecoSource(AbstractSource):
    """A source seen through a PSF in reconstructed energy.

    Parameters
    ----------
    edisp :
        Energy dispersion matrix, shape ``(etrue, ereco)``.
    inner :
        The source with its PSF, whose image has reconstructed energy as its first axis.
    place, window :
        Those of the inner source.
    """

    edisp: ArrayLike
    inner: AbstractSource
    place: Any
    window: Window = eqx.field(static=True)

    def shape(self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]) -> Array:
        """Give the shape of the inner source."""
        return self.inner.shape(spatial, grid, start)

    def blur(self, shape: Array) -> Float[Array, "energy h w"]:
        """Blur as the inner source."""
        return self.inner.blur(shape)


def spread(
    source: AbstractSource, image: Array, exposure: Array, flux: Array
) -> Float[Array, "ereco h w"]:
    """Give the counts of a source on its window.

    Parameters
    ----------
    image :
        As from the source, shape ``(energy, h, w)``.
    exposure :
        On the window, shape ``(etrue, h, w)``.
    flux :
        Per true energy bin.
    """
    weights = flux[:, None] * jnp.asarray(source.edisp)
    if isinstance(source, RecoSource):
        return image * jnp.einsum("thw,te->ehw", exposure, weights)
    return jnp.einsum("thw,te->ehw", image * exposure, weights)


def weigh(source: AbstractSource, exposure: Array, mask: Array) -> Array:
    """Give the weight of each pixel of an image in the sum over a mask.

    Parameters
    ----------
    mask :
        Shape ``(ereco, h, w)``.

    Returns
    -------
    weights :
        Exposure times the mask seen through the energy dispersion, shape ``(etrue, h, w)``; of a
        `RecoSource` the mask itself.
    """
    inside = mask.astype(exposure.dtype)
    if isinstance(source, RecoSource):
        return inside
    return exposure * jnp.einsum("ehw,te->thw", inside, jnp.asarray(source.edisp))


def collect(
    source: AbstractSource, image: Array, exposure: Array, weights: Array
) -> Float[Array, " etrue"]:
    """Sum the counts per unit flux of a true energy bin over a mask.

    Parameters
    ----------
    image :
        Shape ``(energy, h, w)``.
    weights :
        From `weigh`.
    """
    if isinstance(source, RecoSource):
        by_energy = jnp.einsum(
            "ehw,thw->et", image * weights, exposure, preferred_element_type=float
        )
        return jnp.sum(by_energy * jnp.asarray(source.edisp).T, axis=0)
    return jnp.sum(image * weights, axis=(-2, -1), dtype=float)


def pull(
    source: AbstractSource,
    weights: Array,
    extra: Array,
    at: tuple[Array, Array, Array],
    exposures: tuple[Array, Array],
    flux: Array,
) -> Float[Array, "energy h w"]:
    """Carry weights of counts back to the image, the transpose of folding.

    Parameters
    ----------
    weights :
        Of all bins of a mask, from `weigh`.
    extra, at :
        More weight for some bins, and their index ``(row, column, energy)``.
    exposures :
        On the window, and in these bins, shapes ``(etrue, h, w)`` and ``(bin, etrue)``.
    """
    row, column, energy = at
    edisp = jnp.asarray(source.edisp)
    flux = flux.astype(edisp.dtype)
    if isinstance(source, RecoSource):
        matrix = flux[:, None] * edisp
        weights = weights.at[energy, row, column].add(extra.astype(weights.dtype))
        return weights * jnp.einsum("thw,te->ehw", exposures[0], matrix)
    more = extra * (edisp[:, energy] * exposures[1].T)
    return flux[:, None, None] * weights.at[:, row, column].add(more.astype(weights.dtype))


def counts_at(
    source: AbstractSource, image: Array, exposure: Array, at: tuple[Array, Array, Array]
) -> Float[Array, "bin etrue"]:
    """Give the counts per unit flux of a true energy bin in some bins ``(row, column, energy)``.

    Parameters
    ----------
    image :
        Shape ``(energy, h, w)``.
    exposure :
        In these bins, shape ``(bin, etrue)``.
    """
    row, column, energy = at
    response = jnp.asarray(source.edisp).T[energy] * exposure
    if isinstance(source, RecoSource):
        return image[energy, row, column][:, None] * response
    return image[:, row, column].T * response


def window_exposure(
    source: AbstractSource, exposure: ArrayLike, start: tuple[Array, Array]
) -> Float[Array, "etrue h w"]:
    """Cut the exposure of a source's window."""
    exposure = jnp.asarray(exposure)
    shape = (exposure.shape[0], *source.window.shape)
    if not is_exposed(source):
        return jnp.ones(shape, exposure.dtype)
    return jax.lax.dynamic_slice(exposure, (jnp.zeros((), start[0].dtype), *start), shape)


def is_fixed(source: AbstractSource) -> bool:
    """Tell whether the image of a source was computed once."""
    return isinstance(_inner(source), FixedSource)


def is_exposed(source: AbstractSource) -> bool:
    """Tell whether the exposure applies to a source."""
    inner = _inner(source)
    return not isinstance(inner, FixedSource) or inner.is_exposed


def _inner(source: AbstractSource) -> AbstractSource:
    return source.inner if isinstance(source, RecoSource) else source
