"""Write Minuit's Hesse and Minos errors of three fits with Gammapy.

Run this in an environment that has Gammapy and iminuit, with ``GAMMAPY_DATA`` set::

    python tests/reference/make_errors.py

It writes ``data/errors.json`` and the simulated field ``data/cta_field.fits.gz``:

- ``crab3d``: four observations of H.E.S.S., a point source and a background model. The source stays
  in its place: Gammapy's likelihood has kinks in the position of a point source;
- ``field``: a simulated hour with CTA, two Gaussian sources that overlap, twelve free parameters;
- ``joint``: the spectra of five instruments, a log parabola.

Minuit's Hesse is run explicitly, because Gammapy reports Migrad's estimate.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import astropy.units as u
import gammapy
import iminuit
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.data import DataStore, FixedPointingInfo, Observation
from gammapy.datasets import Datasets, MapDataset, SpectrumDatasetOnOff
from gammapy.irf import load_irf_dict_from_file
from gammapy.makers import FoVBackgroundMaker, MapDatasetMaker, SafeMaskMaker
from gammapy.maps import Map, MapAxis, WcsGeom
from gammapy.maps.wcs import ndmap
from gammapy.modeling.iminuit import setup_iminuit
from gammapy.modeling.models import (
    FoVBackgroundModel,
    GaussianSpatialModel,
    LogParabolaSpectralModel,
    PointSpatialModel,
    PowerLawNormSpectralModel,
    PowerLawSpectralModel,
    SkyModel,
)

warnings.filterwarnings("ignore")

# Gammapy convolves maps in float32; Migrad needs a likelihood without that rounding to converge.
ndmap.np = SimpleNamespace(**(vars(np) | {"float32": np.float64}))

DATA = Path(__file__).parent / "data"
REAL = Path(os.environ.get("GAMMAPY_DATA", "."))
IRFS = "cta-1dc/caldb/data/cta/1dc/bcf/South_z20_50h/irf_file.fits"
CRAB = SkyCoord(83.63, 22.01, unit="deg", frame="icrs")
FIELD = SkyCoord(266.0, -29.0, unit="deg", frame="icrs")
INTERNAL = {"amplitude": "TeV-1 s-1 cm-2", "lon_0": "deg", "lat_0": "deg", "sigma": "deg"}
STEPS = {"amplitude": 1e-12, "lon_0": 0.01, "lat_0": 0.01, "sigma": 0.01}
INSTRUMENTS = {
    "fermi": (0.03, 2.0),
    "magic": (0.08, 30.0),
    "veritas": (0.15, 30.0),
    "fact": (0.4, 30.0),
    "hess": (0.66, 30.0),
}


def errors(datasets: Datasets) -> dict:
    """Minimise, run Hesse and Minos, and give all numbers in internal units."""
    parameters = datasets.models.parameters.unique_parameters
    parameters.autoscale()
    minuit, _ = setup_iminuit(parameters, datasets.stat_sum, tol=1e-2, strategy=2)
    free = list(parameters.free_parameters)
    for name, p in zip(minuit.parameters, free, strict=True):
        # Minuit's first steps are a whole factor if it is not told otherwise: 100 deg.
        minuit.errors[name] = STEPS.get(p.name, 0.05) / p.scale
    minuit.migrad()
    assert minuit.valid
    minuit.hesse()
    covariance = np.asarray(minuit.covariance)
    values, stat = np.array(minuit.values), float(minuit.fval)
    minuit.minos(cl=1)
    ends = [minuit.merrors[name] for name in minuit.parameters]
    assert all(end.is_valid for end in ends)
    scale = np.array([p.scale * (1 * p.unit).to_value(INTERNAL.get(p.name, "")) for p in free])
    return {
        "names": [full_name(datasets, p) for p in free],
        "stat": stat,
        "values": (values * scale).tolist(),
        "covariance": (covariance * np.outer(scale, scale)).tolist(),
        "minos": [[-e.lower * s, e.upper * s] for e, s in zip(ends, scale, strict=True)],
    }


def full_name(datasets: Datasets, parameter) -> str:
    """Give a parameter its dotted name: model, part and parameter."""
    for model in datasets.models:
        for part in ("spectral", "spatial"):
            found = getattr(model, f"{part}_model", None)
            if found is not None and any(p is parameter for p in found.parameters):
                return f"{model.name}.{part}.{parameter.name}"
    raise LookupError(parameter.name)


def crab3d() -> Datasets:
    """Reduce and stack four observations of the Crab nebula."""
    store = DataStore.from_dir(REAL / "hess-dl3-dr1")
    energy = MapAxis.from_energy_bounds("0.5 TeV", "50 TeV", 16)
    true = MapAxis.from_energy_bounds("0.3 TeV", "100 TeV", 26, name="energy_true")
    geom = WcsGeom.create(skydir=CRAB, binsz=0.02, width=5, frame="icrs", axes=[energy])
    wide = WcsGeom.create(skydir=CRAB, binsz=0.02, width=7, frame="icrs")
    outside = Map.from_geom(wide, data=wide.separation(CRAB) > 0.4 * u.deg)
    stacked = MapDataset.create(geom, energy_axis_true=true, binsz_irf=0.2, name="stacked")
    safe = SafeMaskMaker(methods=["offset-max", "aeff-default"], offset_max=2.5 * u.deg)
    background = FoVBackgroundMaker(method="scale", exclusion_mask=outside)
    for observation in store.get_observations([23523, 23526, 23559, 23592]):
        empty = stacked.cutout(
            observation.get_pointing_icrs(observation.tmid), width=5 * u.deg, name="one"
        )
        one = background.run(safe.run(MapDatasetMaker().run(empty, observation), observation))
        stacked.stack(one)
    source = SkyModel(
        PowerLawSpectralModel(index=2.5, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV"),
        PointSpatialModel(lon_0="83.63 deg", lat_0="22.01 deg", frame="icrs"),
        name="crab",
    )
    source.spatial_model.freeze()
    norm = FoVBackgroundModel(
        spectral_model=PowerLawNormSpectralModel(), dataset_name="stacked", name="stacked-bkg"
    )
    norm.spectral_model.tilt.frozen = False
    datasets = Datasets([stacked])
    datasets.models = [source, norm]
    return datasets


def field() -> Datasets:
    """Simulate a field of two Gaussian sources, write it, and read it again."""
    center = FIELD
    pointing = FixedPointingInfo(fixed_icrs=SkyCoord(266.0, -28.5, unit="deg", frame="icrs"))
    observation = Observation.create(
        pointing=pointing, livetime=1 * u.h, irfs=load_irf_dict_from_file(REAL / IRFS)
    )
    energy = MapAxis.from_energy_bounds("0.3 TeV", "10 TeV", 6)
    true = MapAxis.from_energy_bounds("0.2 TeV", "16 TeV", 10, name="energy_true")
    geom = WcsGeom.create(skydir=center, binsz=0.05, npix=(44, 44), frame="icrs", axes=[energy])
    empty = MapDataset.create(geom, energy_axis_true=true, binsz_irf=1.2, name="field")
    dataset = MapDatasetMaker(["exposure", "background", "psf", "edisp"]).run(empty, observation)
    for irf in (dataset.psf, dataset.edisp):
        # The same everywhere: Gammapy looks responses up anew only after a move of some size.
        for one in (irf.exposure_map, getattr(irf, "psf_map", None) or irf.edisp_map):
            row, column = (n // 2 for n in one.data.shape[-2:])
            one.data = one.data[..., row : row + 1, column : column + 1] + 0 * one.data
    dataset.models = field_models()
    dataset.fake(random_state=7)
    path = DATA / "cta_field.fits.gz"
    dataset.write(path, overwrite=True)
    datasets = Datasets([MapDataset.read(path, name="field")])
    datasets.models = field_models()
    return datasets


def field_models() -> list:
    """Give two extended sources and a background model, all free."""
    sources = [
        ("wide", 265.9, -29.0, 0.25, 2.2, 3e-11),
        ("narrow", 266.25, -28.85, 0.15, 2.6, 2e-11),
    ]
    models = [
        SkyModel(
            PowerLawSpectralModel(
                index=index, amplitude=amplitude * u.Unit("cm-2 s-1 TeV-1"), reference="1 TeV"
            ),
            GaussianSpatialModel(
                lon_0=lon * u.deg, lat_0=lat * u.deg, sigma=sigma * u.deg, frame="icrs"
            ),
            name=name,
        )
        for name, lon, lat, sigma, index, amplitude in sources
    ]
    norm = FoVBackgroundModel(
        spectral_model=PowerLawNormSpectralModel(), dataset_name="field", name="bkg"
    )
    norm.spectral_model.tilt.frozen = False
    return [*models, norm]


def joint() -> Datasets:
    """Read the spectra of five instruments."""
    datasets = Datasets()
    for name, (low, high) in INSTRUMENTS.items():
        for path in sorted((REAL / "joint-crab/spectra" / name).glob("pha_*.fits")):
            dataset = SpectrumDatasetOnOff.read(path, name=f"{name}-{path.stem[4:]}")
            dataset.mask_fit = dataset.counts.geom.energy_mask(low * u.TeV, high * u.TeV)
            datasets.append(dataset)
    spectral = LogParabolaSpectralModel(
        amplitude="4e-11 cm-2 s-1 TeV-1", alpha=2.5, beta=0.1, reference="1 TeV"
    )
    datasets.models = [SkyModel(spectral, name="crab")]
    return datasets


def main() -> None:
    """Run all cases."""
    out = {"gammapy": gammapy.__version__, "iminuit": iminuit.__version__}
    for case in (joint, field, crab3d):
        out[case.__name__] = errors(case())
        print(case.__name__, out[case.__name__]["stat"], flush=True)
        (DATA / "errors.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
