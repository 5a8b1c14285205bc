"""From a tabulated PSF profile to what folding needs: a radial spline, or a kernel of pixels."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom
from gjax.numerics.quadrature import gauss_legendre
from gjax.numerics.sphere import separation
from gjax.numerics.spline import cubic_coefficients, cubic_evaluate
from gjax.predict.response import containment_radius

__all__ = [
    "RADIAL_INTERVALS",
    "RadialProfile",
    "integrated_kernel",
    "radial_profile",
    "sampled_kernel",
]

#: Intervals of the radial spline; the same for all sources, so that they share compiled code.
RADIAL_INTERVALS = 256

#: Fraction of the outer radius over which the profile is brought to zero smoothly.
_TAPER = 0.1


class RadialProfile:
    """A PSF profile per energy as a cubic spline on a uniform radial grid.

    Parameters
    ----------
    coefficients :
        From `gjax.numerics.spline.cubic_coefficients`, shape ``(interval, 4, etrue)``, in sr-1.
    spacing :
        Grid spacing in deg.
    r68 :
        Smallest 68% containment radius over the energies that have a response, in deg.
    """

    def __init__(self, coefficients: np.ndarray, spacing: float, r68: float) -> None:
        self.coefficients = coefficients
        self.spacing = spacing
        self.r68 = r68

    @property
    def radius(self) -> float:
        """Radius in deg beyond which the profile is zero."""
        return RADIAL_INTERVALS * self.spacing


def radial_profile(profile: np.ndarray, rad: MapAxis, containment: float) -> RadialProfile:
    r"""Make a smooth profile that integrates to one from a tabulated one.

    The table is interpolated by a monotone cubic with zero slope at the centre, cut at the largest
    radius of the given containment over all energies (where it is brought to zero over the outer
    tenth, so that predicted counts have no step), and normalised such that
    :math:`\int 2\pi \sin r\, f(r)\, dr = 1`.

    Parameters
    ----------
    profile :
        In sr-1 at the centres of ``rad``, shape ``(etrue, rad)``.
    """
    some = profile.sum(axis=-1) > 0
    if not some.any():
        raise ValueError("the PSF is empty: no response at the position of the source")
    radius = containment_radius(profile[some], rad, containment).max()
    radius = min(radius / (1 - _TAPER / 2), float(rad.edges[-1]))
    grid = np.linspace(0.0, radius, RADIAL_INTERVALS + 1)
    center = rad.center
    values = np.zeros((len(grid), len(profile)))
    for column, row in enumerate(profile):
        if row.sum() <= 0:
            continue
        # Even continuation through the origin gives zero slope there.
        keep = center > 0
        x = np.concatenate([-center[keep][1::-1], center[keep]])
        y = np.concatenate([row[keep][1::-1], row[keep]])
        values[:, column] = np.clip(PchipInterpolator(x, y, extrapolate=True)(grid), 0.0, None)
    outer = np.clip((grid / radius - (1 - _TAPER)) / _TAPER, 0.0, 1.0)
    values *= (np.cos(0.5 * np.pi * outer) ** 2)[:, None]
    coefficients = cubic_coefficients(values, grid[1])
    integral = _integrate(coefficients, grid[1])
    scale = np.where(integral > 0, 1.0 / np.where(integral > 0, integral, 1.0), 0.0)
    r68 = float(containment_radius(profile[some], rad, 0.68).min())
    return RadialProfile(coefficients * scale, float(grid[1]), r68)


def _integrate(coefficients: np.ndarray, spacing: float) -> np.ndarray:
    """Integrate a radial spline over the sphere, in sr times its unit."""
    nodes, weights = gauss_legendre(5)
    t = (np.arange(RADIAL_INTERVALS)[:, None] + 0.5 * (np.asarray(nodes) + 1.0)).ravel()
    w = np.tile(0.5 * np.asarray(weights), RADIAL_INTERVALS) * np.radians(spacing)
    values = np.asarray(cubic_evaluate(coefficients, spacing, t * spacing))
    return np.einsum("r,rc->c", w * 2 * np.pi * np.sin(np.radians(t * spacing)), values)


def integrated_kernel(
    profile: RadialProfile, steps: np.ndarray, size: int, order: int
) -> np.ndarray:
    """Integrate the profile over the pixels of a window, per energy.

    Parameters
    ----------
    profile :
        The smooth profile.
    steps :
        Vectors along the sides of a pixel at the source, ``(step_x, step_y)``, shape ``(2, 3)``.
    size :
        Pixels on each side of the window; the origin is pixel ``size // 2``.
    order :
        Gauss-Legendre order per pixel side.

    Returns
    -------
    kernel :
        Shape ``(etrue, size, size)``; sums to one per energy (zero where there is no response).
    """
    nodes, weights = (np.asarray(a) / 2 for a in gauss_legendre(order))
    at = np.arange(size) - size // 2
    metric = np.degrees(1.0) ** 2 * steps @ steps.T
    kernel = np.zeros((size, size, profile.coefficients.shape[-1]))
    for ny, wy in zip(nodes, weights, strict=True):
        for nx, wx in zip(nodes, weights, strict=True):
            x, y = (at + nx)[None, :], (at + ny)[:, None]
            r2 = metric[0, 0] * x * x + 2 * metric[0, 1] * x * y + metric[1, 1] * y * y
            values = cubic_evaluate(profile.coefficients, profile.spacing, np.sqrt(r2))
            kernel += wx * wy * np.asarray(values)
    return _normalise(np.moveaxis(kernel, -1, 0))


def sampled_kernel(profile: np.ndarray, rad: MapAxis, geom: WcsGeom, size: int) -> np.ndarray:
    """Sample the tabulated profile at sub-pixel centres, as Gammapy makes its kernels.

    Each energy is cut at a square whose half side is its 99.9% containment radius, sampled on
    ``min(ceil(12 pixel / (2 r68)), 4)`` sub-pixels with linear interpolation in rad, summed to
    pixels and normalised. The geometry of the kernel is that of the map's centre.

    Returns
    -------
    kernel :
        Shape ``(etrue, size, size)``.
    """
    r999 = containment_radius(profile, rad, 0.999)
    r68 = containment_radius(profile, rad, 0.68)
    scale = float(np.max(geom.pixel_scale))
    center = rad.center
    kernel = np.zeros((len(profile), size, size))
    for i, row in enumerate(profile):
        if row.sum() <= 0:
            continue
        npix = int(np.ceil(2 * r999[i] / scale) // 2 * 2 + 1)
        factor = int(min(np.ceil(12 / (2 * r68[i] / scale)), 4))
        small = WcsGeom.create(
            skydir=geom.center, binsz=scale, npix=npix, proj=geom.projection, frame=geom.frame
        )
        lon, lat = small.nodes((np.arange(factor) + 0.5) / factor - 0.5)
        r = np.asarray(separation(*small.center, lon, lat))
        # Linear, continued below the first and beyond the last centre.
        index = np.clip(np.searchsorted(center, r) - 1, 0, len(center) - 2)
        fraction = (r - center[index]) / (center[index + 1] - center[index])
        values = np.clip(row[index] + fraction * (row[index + 1] - row[index]), 0.0, None)
        image = values.reshape(npix, factor, npix, factor).sum(axis=(1, 3))
        half, mid = npix // 2, size // 2
        cut = min(half, mid)
        window = slice(mid - cut, mid + cut + 1)
        inner = slice(half - cut, half + cut + 1)
        kernel[i, window, window] = image[inner, inner][: size - mid + cut, : size - mid + cut]
    return _normalise(kernel)


def _normalise(kernel: np.ndarray) -> np.ndarray:
    total = kernel.sum(axis=(1, 2), keepdims=True)
    return np.where(total > 0, kernel / np.where(total > 0, total, 1.0), 0.0)
