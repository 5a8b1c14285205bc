"""The PSF of a dataset at the position of a source, as kernels on the pixels there.

Host code: it runs once per preparation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import RecoPSFMap
from gjax.maps.frames import convert
from gjax.maps.wcs import WcsGeom
from gjax.numerics import vector
from gjax.predict.options import Folding
from gjax.predict.psf import (
    PixelProfile,
    RadialProfile,
    integrated_kernel,
    pixel_profile,
    radial_profile,
    sampled_kernel,
)
from gjax.predict.response import containment_radius, psf_profile

__all__ = ["LocalPSF", "pixel_steps"]

#: A PSF whose 68% radius is at least this many pixels may be sampled at pixel centres.
_RESOLVED = 0.8


@dataclass(frozen=True)
class LocalPSF:
    """The PSF at one position of a map.

    Parameters
    ----------
    dataset :
        A map; it may have no PSF.
    geom :
        Its geometry.
    at :
        Longitude and latitude in the frame of the geometry.
    steps :
        Vectors along both sides of the pixel there, from `pixel_steps`.
    folding :
        Numerical choices.
    """

    dataset: Dataset
    geom: WcsGeom
    at: tuple[float, float]
    steps: np.ndarray
    folding: Folding

    @property
    def pixel(self) -> np.ndarray:
        """Sides of the pixel in deg."""
        return np.degrees(np.linalg.norm(self.steps, axis=-1))

    def table(self) -> np.ndarray:
        """Look up the profile on the rad axis of the dataset, shape ``(energy, rad)``.

        Raises
        ------
        ValueError
            If the PSF has other energies than the dataset.
        """
        dataset, psf = self.dataset, self.dataset.psf
        assert psf is not None
        if isinstance(psf, RecoPSFMap):
            own, wanted, what = psf.energy, dataset.energy, "counts"
        else:
            own, wanted, what = psf.energy_true, dataset.energy_true, "exposure"
        if not own.is_allclose(wanted):
            raise ValueError(
                f"dataset {dataset.name!r}: the PSF has {own.nbin} energy bins, "
                f"the {what} {wanted.nbin}, or their edges differ"
            )
        lon, lat = convert(*self.at, self.geom.frame, psf.geom.frame)
        return psf_profile(psf, float(np.squeeze(lon)), float(np.squeeze(lat)))

    def radial(self) -> RadialProfile:
        """Give the smooth radial profile, cut off at the containment of the folding."""
        assert self.dataset.psf is not None
        return radial_profile(self.table(), self.dataset.psf.rad, self.folding.containment)

    def kernel(self, is_point: bool) -> tuple[int, np.ndarray | None]:
        """Give the reach in pixels and the convolution kernels, None without a PSF.

        Parameters
        ----------
        is_point :
            Whether what is convolved is a point, not averaged over pixels.
        """
        psf = self.dataset.psf
        if psf is None:
            return 0, None
        if self.folding.kernel == "sampled":
            kernel = sampled_kernel(self.table(), psf.rad, self.geom)
            return kernel.shape[-1] // 2, kernel
        radial = self.radial()
        smooth = pixel_profile(radial, self.steps)
        reach = self.reach(smooth)
        kernel = integrated_kernel(smooth, self.steps, reach)
        if not is_point:
            # The morphology is averaged over pixels already: again would widen the image.
            r68 = containment_radius(self.table(), psf.rad, 0.68)
            unsmoothed = PixelProfile(radial, np.zeros((1, 2)))
            at_center = integrated_kernel(unsmoothed, self.steps, reach)
            is_resolved = r68 >= _RESOLVED * self.pixel.max()
            kernel = np.where(is_resolved[:, None, None], at_center, kernel)
        return reach, kernel

    def part_kernels(self, parts: int) -> np.ndarray:
        """Give the kernels of a source in the middle of each part of a pixel.

        The morphology is averaged over a part already: the average over the pixel is as much
        narrower.

        Parameters
        ----------
        parts :
            Per side of a pixel.
        """
        smooth = pixel_profile(self.radial(), self.steps)
        narrower = PixelProfile(smooth.profile, smooth.nodes * math.sqrt(1 - 1 / parts**2))
        reach = self.reach(smooth)
        middle = (np.arange(parts) + 0.5) / parts - 0.5
        places = [(x, y) for y in middle for x in middle]
        return np.stack([integrated_kernel(narrower, self.steps, reach, at) for at in places])

    def reach(self, smooth: PixelProfile) -> int:
        """Give the number of pixels to which a profile reaches."""
        return math.ceil(smooth.profile.radius / self.pixel.min())


def pixel_steps(geom: WcsGeom, at: tuple[float, float]) -> np.ndarray:
    """Give the vectors along both sides of the pixel at a position, shape ``(2, 3)``."""
    x, y = (float(np.squeeze(c)) for c in geom.coord_to_pix(np.asarray(at[0]), np.asarray(at[1])))
    nx, ny = geom.npix
    # A source outside the map takes the pixel nearest to it.
    x = float(np.clip(np.nan_to_num(x, nan=nx / 2), 0, nx - 1))
    y = float(np.clip(np.nan_to_num(y, nan=ny / 2), 0, ny - 1))
    # A pixel on the edge of the projection has no sky on one side: then the one at the centre.
    for px, py in ((x, y), ((nx - 1) / 2, (ny - 1) / 2)):
        dx, dy = np.array([0.5, -0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.5, -0.5])
        vectors = np.asarray(vector.from_lonlat(*geom.pix_to_coord(px + dx, py + dy)))
        steps = np.stack([vectors[0] - vectors[1], vectors[2] - vectors[3]])
        if np.isfinite(steps).all():
            break
    return steps
