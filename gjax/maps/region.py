"""Masks of sky regions (of the package ``regions``) on a geometry."""

from __future__ import annotations

from typing import Any

import numpy as np

from gjax.maps.frames import lonlat
from gjax.maps.wcs import WcsGeom

__all__ = ["region_mask"]


def region_mask(geom: WcsGeom, regions: Any, inside: bool = True) -> np.ndarray:
    """Mark the pixels whose centre is in any of the regions.

    A point region marks the pixel that contains it.

    Parameters
    ----------
    geom :
        Where to mark.
    regions :
        A region, a sequence of regions (of sky or of pixels), or text in DS9 format.
    inside :
        Whether pixels inside are true (otherwise those outside are, as in an exclusion mask).

    Returns
    -------
    array
        Booleans, shape ``(ny, nx)``.
    """
    # It imports matplotlib with it, which a fit does not need.
    from regions import PixCoord, PointSkyRegion, Regions

    if isinstance(regions, str):
        regions = Regions.parse(regions, format="ds9")
    elif not hasattr(regions, "__len__"):
        regions = [regions]
    mask = np.zeros(geom.shape, bool)
    wcs = geom.wcs
    pixels = PixCoord(*np.meshgrid(np.arange(geom.npix[0]), np.arange(geom.npix[1])))
    for region in regions:
        if isinstance(region, PointSkyRegion):
            ix, iy = geom.coord_to_idx(*lonlat(region.center, geom.frame))
            if ix >= 0:
                mask[iy, ix] = True
            continue
        pixel_region = region.to_pixel(wcs) if hasattr(region, "to_pixel") else region
        mask |= pixel_region.contains(pixels)
    # Pixels outside the projection are no part of the sky.
    mask &= np.isfinite(geom.coords()[0])
    return mask if inside else ~mask
