"""Geometry of binned data on the host: axes, pixelisations of the sky, and maps on them.

Geometries are static and hashable, so that compiled functions can depend on them. Files are read
and written in `gjax.io`; what a fit sees is in `gjax.dataset`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.maps.axis import MapAxis as MapAxis
    from gjax.maps.healpix import HealpixMap as HealpixMap
    from gjax.maps.map import Map as Map
    from gjax.maps.region import region_mask as region_mask
    from gjax.maps.region_geom import RegionGeom as RegionGeom
    from gjax.maps.wcs import WcsGeom as WcsGeom

__all__ = ["HealpixMap", "Map", "MapAxis", "RegionGeom", "WcsGeom", "region_mask"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.maps.axis": ("MapAxis",),
        "gjax.maps.healpix": ("HealpixMap",),
        "gjax.maps.map": ("Map",),
        "gjax.maps.region": ("region_mask",),
        "gjax.maps.region_geom": ("RegionGeom",),
        "gjax.maps.wcs": ("WcsGeom",),
    },
)
