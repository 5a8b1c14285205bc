"""Convolution of images by real Fast Fourier Transforms."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from gjax.typing import Array, ArrayLike

__all__ = ["convolve_transformed", "good_size", "transform_kernel"]


def good_size(minimum: int) -> int:
    """Give the smallest window of at least ``minimum`` pixels that transforms fast.

    Sizes are 16 and the multiples of 8 whose only prime factors are 2, 3 and 5. There are few of
    them, so that geometries of nearly the same size share compiled code.
    """
    size = max(16, -(-minimum // 8) * 8)
    while not _is_smooth(size):
        size += 8
    return size


def _is_smooth(number: int) -> bool:
    for prime in (2, 3, 5):
        while number % prime == 0:
            number //= prime
    return number == 1


def transform_kernel(
    kernel: np.ndarray, shape: tuple[int, int], precision: str = "float64"
) -> np.ndarray:
    """Transform kernels for windows of a given shape, on the host.

    Parameters
    ----------
    kernel :
        Real kernels with an odd number of pixels on each side, the origin in the middle, shape
        ``(..., k, k)``.
    shape :
        Rows and columns of the windows, not smaller than the kernel.
    precision :
        Floating point type of the images.

    Returns
    -------
    transform :
        Complex, shape ``(..., h, w // 2 + 1)``.
    """
    # Rows without kernel need no transform: most of them.
    rows = np.fft.rfft(_wrapped(kernel, shape[1], -1), axis=-1)
    transform = np.fft.fft(_wrapped(rows, shape[0], -2), axis=-2)
    return transform.astype(np.result_type(precision, np.complex64), copy=False)


def _wrapped(kernel: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Lengthen an axis by zeros, with its middle first and what was before it at the end."""
    moved = np.moveaxis(kernel, axis, 0)
    half = len(moved) // 2
    shape = list(kernel.shape)
    shape[axis] = length
    found = np.zeros(shape, kernel.dtype)
    view = np.moveaxis(found, axis, 0)
    view[: len(moved) - half] = moved[half:]
    view[length - half :] = moved[:half]
    return found


def convolve_transformed(image: ArrayLike, transform: ArrayLike) -> Array:
    """Convolve images with kernels given by their transform.

    The convolution is circular on the window: it is the ordinary one where the support of the image
    grown by that of the kernel fits in the window.

    Parameters
    ----------
    image :
        Shape ``(..., h, w)``.
    transform :
        From `transform_kernel`, shape ``(..., h, w // 2 + 1)``; leading axes broadcast.
    """
    image = jnp.asarray(image)
    return jnp.fft.irfft2(jnp.fft.rfft2(image) * transform, s=image.shape[-2:])
