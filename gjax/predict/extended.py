"""An extended source on its window: a morphology that can move and grow, seen through a PSF."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.numerics import vector
from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import (
    AbstractSource,
    Follow,
    Window,
    convolve,
    cut_array,
    cut_grid,
    tidy,
)
from gjax.typing import Array, ArrayLike, Float

__all__ = ["ExtendedSource"]


class ExtendedSource(AbstractSource):
    """An extended source: its morphology summed over parts of pixels and convolved with the PSF.

    Each part of the pixels has a kernel of its own, so that the place of a small source within a
    pixel is not lost.

    Parameters
    ----------
    kernel :
        Transformed PSF kernels of each part, shape ``(part, etrue, h, w // 2 + 1)``, or None
        without a PSF.
    place :
        Follows the source.
    resolution :
        Root mean square size of a sub-pixel in deg, over which the morphology is averaged.
    energy :
        Centres of the true energy bins in TeV, where the shape depends on energy; else None.
    oversampling :
        Sub-pixels per side of a pixel, a multiple of the parts per side; fixed, so that the
        likelihood has no steps.
    """

    edisp: ArrayLike
    kernel: ArrayLike | None
    place: Follow
    resolution: ArrayLike
    energy: ArrayLike | None
    window: Window = eqx.field(static=True)
    oversampling: int = eqx.field(static=True)

    def image(
        self, spatial: Any, grid: SkyGrid, exposure: ArrayLike, start: tuple[Array, Array]
    ) -> Float[Array, "h w etrue"]:
        """Give exposure times the convolved morphology on the window."""
        pixels = cut_grid(grid, start, self.window.shape)
        nodes = self._nodes()
        rotation = jnp.asarray(self.place.locator.rotation)
        # A value per pixel counts where there is sky.
        area = pixels.solid_angle > 0 if spatial.is_per_pixel else pixels.solid_angle
        weight = area / self.oversampling**2

        def part(at_nodes: Array, energy: Array | None) -> Array:
            def add(total: Array, node: Array) -> tuple[Array, None]:
                at = pixels.center + node[0] * pixels.step_x + node[1] * pixels.step_y
                lon, lat = vector.to_lonlat(jnp.einsum("ij,ihw->hwj", rotation, at))
                return total + spatial(lon, lat, self.resolution, energy), None

            return jax.lax.scan(add, jnp.zeros(self.window.shape), at_nodes)[0] * weight

        def images(at_nodes: Array) -> Array:
            if self.energy is None:
                return part(at_nodes, None)[None]
            return jax.lax.map(lambda energy: part(at_nodes, energy), jnp.asarray(self.energy))

        if self.kernel is None or len(nodes) == 1:
            kernel = None if self.kernel is None else self.kernel[0]
            convolved = convolve(images(jnp.asarray(nodes[0])), kernel)
        else:
            convolved = self._convolve_parts(images, nodes)
        return convolved * cut_array(exposure, start, self.window.shape)

    def _nodes(self) -> np.ndarray:
        """Give the places of the sub-pixels, shape ``(part, sub-pixel, 2)``."""
        n = self.oversampling
        parts = 1 if self.kernel is None else math.isqrt(np.shape(self.kernel)[0])
        ends = ((np.arange(n) + 0.5) / n - 0.5).reshape(parts, -1)
        y, x = (a.ravel() for a in np.meshgrid(range(parts), range(parts), indexing="ij"))
        places = [
            np.stack(np.meshgrid(ends[i], ends[j]), axis=-1) for i, j in zip(x, y, strict=True)
        ]
        return np.stack(places).reshape(parts**2, -1, 2)

    def _convolve_parts(self, images: Callable[[Array], Array], nodes: np.ndarray) -> Array:
        """Convolve the image of each part with its kernel, and add them up."""

        def add(total: Array, one: tuple[Array, Array]) -> tuple[Array, None]:
            return total + jnp.fft.rfft2(images(one[0])) * one[1], None

        kernel = jnp.asarray(self.kernel)
        zero = jnp.zeros(kernel.shape[1:], kernel.dtype)
        total = jax.lax.scan(add, zero, (jnp.asarray(nodes), kernel))[0]
        return tidy(jnp.fft.irfft2(total, s=self.window.shape))
