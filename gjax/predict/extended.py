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

#: Part of a source that its sub-pixels see at least, wherever it is.
_LEAST = 0.01


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
    is_whole :
        Whether the sum over pixels is made one where all of the source is in the window. Sub-pixels
        that do not resolve it, or its edge, make that sum differ by up to a percent.
    """

    edisp: ArrayLike
    kernel: ArrayLike | None
    place: Follow
    resolution: ArrayLike
    energy: ArrayLike | None
    window: Window = eqx.field(static=True)
    oversampling: int = eqx.field(static=True)
    is_whole: bool = eqx.field(static=True, default=False)

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

        found = images(nodes[0])[None] if len(nodes) == 1 else jax.lax.map(images, nodes)
        if not self.is_whole:
            return found
        total = jnp.sum(found, axis=(0, 2, 3))
        return found * self._completion(spatial, pixels, start, total)[:, None, None]

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

    def _completion(
        self, spatial: Any, pixels: SkyGrid, start: tuple[Array, Array], total: Array
    ) -> Float[Array, " energy"]:
        """Give the factor per energy that makes the sum of a source one, if all of it is there."""
        place = self.place.pixel(spatial)
        edges = [
            jnp.minimum(at - first, first + size - 1 - at)
            for at, first, size in zip(reversed(place), start, self.window.shape, strict=True)
        ]
        side = jnp.sqrt(jnp.min(jnp.sum(pixels.step_x**2, axis=0)))
        inside = jnp.rad2deg(jnp.minimum(*edges) * side)

        def radius(energy: ArrayLike) -> Array:
            shape = spatial if self.energy is None else spatial.at(energy)
            return jnp.asarray(shape.evaluation_radius)

        radii = jax.vmap(radius)(jnp.zeros(1) if self.energy is None else self.energy)
        room = (inside - radii) / jnp.maximum(inside, jnp.rad2deg(side))
        # A source that is cut off, by the window or at the end of the sky, must not be filled up.
        part = _ramp(room / 0.05) * jnp.all(pixels.solid_angle > 0)
        return 1.0 + part * (1.0 / jnp.where(total > _LEAST, total, 1.0) - 1.0)

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


def _ramp(x: Array) -> Array:
    """Rise smoothly from zero at zero to one at one."""
    x = jnp.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
