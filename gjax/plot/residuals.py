"""How far counts are from a prediction, in standard deviations: the numbers behind the pictures.

The drawing is in `gjax.plot.maps` and `gjax.plot.counts`.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from gjax.stats.cash import deviance_residual
from gjax.typing import ArrayLike

__all__ = ["disk_kernel", "residual_sigma", "signed_sqrt_ts", "sum_in_disk"]


def signed_sqrt_ts(counts: ArrayLike, npred: ArrayLike) -> np.ndarray:
    r"""Deviation of counts from a known expectation, in Gaussian standard deviations.

    .. math::
        s = \mathrm{sign}(n - \mu)\,\sqrt{2\,[\,n \ln (n / \mu) - (n - \mu)\,]}

    This is the square root of the likelihood ratio between the expectations ``n`` and ``mu`` for
    Poisson counts: what Li & Ma (1983, ApJ 272, 317, equation 17) becomes when the background is
    known exactly. It tends to :math:`(n - \mu)/\sqrt{\mu}` for large :math:`\mu`. The formula is
    that of `gjax.stats.deviance_residual`, here for arrays with pixels that have no expectation.

    Parameters
    ----------
    counts, npred :
        Measured and predicted counts; arrays that broadcast.

    Returns
    -------
    sigma :
        Same shape; NaN where the prediction is not positive.
    """
    npred = np.asarray(npred, float)
    known = npred > 0
    sigma = deviance_residual(np.asarray(counts, float), np.where(known, npred, 1.0))
    return np.where(known, np.asarray(sigma), np.nan)


def disk_kernel(radius_pix: float) -> np.ndarray:
    """Give the 0/1 kernel of the pixels whose centres lie within ``radius_pix`` pixels.

    Returns
    -------
    kernel :
        Square array of odd size; a radius below one gives the single pixel.
    """
    half = int(np.floor(max(radius_pix, 0.0)))
    offset = np.arange(-half, half + 1)
    inside = offset[:, None] ** 2 + offset[None, :] ** 2 <= max(radius_pix, 0.0) ** 2
    return inside.astype(float)


def sum_in_disk(image: ArrayLike, radius_pix: float) -> np.ndarray:
    """Sum an image over a disk about each pixel; what lies outside the image counts as zero.

    Parameters
    ----------
    image :
        Array of shape ``(y, x)``.
    radius_pix :
        Radius of the disk in pixels.
    """
    image = np.asarray(image, float)
    kernel = disk_kernel(radius_pix)
    if kernel.size == 1:
        return image.copy()
    return fftconvolve(image, kernel, mode="same")


def residual_sigma(
    counts: ArrayLike, npred: ArrayLike, mask: ArrayLike | None, radius_pix: float
) -> np.ndarray:
    """Make the image of residuals in standard deviations, summed over a disk at each pixel.

    Parameters
    ----------
    counts, npred :
        Cubes of shape ``(ereco, y, x)``, or images.
    mask :
        Bins that count, same shape; None means all.
    radius_pix :
        Radius of the disk in pixels.

    Returns
    -------
    sigma :
        Image of shape ``(y, x)``, see `signed_sqrt_ts`; NaN where no bin of the pixel is in the
        mask or nothing is expected in the disk. Pixels closer than the disk's diameter share
        counts and are not independent.
    """
    counts, npred = np.asarray(counts, float), np.asarray(npred, float)
    used = np.ones(counts.shape, bool) if mask is None else np.asarray(mask, bool)
    images = [np.where(used, cube, 0.0) for cube in (counts, npred)]
    images = [cube.reshape(-1, *cube.shape[-2:]).sum(axis=0) for cube in images]
    seen = used.reshape(-1, *used.shape[-2:]).any(axis=0)
    # The Fourier transform leaves rounding errors of 1e-12 of the largest pixel: counts are whole
    # numbers, and a prediction below that level is no prediction.
    n = np.rint(sum_in_disk(images[0], radius_pix)) if radius_pix >= 1 else images[0]
    mu = sum_in_disk(images[1], radius_pix)
    mu = np.where(mu > 1e-10 * max(mu.max(), 1e-300), mu, 0.0)
    return np.where(seen, signed_sqrt_ts(n, mu), np.nan)
