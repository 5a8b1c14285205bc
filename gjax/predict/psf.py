"""From a tabulated PSF profile to what folding needs: a radial spline, or a kernel of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom
from gjax.numerics.quadrature import gauss_legendre
from gjax.numerics.sphere import separation
from gjax.numerics.spline import cubic_coefficients, cubic_weights, monotone_cubic
from gjax.predict.response import containment_radius

__all__ = [
    "RADIAL_INTERVALS",
    "PixelProfile",
    "RadialProfile",
    "integrated_kernel",
    "pixel_profile",
    "radial_profile",
    "sampled_kernel",
]

#: Intervals of the radial spline; the same for all sources, so that they share compiled code.
RADIAL_INTERVALS = 256

#: Fraction of the outer radius over which the profile is brought to zero smoothly.
_TAPER = 0.1

#: Largest sub-pixel in units of the PSF's 68% radius: the anisotropy that averaging over directions
#: leaves out is then a few 1e-4 of the peak.
_COARSEST = 0.75

_ANGLES = 16


@dataclass(frozen=True)
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

    coefficients: np.ndarray
    spacing: float
    r68: float

    @property
    def radius(self) -> float:
        """Radius in deg beyond which the profile is zero."""
        return RADIAL_INTERVALS * self.spacing


@dataclass(frozen=True)
class PixelProfile:
    """The PSF averaged over pixels, as a radial profile at a few nodes in each pixel.

    Parameters
    ----------
    profile :
        The profile averaged over a sub-pixel and over directions.
    nodes :
        Places of the equally weighted nodes in a pixel, in units of its sides, shape ``(node, 2)``.
    """

    profile: RadialProfile
    nodes: np.ndarray


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

    Raises
    ------
    ValueError
        If there is no response at any energy.
    """
    some = profile.sum(axis=-1) > 0
    if not some.any():
        raise ValueError("the PSF is empty: no response at the position of the source")
    radius = containment_radius(profile[some], rad, containment).max()
    radius = min(radius / (1 - _TAPER / 2), float(rad.edges[-1]))
    grid = np.linspace(0.0, radius, RADIAL_INTERVALS + 1)
    center, kept = rad.center, rad.center > 0
    # Even continuation through the origin gives zero slope there.
    x = np.concatenate([-center[kept][1::-1], center[kept]])
    y = np.concatenate([profile[:, kept][:, 1::-1], profile[:, kept]], axis=1)
    values = np.clip(monotone_cubic(x, y.T, grid), 0.0, None)
    outer = np.clip((grid / radius - (1 - _TAPER)) / _TAPER, 0.0, 1.0)
    values *= (np.cos(0.5 * np.pi * outer) ** 2)[:, None]
    r68 = float(containment_radius(profile[some], rad, 0.68).min())
    return _normalised(values, float(grid[1]), r68)


def pixel_profile(profile: RadialProfile, steps: np.ndarray) -> PixelProfile:
    r"""Average a profile over pixels of a given shape.

    The mean of a radial function over a small square is nearly radial again: what depends on the
    direction is of fourth order in the size. So the mean over a square and over all directions,
    taken once, replaces a quadrature in every pixel. Pixels that are large for the PSF are cut in
    sub-pixels; the part of an oblong one's second moments that a square does not have is added by
    two nodes along its long axis.

    Parameters
    ----------
    steps :
        Vectors along the sides of the pixel, shape ``(2, 3)``.
    """
    sides = np.degrees(np.linalg.norm(steps, axis=-1))
    n = max(1, int(np.ceil(sides.max() / (_COARSEST * profile.r68))))
    # Second moments of the sub-pixel, in units of its sides and as seen on the sky.
    gram = np.degrees(1.0) ** 2 * (steps @ steps.T) / (12.0 * n**2)
    values, vectors = np.linalg.eigh(gram)
    cells = (np.arange(n) + 0.5) / n - 0.5
    nodes = np.stack([a.ravel() for a in np.meshgrid(cells, cells)], axis=-1)
    if values[1] > 1.02 * values[0]:
        # In units of the sides, moment 1 / (12 n^2) is a whole side: scale by the excess.
        along = vectors[:, 1] * np.sqrt((1.0 - values[0] / values[1]) / 12.0) / n
        nodes = np.concatenate([nodes - along, nodes + along])
    return PixelProfile(_square_average(profile, np.sqrt(12.0 * values[0])), nodes)


def _square_average(profile: RadialProfile, side: float) -> RadialProfile:
    """Average a profile over squares of a side in deg, in all orientations."""
    x, w = (np.asarray(a) / 2 for a in gauss_legendre(4))
    distance = side * np.hypot(*np.meshgrid(x, x)).ravel()
    distance, inverse = np.unique(np.round(distance, 12), return_inverse=True)
    weight = np.bincount(inverse, np.outer(w, w).ravel())
    angle = (np.arange(_ANGLES) + 0.5) * np.pi / _ANGLES
    grid = np.linspace(0.0, profile.radius + 0.75 * side, RADIAL_INTERVALS + 1)
    at, d = grid[:, None, None], distance[:, None]
    r = np.sqrt(at**2 + d**2 + 2 * at * d * np.cos(angle))
    mean = _sums(profile, r, weight[:, None] / _ANGLES, np.arange(len(grid))[:, None, None])
    return _normalised(mean, float(grid[1]), profile.r68)


def _sums(
    profile: RadialProfile, r: np.ndarray, weight: np.ndarray | float, row: np.ndarray
) -> np.ndarray:
    """Sum values of a profile with weights, one sum per row, shape ``(row, etrue)``."""
    coefficients = profile.coefficients.reshape(4 * RADIAL_INTERVALS, -1)
    return cubic_weights(RADIAL_INTERVALS, profile.spacing, r, weight, row) @ coefficients


def _normalised(values: np.ndarray, spacing: float, r68: float) -> RadialProfile:
    """Make the spline through values on the grid, with unit integral over the sphere."""
    coefficients = cubic_coefficients(values, spacing)
    nodes, weights = (np.asarray(a) for a in gauss_legendre(5))
    t = 0.5 * (nodes + 1.0)
    sine = np.sin(np.radians((np.arange(RADIAL_INTERVALS)[:, None] + t) * spacing))
    area = np.pi * np.radians(spacing) * weights * sine
    integral = np.einsum("ik,ikc->c", area @ t[:, None] ** np.arange(4), coefficients)
    scale = np.where(integral > 0, 1.0 / np.where(integral > 0, integral, 1.0), 0.0)
    return RadialProfile(coefficients * scale, spacing, r68)


def integrated_kernel(
    pixel: PixelProfile,
    steps: np.ndarray,
    reach: int,
    shift: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """Integrate the profile over pixels, per energy.

    Parameters
    ----------
    pixel :
        The profile averaged over pixels.
    steps :
        Vectors along the sides of a pixel at the source, ``(step_x, step_y)``, shape ``(2, 3)``.
    reach :
        Pixels on each side of the central one.
    shift :
        Place ``(x, y)`` of the source in the central pixel, in pixels from its centre.

    Returns
    -------
    kernel :
        Shape ``(etrue, 2 reach + 1, 2 reach + 1)``; sums to one per energy (zero where there is no
        response).
    """
    at = np.arange(-reach, reach + 1)
    size = len(at)
    metric = np.degrees(1.0) ** 2 * steps @ steps.T
    profile = pixel.profile
    x = (at + pixel.nodes[:, :1] - shift[0])[:, None, :]
    y = (at + pixel.nodes[:, 1:] - shift[1])[:, :, None]
    r2 = metric[0, 0] * x * x + 2 * metric[0, 1] * x * y + metric[1, 1] * y * y
    kernel = _sums(profile, np.sqrt(r2), 1.0, np.arange(size**2).reshape(size, size))
    return _normalise(kernel.T.reshape(-1, size, size))


def sampled_kernel(profile: np.ndarray, rad: MapAxis, geom: WcsGeom) -> np.ndarray:
    """Sample the tabulated profile at sub-pixel centres, as Gammapy makes its kernels.

    Each energy is cut at a square whose half side is its 99.9% containment radius, sampled on
    ``min(ceil(12 pixel / (2 r68)), 4)`` sub-pixels with linear interpolation in rad, summed to
    pixels and normalised. The geometry of the kernel is that of the map's centre.

    Returns
    -------
    kernel :
        Shape ``(etrue, size, size)`` with an odd size.
    """
    r999 = containment_radius(profile, rad, 0.999)
    r68 = containment_radius(profile, rad, 0.68)
    scale = float(np.max(geom.pixel_scale))
    center = rad.center
    sizes = np.ceil(2 * r999 / scale).astype(int) // 2 * 2 + 1
    size = int(sizes.max())
    kernel = np.zeros((len(profile), size, size))
    for i, row in enumerate(profile):
        if row.sum() <= 0:
            continue
        npix = int(sizes[i])
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
        inner = slice(size // 2 - npix // 2, size // 2 + npix // 2 + 1)
        kernel[i, inner, inner] = image
    return _normalise(kernel)


def _normalise(kernel: np.ndarray) -> np.ndarray:
    total = kernel.sum(axis=(1, 2), keepdims=True)
    return np.where(total > 0, kernel / np.where(total > 0, total, 1.0), 0.0)
