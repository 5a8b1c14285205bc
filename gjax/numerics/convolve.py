"""Convolution of images by real Fast Fourier Transforms."""

from __future__ import annotations

import jax.numpy as jnp

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


def transform_kernel(kernel: ArrayLike) -> Array:
    """Transform kernels whose origin is the pixel ``n // 2`` of both axes.

    Parameters
    ----------
    kernel :
        Real kernels on the window, shape ``(..., n, n)``.

    Returns
    -------
    transform :
        Complex, shape ``(..., n, n // 2 + 1)``.
    """
    return jnp.fft.rfft2(jnp.fft.ifftshift(jnp.asarray(kernel), axes=(-2, -1)))


def convolve_transformed(image: ArrayLike, transform: ArrayLike) -> Array:
    """Convolve images with kernels given by their transform.

    The convolution is circular on the window: it is the ordinary one where the support of the image
    grown by that of the kernel fits in the window.

    Parameters
    ----------
    image :
        Shape ``(..., n, n)``.
    transform :
        From `transform_kernel`, shape ``(..., n, n // 2 + 1)``; leading axes broadcast.
    """
    image = jnp.asarray(image)
    return jnp.fft.irfft2(jnp.fft.rfft2(image) * transform, s=image.shape[-2:])
