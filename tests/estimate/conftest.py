"""A dataset without PSF and dispersion, where counts of a source are known by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gjax.dataset import Dataset, EDispKernelMap, PSFMap
from gjax.maps import MapAxis, WcsGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw, PowerLawNorm

#: Exposure in cm2 s.
EXPOSURE = 1e13


@pytest.fixture(scope="session")
def spectrum() -> PowerLaw:
    """Spectrum of the source."""
    return PowerLaw(index=2.2, amplitude=1e-11, reference=1.0)


@pytest.fixture(scope="session")
def models(spectrum) -> Models:
    """Build a source in the middle of the map on a background."""
    background = FoVBackground("toy", PowerLawNorm(norm=0.8))
    return Models.create([("crab", SkyModel(spectrum, Point(83.63, 22.01))), background])


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Dataset]:
    """Make a dataset with a narrow PSF and no energy dispersion."""

    def make(name: str = "toy", nbin: int = 8, energy_min: float = 0.1, **parts) -> Dataset:
        energy = MapAxis.from_energy_bounds(energy_min, 10.0, nbin)
        true = MapAxis.from_energy_bounds(energy_min, 10.0, nbin, name="energy_true")
        geom = WcsGeom.create((83.63, 22.01), 0.1, npix=(21, 21), proj="TAN")
        coarse = WcsGeom.create(geom.center, 1.0, npix=3, proj="TAN")
        rad = MapAxis.from_bounds(0.0, 0.5, 200, "rad", "deg")
        sigma = 0.06
        profile = np.exp(-0.5 * (rad.center / sigma) ** 2) / (2 * np.pi * np.radians(sigma) ** 2)
        psf = np.broadcast_to(profile[None, :, None, None], (nbin, rad.nbin, *coarse.shape))
        kernel = np.broadcast_to(np.eye(nbin)[..., None, None], (nbin, nbin, *coarse.shape))
        ones = np.ones((nbin, *coarse.shape))
        shape = (nbin, *geom.shape)
        given = {"background": np.full(shape, 0.02)} | parts
        return Dataset(
            name,
            geom,
            energy,
            true,
            exposure=np.full(shape, EXPOSURE),
            psf=PSFMap(psf, ones, coarse, true, rad),
            edisp=EDispKernelMap(kernel, ones, coarse, true, energy),
            **given,
        )

    return make
