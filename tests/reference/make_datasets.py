"""Make small analytic datasets with Gammapy, and what Gammapy predicts for them.

Run this in an environment that has Gammapy (gjax itself never imports it)::

    python tests/reference/make_datasets.py

It writes beside itself, in ``data/``, for each kind of energy dispersion (``migra``: a map of migra
distributions, ``kernel``: a map of kernels):

- ``dataset_<kind>.fits.gz``: a dataset of 4 reconstructed and 6 true energy bins, 24 x 20 pixels
  of 0.05 deg, with responses that vary over the field of view, both masks and Poisson counts;
- ``dataset_<kind>.json``: the models of each case with Gammapy's sums and statistics;
- ``dataset_<kind>.npz``: the predicted counts of each case (float64), and for one case the PSF and
  energy dispersion kernels that Gammapy used.

Every number comes from a dataset read afresh from the file: Gammapy's evaluators remember earlier
positions, and a prediction may otherwise depend on the path by which a source arrived.
"""

from __future__ import annotations

import json
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.data import GTI
from gammapy.datasets import MapDataset
from gammapy.irf import EDispMap, PSFMap
from gammapy.maps import Map, MapAxis, WcsGeom
from gammapy.modeling.models import (
    DiskSpatialModel,
    FoVBackgroundModel,
    GaussianSpatialModel,
    PointSpatialModel,
    PowerLawNormSpectralModel,
    PowerLawSpectralModel,
    SkyModel,
)
from regions import CircleSkyRegion

CENTER = SkyCoord(83.63, 22.01, unit="deg", frame="icrs")
POINTING = SkyCoord(83.63, 22.31, unit="deg", frame="icrs")
LIVETIME = 3600.0 * u.s
SEED = 20240229
DATA = Path(__file__).parent / "data"

ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 4, unit="TeV", name="energy")
ENERGY_TRUE = MapAxis.from_energy_bounds(0.6, 16.0, 6, unit="TeV", name="energy_true")
RAD = MapAxis.from_bounds(0.0, 0.66, 66, name="rad", unit="deg")
MIGRA = MapAxis.from_bounds(0.2, 5.0, 48, name="migra")


def exposure(geom):
    """Exposure that rises with energy and falls with offset, in m2 s."""
    coords = geom.get_coord()
    offset = coords.skycoord.separation(POINTING).deg
    area = 2e5 * (coords["energy_true"].to_value("TeV") ** 0.3) * np.exp(-((offset / 1.5) ** 2))
    return Map.from_geom(geom, data=area * LIVETIME.value, unit="m2 s", meta={"livetime": LIVETIME})


def psf_map(image):
    """Gaussian PSF whose width falls with energy and grows with offset."""
    geom = image.to_cube([RAD, ENERGY_TRUE])
    coords = geom.get_coord()
    offset = coords.skycoord.separation(POINTING).deg
    sigma = 0.08 * coords["energy_true"].to_value("TeV") ** -0.25 * (1 + 0.3 * offset)
    data = np.exp(-0.5 * (coords["rad"].to_value("deg") / sigma) ** 2)
    psf = Map.from_geom(geom, data=data)
    psf.normalize(axis_name="rad")
    psf = Map.from_geom(geom, data=psf.quantity.to_value("sr-1"), unit="sr-1")
    return PSFMap(psf, exposure(geom.squash("rad")))


def edisp_map(image):
    """Gaussian migra distribution with a bias that depends on energy and offset."""
    geom = image.to_cube([MIGRA, ENERGY_TRUE])
    coords = geom.get_coord()
    offset = coords.skycoord.separation(POINTING).deg
    mean = 1.0 + 0.05 * np.exp(-coords["energy_true"].to_value("TeV")) + 0.02 * offset
    sigma = 0.12 + 0.04 * offset
    data = np.exp(-0.5 * ((np.asarray(coords["migra"]) - mean) / sigma) ** 2)
    edisp = Map.from_geom(geom, data=data)
    edisp.normalize(axis_name="migra")
    return EDispMap(edisp, exposure(geom.squash("migra")))


def make_dataset(kind):
    """Put the dataset together; counts are drawn from the prediction of the ``gauss_fov`` case."""
    image = WcsGeom.create(skydir=CENTER, binsz=0.05, npix=(24, 20), proj="TAN", frame="icrs")
    image_irf = image.to_binsz(0.2)
    geom = image.to_cube([ENERGY])
    coords = geom.get_coord()
    offset = coords.skycoord.separation(POINTING).deg
    background = 4.0 * coords["energy"].to_value("TeV") ** -1.2 * np.exp(-((offset / 1.2) ** 2))
    edisp = edisp_map(image_irf)
    if kind == "kernel":
        edisp = edisp.to_edisp_kernel_map(ENERGY)
    safe = np.ones(geom.data_shape, bool)
    safe[0] = offset[0] < 0.55
    inside = image.region_mask([CircleSkyRegion(CENTER, 0.55 * u.deg)])
    dataset = MapDataset(
        name=f"analytic-{kind}",
        exposure=exposure(image.to_cube([ENERGY_TRUE])),
        background=Map.from_geom(geom, data=background),
        psf=psf_map(image_irf),
        edisp=edisp,
        mask_safe=Map.from_geom(geom, data=safe),
        mask_fit=Map.from_geom(geom, data=np.broadcast_to(inside.data, geom.data_shape).copy()),
        gti=GTI.create([0.0] * u.s, LIVETIME.reshape(1), reference_time="2020-01-01"),
    )
    dataset.models = cases(dataset.name)["gauss_fov"]
    dataset.fake(random_state=SEED)
    dataset.models = None
    return dataset


def cases(name):
    """List the models of every case."""
    power_law = PowerLawSpectralModel(
        index=2.3, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV"
    )
    position = {"lon_0": "83.652 deg", "lat_0": "22.034 deg", "frame": "icrs"}
    spatial = {
        "gauss": GaussianSpatialModel(sigma="0.17 deg", **position),
        "gauss_small": GaussianSpatialModel(sigma="0.08 deg", **position),
        "disk": DiskSpatialModel(r_0="0.2 deg", **position),
        "point": PointSpatialModel(**position),
    }
    fov = FoVBackgroundModel(
        dataset_name=name, spectral_model=PowerLawNormSpectralModel(norm=1.1, tilt=0.1)
    )
    members = {
        key: [SkyModel(power_law.copy(), model.copy(), name="source")]
        for key, model in spatial.items()
    }
    return members | {
        "gauss_fov": [SkyModel(power_law.copy(), spatial["gauss"].copy(), name="source"), fov],
        "background": [fov.copy()],
    }


def describe(models):
    """Write models as plain names and numbers."""
    return [
        {
            "name": model.name,
            "spatial": type(model.spatial_model).__name__ if model.spatial_model else None,
            "spectral": type(model.spectral_model).__name__,
            "parameters": {p.name: [p.value, p.unit.to_string("fits")] for p in model.parameters},
        }
        for model in models
    ]


def evaluate(path, key):
    """Predict one case from a dataset read afresh."""
    dataset = MapDataset.read(path, name=path.name.split(".")[0])
    dataset.models = cases(dataset.name)[key]
    npred = dataset.npred().data.astype(float)
    row = {
        "models": describe(dataset.models),
        "npred": float(npred.sum()),
        "npred_in_mask": float(npred[dataset.mask.data].sum()),
        "stat_sum": float(dataset.stat_sum()),
    }
    arrays = {f"npred_{key}": npred}
    if key == "gauss":
        evaluator = dataset.evaluators["source"]
        arrays["psf_kernel"] = np.asarray(evaluator.psf.data, float)
        arrays["edisp_kernel"] = np.asarray(evaluator.edisp.pdf_matrix, float)
    return row, arrays


def main():
    """Write all files."""
    DATA.mkdir(exist_ok=True)
    for kind in ("migra", "kernel"):
        path = DATA / f"dataset_{kind}.fits.gz"
        dataset = make_dataset(kind)
        dataset.write(path, overwrite=True)
        result = {
            "gammapy": gammapy.__version__,
            "seed": SEED,
            "counts": float(dataset.counts.data.sum()),
            "livetime": LIVETIME.value,
            "cases": {},
        }
        arrays = {}
        for key in cases("x"):
            result["cases"][key], new = evaluate(path, key)
            arrays |= new
        path.with_name(f"dataset_{kind}.json").write_text(json.dumps(result, indent=1) + "\n")
        np.savez_compressed(path.with_name(f"dataset_{kind}.npz"), **arrays)


if __name__ == "__main__":
    main()
