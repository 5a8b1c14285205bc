"""What one source looks like in one dataset: PSF-convolved images on a window of pixels.

Each class holds the arrays that its kind of source needs, made by `gjax.predict.prepare`, and
computes the window's place and the image at the current spatial parameters. The window follows the
source; it is large enough that the source fades to nothing inside, so a step of the window changes
nothing.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.numerics import vector
from gjax.numerics.convolve import convolve_transformed
from gjax.numerics.forward import pushed_forward
from gjax.numerics.spline import cubic_value_and_slope
from gjax.predict.sky_grid import Locator, SkyGrid
from gjax.typing import Array, ArrayLike, Float

__all__ = [
    "AbstractSource",
    "BilinearSource",
    "FixedSource",
    "Follow",
    "ProfileSource",
    "Stay",
    "TemplateSource",
    "Window",
    "convolve",
    "cut_grid",
    "tidy",
]


class Window(NamedTuple):
    """The pixels on which a source is predicted.

    Parameters
    ----------
    shape :
        Rows and columns.
    moves :
        Whether the window follows the source along rows and columns. One that covers the map and
        all that can scatter into it stays.
    """

    shape: tuple[int, int]
    moves: tuple[bool, bool]


class Follow(eqx.Module):
    """A window that follows its source.

    Parameters
    ----------
    locator :
        Finds the source's pixel.
    """

    locator: Locator

    def start(self, spatial: Any, window: Window, shape: tuple[int, int]) -> tuple[Array, Array]:
        """Give the first row and column; where the window stays, without looking at the model."""
        if not any(window.moves):
            return _start((jnp.zeros(()), jnp.zeros(())), window, shape)
        return _start(self.pixel(spatial), window, shape)

    def pixel(self, spatial: Any) -> tuple[Array, Array]:
        """Give the pixel coordinates ``(x, y)`` of the source in the padded geometry."""
        return _pixel(self.locator, _direction(self.locator, spatial))


class Stay(eqx.Module):
    """A window that stays where it is.

    Parameters
    ----------
    row, column :
        Its first row and column in the padded map.
    """

    row: ArrayLike
    column: ArrayLike

    def start(self, spatial: Any, window: Window, shape: tuple[int, int]) -> tuple[Array, Array]:
        """Give the first row and column."""
        return jnp.asarray(self.row), jnp.asarray(self.column)


class AbstractSource(eqx.Module):
    """One source in one dataset.

    Parameters
    ----------
    edisp :
        Energy dispersion matrix, shape ``(etrue, ereco)``.
    place :
        Where the window is.
    window :
        The window's shape, and whether it moves.
    """

    edisp: eqx.AbstractVar[ArrayLike]
    place: eqx.AbstractVar[Any]
    window: eqx.AbstractVar[Window]

    @abc.abstractmethod
    def shape(self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]) -> Array:
        """Give what depends on the spatial parameters, in any layout; `blur` makes the image."""

    @abc.abstractmethod
    def blur(self, shape: Array) -> Float[Array, "energy h w"]:
        """Make the image from the shape, as a linear function."""

    def image(
        self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]
    ) -> Float[Array, "energy h w"]:
        """Give the PSF-convolved morphology on the window, per pixel.

        A single energy stands for all.
        """
        return self.blur(self.shape(spatial, grid, start).astype(self.dtype))

    @property
    def dtype(self) -> Any:
        """Floating point type of images and convolutions: that of the energy dispersion."""
        return jnp.asarray(self.edisp).dtype

    def start(self, spatial: Any, shape: tuple[int, int]) -> tuple[Array, Array]:
        """Give the first row and column of the window in a padded map of the given shape."""
        return self.place.start(spatial, self.window, shape)


class ProfileSource(AbstractSource):
    """A point source: the radial profile of the PSF, averaged over pixels.

    Parameters
    ----------
    profile, spacing :
        Spline coefficients, shape ``(interval, 4, etrue)``, and grid spacing in deg.
    nodes :
        Places in a pixel, in units of its sides, whose mean is the pixel's; shape ``(node, 2)``.
    place :
        Follows the source.
    """

    edisp: ArrayLike
    profile: ArrayLike
    spacing: ArrayLike
    nodes: ArrayLike
    place: Follow
    window: Window = eqx.field(static=True)

    def shape(
        self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]
    ) -> Float[Array, "h w etrue"]:
        """Give the PSF on the window."""
        pixels = cut_grid(grid, start, self.window.shape)
        source = _direction(self.place.locator, spatial)
        density = pushed_forward(
            lambda at, own, on: own._density(on, at)[0],
            source,
            self,
            pixels,
            with_push=lambda at, own, on: own._density(on, at),
        )
        return density * pixels.solid_angle[..., None]

    def blur(self, shape: Array) -> Float[Array, "etrue h w"]:
        """Make the energy the first axis."""
        return jnp.moveaxis(shape, -1, 0)

    def _density(
        self, pixels: SkyGrid, source: Array
    ) -> tuple[Float[Array, "h w etrue"], Callable[[Array], Array]]:
        """Average the PSF of a source over each pixel, in sr-1.

        Also gives the linear function from a change of the source's direction to that of the
        density: the slope in the distance times the change of the distance.
        """

        def one(node: Array) -> tuple[Array, Array, Array]:
            at = pixels.center + node[0] * pixels.step_x + node[1] * pixels.step_y
            away = at * jax.lax.rsqrt(jnp.sum(at * at, axis=0)) - source[:, None, None]
            radius, turn = vector.chord_to_separation(jnp.sum(away * away, axis=0))
            value, slope = cubic_value_and_slope(self.profile, self.spacing, radius)
            # The spline may dip below zero in the far wing.
            positive = value > 0
            return (
                jnp.where(positive, value, 0.0),
                jnp.where(positive, slope, 0.0),
                -2.0 * turn * away,
            )

        values, slopes, turns = jax.lax.map(one, jnp.asarray(self.nodes))

        def push(move: Array) -> Array:
            closer = jnp.einsum("nchw,c->nhw", turns, move)
            return jnp.mean(slopes * closer[..., None], axis=0)

        return jnp.mean(values, axis=0), push


class TemplateSource(AbstractSource):
    """A source given by a table, looked up on the host at the pixels of its window.

    Parameters
    ----------
    kernel :
        Transformed PSF kernels, shape ``(etrue, h, w // 2 + 1)``, or None without a PSF.
    density :
        Mean density of each pixel, shape ``(etrue or 1, h, w)``.
    place :
        Where the window is.
    """

    edisp: ArrayLike
    kernel: ArrayLike | None
    density: ArrayLike
    place: Stay
    window: Window = eqx.field(static=True)

    def shape(
        self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]
    ) -> Float[Array, "energy h w"]:
        """Give the table on the window."""
        return jnp.asarray(self.density) * cut_grid(grid, start, self.window.shape).solid_angle

    def blur(self, shape: Array) -> Float[Array, "energy h w"]:
        """Convolve with the PSF."""
        return convolve(shape, self.kernel)


class BilinearSource(AbstractSource):
    """A point source spread over its four nearest pixels, then convolved.

    This is how Gammapy places point sources. The slope of the prediction jumps where the source
    crosses a pixel centre; use it for comparison, or where a dataset has no PSF.

    Parameters
    ----------
    kernel :
        Transformed PSF kernels, shape ``(etrue, h, w // 2 + 1)``, or None without a PSF.
    place :
        Follows the source.
    """

    edisp: ArrayLike
    kernel: ArrayLike | None
    place: Follow
    window: Window = eqx.field(static=True)

    def shape(
        self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]
    ) -> Float[Array, "1 h w"]:
        """Give the four-pixel image on the window."""
        x, y = _pixel(self.place.locator, _direction(self.place.locator, spatial))
        rows = start[0] + jnp.arange(self.window.shape[0])
        columns = start[1] + jnp.arange(self.window.shape[1])
        weight_x = jnp.clip(1.0 - jnp.abs(columns - x), 0.0, None)
        weight_y = jnp.clip(1.0 - jnp.abs(rows - y), 0.0, None)
        return (weight_y[:, None] * weight_x[None, :])[None]

    def blur(self, shape: Array) -> Float[Array, "energy h w"]:
        """Convolve with the PSF."""
        return convolve(shape, self.kernel)


class FixedSource(AbstractSource):
    """A source whose spatial parameters are frozen: its image was computed once.

    Parameters
    ----------
    template :
        Convolved morphology, shape ``(energy, h, w)``.
    place :
        Where the window is.
    is_exposed :
        Whether the exposure applies; else the spectrum gives counts.
    """

    edisp: ArrayLike
    template: ArrayLike
    place: Stay
    window: Window = eqx.field(static=True)
    is_exposed: bool = eqx.field(static=True, default=True)

    def shape(
        self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]
    ) -> Float[Array, "energy h w"]:
        """Give the stored image."""
        return jnp.asarray(self.template)

    def blur(self, shape: Array) -> Float[Array, "energy h w"]:
        """Give the image as it is."""
        return shape


def _direction(locator: Locator, spatial: Any) -> Array:
    """Give the unit vector of a model's position in the frame of the geometry."""
    own = vector.from_lonlat(*(jnp.asarray(c) for c in spatial.position))
    return jnp.asarray(locator.rotation) @ own


def _pixel(locator: Locator, direction: Array) -> tuple[Array, Array]:
    """Give pixel coordinates in the padded geometry, to first order around the reference."""
    pixel = locator.pixel + jnp.asarray(locator.inverse) @ (direction - locator.direction)
    return pixel[0], pixel[1]


def _start(
    pixel: tuple[Array, Array], window: Window, padded: tuple[int, int]
) -> tuple[Array, Array]:
    """Centre a window on a pixel, inside the padded map; or on the map if it does not move."""
    starts = []
    sizes = zip(window.shape, window.moves, padded, reversed(pixel), strict=True)
    for size, moves, room, place in sizes:
        if moves:
            first = jax.lax.stop_gradient(jnp.floor(place + 0.5)).astype(int) - size // 2
            starts.append(jnp.clip(first, 0, room - size))
        else:
            starts.append(jnp.asarray((room - size) // 2))
    return starts[0], starts[1]


def cut_grid(grid: SkyGrid, start: tuple[Array, Array], window: tuple[int, int]) -> SkyGrid:
    """Cut the window out of a grid, whose pixels are the last two axes."""

    def cut(array: ArrayLike) -> Array:
        array = jnp.asarray(array)
        lead = array.shape[:-2]
        zeros = (jnp.zeros((), start[0].dtype),) * len(lead)
        return jax.lax.dynamic_slice(array, (*zeros, *start), (*lead, *window))

    return jax.tree.map(cut, grid)


def tidy(images: np.ndarray) -> np.ndarray:
    """Set to zero what rounding leaves below, far from a source; on the host."""
    images = np.asarray(images)
    return np.where((images < 0) & (images > -1e-12 * np.abs(images).max()), 0.0, images)


def convolve(images: Array, kernel: ArrayLike | None) -> Array:
    """Convolve images, one or one per energy, with the kernel of each energy."""
    return images if kernel is None else convolve_transformed(images, kernel)
