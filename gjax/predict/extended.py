"""An extended source on its window: a morphology that can move and grow, seen through a PSF."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import (
    AbstractSource,
    Follow,
    Window,
    convolve,
    cut_grid,
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

    def shape(
        self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]
    ) -> Float[Array, "part energy h w"]:
        """Give the morphology in each part of the pixels, times solid angle."""
        pixels = cut_grid(grid, start, self.window.shape)
        nodes = jnp.asarray(self._nodes())
        rotation = jnp.asarray(self.place.locator.rotation)
        # A value per pixel counts where there is sky.
        area = pixels.solid_angle > 0 if spatial.is_per_pixel else pixels.solid_angle
        weight = area / self.oversampling**2

        def at_one(node: Array, energy: Array | None) -> Array:
            at = pixels.center + node[0] * pixels.step_x + node[1] * pixels.step_y
            x, y, z = at * jax.lax.rsqrt(jnp.sum(at * at, axis=0))
            # From the frame of the geometry to that of the model, written out to stay one loop.
            own = [rotation[0, j] * x + rotation[1, j] * y + rotation[2, j] * z for j in range(3)]
            return spatial.density(jnp.stack(own, axis=-1), self.resolution, energy)

        def part(at_nodes: Array, energy: Array | None) -> Array:
            if len(at_nodes) == 1:
                return at_one(at_nodes[0], energy) * weight

            def add(total: Array, node: Array) -> tuple[Array, None]:
                return total + at_one(node, energy), None

            return jax.lax.scan(add, jnp.zeros(self.window.shape), at_nodes)[0] * weight

        def images(at_nodes: Array) -> Array:
            if self.energy is None:
                return part(at_nodes, None)[None]
            return jax.lax.map(lambda energy: part(at_nodes, energy), jnp.asarray(self.energy))

        if len(nodes) == 1:
            return images(nodes[0])[None]
        return jax.lax.map(images, nodes)

    def blur(self, shape: Array) -> Float[Array, "energy h w"]:
        """Convolve the morphology of each part with its kernel, and add them up."""
        if self.kernel is None:
            return shape.sum(axis=0)
        kernel = jnp.asarray(self.kernel)
        if len(kernel) == 1:
            return convolve(shape[0], kernel[0])

        def add(total: Array, one: tuple[Array, Array]) -> tuple[Array, None]:
            return total + jnp.fft.rfft2(one[0]) * one[1], None

        zero = jnp.zeros(kernel.shape[1:], kernel.dtype)
        total = jax.lax.scan(add, zero, (shape, kernel))[0]
        return jnp.fft.irfft2(total, s=self.window.shape)

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
