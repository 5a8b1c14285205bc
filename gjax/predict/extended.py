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
            whole = images(jnp.asarray(nodes[0]))
            convolved, total = convolve(whole, kernel), jnp.sum(whole, axis=(1, 2))
        else:
            convolved, total = self._convolve_parts(images, nodes)
        if self.is_whole:
            convolved = convolved * self._completion(spatial, pixels, start, total)
        return convolved * cut_array(exposure, start, self.window.shape)

    def _completion(
        self, spatial: Any, pixels: SkyGrid, start: tuple[Array, Array], total: Array
    ) -> Array:
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
        part = _ramp(room / 0.05) * _ramp((0.1 - jnp.abs(total - 1.0)) / 0.05)
        return 1.0 + part * (1.0 / jnp.where(total > 0.5, total, 1.0) - 1.0)

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

    def _convolve_parts(
        self, images: Callable[[Array], Array], nodes: np.ndarray
    ) -> tuple[Array, Array]:
        """Convolve the image of each part with its kernel; give their sum, and what it adds up to.

        Returns
        -------
        convolved :
            Shape ``(h, w, etrue)``.
        total :
            Sum over pixels before the convolution, per energy.
        """

        def add(sums: Any, one: tuple[Array, Array]) -> tuple[Any, None]:
            part = images(one[0])
            transformed = jnp.fft.rfft2(part) * one[1]
            return (sums[0] + transformed, sums[1] + jnp.sum(part, axis=(1, 2))), None

        kernel = jnp.asarray(self.kernel)
        number = 1 if self.energy is None else np.shape(self.energy)[0]
        zeros = jnp.zeros(kernel.shape[1:], kernel.dtype), jnp.zeros(number)
        transformed, total = jax.lax.scan(add, zeros, (jnp.asarray(nodes), kernel))[0]
        return tidy(jnp.fft.irfft2(transformed, s=self.window.shape)), total


def _ramp(x: Array) -> Array:
    """Rise smoothly from zero at zero to one at one."""
    x = jnp.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
