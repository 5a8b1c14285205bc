"""Small datasets with made-up contents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap
from gjax.events.gti import GTI
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom

ENERGY = MapAxis.from_energy_bounds(1.0, 100.0, 4)
ENERGY_TRUE = MapAxis.from_energy_bounds(0.5, 200.0, 3, name="energy_true")
RAD = MapAxis.from_bounds(0.0, 0.5, 5, "rad", "deg")
MIGRA = MapAxis.from_bounds(0.2, 3.0, 6, "migra")


@pytest.fixture(scope="session")
def geom() -> WcsGeom:
    """Twelve by ten pixels of half a degree."""
    return WcsGeom.create((10.0, 20.0), 0.5, npix=(12, 10), proj="TAN")


@pytest.fixture(scope="session")
def make(geom) -> Callable[..., Dataset]:
    """Make a dataset of random contents; ``kind`` is that of the energy dispersion."""

    def make_dataset(seed: int, image: WcsGeom = geom, kind: str = "kernel", **changes) -> Dataset:
        rng = np.random.default_rng(seed)
        coarse = image.to_binsz(1.0)
        true, response = (3, *image.shape), (3, *coarse.shape)
        exposure = rng.uniform(1.0, 2.0, response)
        if kind == "kernel":
            data = rng.uniform(0, 0.2, (3, 4, *coarse.shape))
            edisp = EDispKernelMap(data, exposure, coarse, ENERGY_TRUE, ENERGY)
        else:
            data = rng.uniform(0, 0.2, (3, 6, *coarse.shape))
            edisp = EDispMap(data, exposure, coarse, ENERGY_TRUE, MIGRA)
        start = 1000.0 * seed
        parts = {
            "counts": rng.poisson(3.0, (4, *image.shape)).astype(float),
            "background": rng.uniform(0.5, 2.0, (4, *image.shape)),
            "exposure": rng.uniform(1e12, 2e12, true),
            "psf": PSFMap(
                rng.uniform(0, 1, (3, 5, *coarse.shape)), exposure, coarse, ENERGY_TRUE, RAD
            ),
            "edisp": edisp,
            "mask_safe": rng.uniform(size=(4, *image.shape)) > 0.3,
            "gti": GTI([start], [start + 600.0], 53343.0),
            "livetime": np.asarray(540.0),
            "obs_ids": (seed,),
            "telescope": "TEST",
        }
        return Dataset(f"d{seed}", image, ENERGY, ENERGY_TRUE, **(parts | changes))

    return make_dataset
