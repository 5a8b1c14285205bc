"""Datasets with a Gaussian PSF, whose predictions are known, and those written by Gammapy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gjax.dataset import Dataset, PSFMap
from gjax.io.datasets import read_dataset
from gjax.maps import MapAxis, WcsGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Disk, Gaussian, Point
from gjax.model.spectral import PowerLaw, PowerLawNorm

DATA = Path(__file__).parents[1] / "reference" / "data"

ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 1)
ENERGY_TRUE = MapAxis.from_energy_bounds(1.0, 10.0, 1, name="energy_true")

#: Counts of a source with index 2 and amplitude 1e-11 in the datasets with a Gaussian PSF.
N_SOURCE = 1e-11 * 0.9 * 1e12

SPATIAL = {"PointSpatialModel": Point, "GaussianSpatialModel": Gaussian, "DiskSpatialModel": Disk}


@pytest.fixture(scope="session")
def gaussian_dataset() -> Callable[..., Dataset]:
    """Make a dataset of one energy bin and uniform exposure with a Gaussian PSF."""

    def make(geom: WcsGeom, sigma: float | None, name: str = "toy", **parts) -> Dataset:
        psf = None
        if sigma is not None:
            coarse = WcsGeom.create(geom.center, binsz=1.0, npix=3, proj="TAN", frame=geom.frame)
            rad = MapAxis.from_bounds(0.0, 8.0 * sigma, 400, "rad", "deg")
            profile = np.exp(-0.5 * (rad.center / sigma) ** 2) / (
                2 * np.pi * np.radians(sigma) ** 2
            )
            data = np.broadcast_to(profile[None, :, None, None], (1, rad.nbin, *coarse.shape))
            psf = PSFMap(data, np.ones((1, *coarse.shape)), coarse, ENERGY_TRUE, rad)
        exposure = np.full((1, *geom.shape), 1e12)
        return Dataset(name, geom, ENERGY, ENERGY_TRUE, exposure=exposure, psf=psf, **parts)

    return make


@pytest.fixture(scope="session")
def source() -> Callable[..., Models]:
    """Make a source of `N_SOURCE` counts."""

    def make(spatial, amplitude: float = 1e-11) -> Models:
        return Models.create({"source": SkyModel(PowerLaw(2.0, amplitude), spatial)})

    return make


@pytest.fixture(scope="session", params=["migra", "kernel"])
def kind(request) -> str:
    """Kind of energy dispersion of a reference dataset."""
    return request.param


@pytest.fixture(scope="session")
def reference(kind) -> tuple[Dataset, dict, dict]:
    """Read a dataset that Gammapy wrote, with what it predicts for each case."""
    path = DATA / f"dataset_{kind}.fits.gz"
    facts = json.loads((DATA / f"dataset_{kind}.json").read_text())
    with np.load(DATA / f"dataset_{kind}.npz") as arrays:
        return read_dataset(path, name=f"dataset_{kind}"), facts, dict(arrays)


@pytest.fixture(scope="session")
def case_models(reference) -> Callable[[str], Models]:
    """Build the models of a case."""

    def build(case: str) -> Models:
        members = []
        for entry in reference[1]["cases"][case]["models"]:
            values = {name: value for name, (value, _) in entry["parameters"].items()}
            cls = SPATIAL.get(entry["spatial"])
            if cls is None:
                members.append(FoVBackground(reference[0].name, PowerLawNorm(**values)))
                continue
            spectral = PowerLaw(**{k: values.pop(k) for k in ("index", "amplitude", "reference")})
            members.append((entry["name"], SkyModel(spectral, cls(**values))))
        return Models.create(members)

    return build
