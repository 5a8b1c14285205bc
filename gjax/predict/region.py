"""Sources in spectra: the part of a source that lies in the region, as the PSF spreads it.

Without a PSF the effective area holds the containment already: a point source inside counts whole,
and an extended one with the part of it that lies inside. Without a morphology a source is taken to
be what the spectrum was extracted for.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import RecoPSFMap
from gjax.maps.frames import convert
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.predict.options import Folding
from gjax.predict.plan import plan_source
from gjax.predict.response import edisp_kernel
from gjax.predict.sky_grid import SkyGrid, sky_grid
from gjax.predict.source import AbstractSource, FixedSource, Stay, Window
from gjax.typing import Array, ArrayLike, Float

__all__ = ["RegionSource", "region_source", "region_weights"]

_ONE_PIXEL = Window((1, 1), (False, False))
_PLACE = Stay(np.asarray(0), np.asarray(0))

#: Pixels from the centre of a region to its farthest point, and sub-pixels per side of each.
_PIXELS, _SUBPIXELS = 20, 5


class RegionSource(AbstractSource):
    """A source in a region: its image around the region, summed inside.

    Parameters
    ----------
    edisp :
        Energy dispersion matrix, shape ``(etrue, ereco)``.
    inner :
        The source on a small image around the region.
    grid :
        Directions of that image.
    weights :
        Fraction of each of its pixels that lies in the region, shape ``(y, x)``.
    place :
        The one pixel.
    window :
        Its shape.
    """

    edisp: ArrayLike
    inner: AbstractSource
    grid: SkyGrid
    weights: ArrayLike
    place: Stay
    window: Window = eqx.field(static=True)

    def shape(
        self, spatial: Any, grid: SkyGrid, start: tuple[Array, Array]
    ) -> Float[Array, "energy 1 1"]:
        """Give the fraction in the region."""
        weights = jnp.asarray(self.weights)
        at = self.inner.start(spatial, (weights.shape[0], weights.shape[1]))
        image = self.inner.image(spatial, self.grid, at)
        inside = jax.lax.dynamic_slice(weights, at, self.inner.window.shape)
        return jnp.einsum("thw,hw->t", image, inside)[:, None, None]

    def blur(self, shape: Array) -> Float[Array, "energy 1 1"]:
        """Give the fraction as it is."""
        return shape


def region_source(
    dataset: Dataset, spatial: Any, is_free: bool, folding: Folding
) -> AbstractSource:
    """Plan the folding of a source in a dataset whose geometry is a region.

    Parameters
    ----------
    is_free :
        Whether a spatial parameter can change.

    Raises
    ------
    ValueError
        If the PSF is in reconstructed energy.
    """
    geom = dataset.geom
    assert isinstance(geom, RegionGeom)
    if isinstance(dataset.psf, RecoPSFMap):
        raise ValueError(
            f"dataset {dataset.name!r}: a spectrum cannot have a PSF in reconstructed energy"
        )
    edisp = edisp_kernel(
        dataset.edisp, dataset.energy_true, dataset.energy, geom.center, folding.lookup
    )
    fraction = _simple_fraction(dataset, geom, spatial)
    if fraction is not None:
        template = np.full((dataset.energy_true.nbin, 1, 1), fraction)
        return FixedSource(edisp=edisp, template=template, place=_PLACE, window=_ONE_PIXEL)
    image, weights = region_weights(geom)
    around = Dataset(
        name=dataset.name,
        geom=image,
        energy=dataset.energy,
        energy_true=dataset.energy_true,
        psf=dataset.psf,
    )
    plan = plan_source(around, spatial, is_free, folding)
    pad = max(size // 2 + 2 for size in plan.window.shape)
    return RegionSource(
        edisp=edisp,
        inner=plan.make(pad, plan.window),
        grid=sky_grid(image, pad, folding.beyond_border),
        weights=np.pad(weights, pad),
        place=_PLACE,
        window=_ONE_PIXEL,
    )


def _simple_fraction(dataset: Dataset, geom: RegionGeom, spatial: Any) -> float | None:
    """Give the fraction in the region where no image is needed: it is all or nothing."""
    if spatial is None or geom.is_point:
        return 1.0
    if dataset.psf is None and spatial.is_point:
        lon, lat = spatial.position
        return float(geom.contains(*convert(lon, lat, spatial.frame, geom.frame)))
    return None


def region_weights(geom: RegionGeom) -> tuple[WcsGeom, np.ndarray]:
    """Make an image around a region, and the fraction of each pixel that lies inside."""
    image = geom.wcs_geom(geom.reach / _PIXELS)
    nx, ny = image.npix
    offsets = (np.arange(_SUBPIXELS) + 0.5) / _SUBPIXELS - 0.5
    x = (np.arange(nx)[:, None] + offsets).ravel()
    y = (np.arange(ny)[:, None] + offsets).ravel()
    lon, lat = image.pix_to_coord(x[None, :], y[:, None])
    inside = geom.contains(lon, lat)
    fractions = inside.reshape(ny, _SUBPIXELS, nx, _SUBPIXELS).mean(axis=(1, 3))
    return image, fractions
