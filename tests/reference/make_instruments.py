"""Gammapy's numbers for HAWC, Fermi-LAT and the joint fit of instruments, from $GAMMAPY_DATA.

Run this in the environment of the peer (`make.sh`)::

    cd tests/reference
    ../../.venv-peer/bin/python make_instruments.py > data/instruments.json

Cases (all by default): what is read (``reading``), the Crab Nebula of HAWC (``hawc``) and of
Fermi-LAT (``fermi_crab``), the Galactic Centre of Fermi-LAT as in the tutorial of Gammapy
(``fermi_gc``, needs healpy), the joint fit of its tutorial ``analysis_mwl`` (``mwl_points``:
HAWC as flux points) and the same with its maps (``mwl_maps``). Each fit is preceded by predictions
at the start values, and followed by Hesse, which Gammapy does not run by itself.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.data import EventList
from gammapy.datasets import Datasets, FluxPointsDataset, MapDataset, SpectrumDatasetOnOff
from gammapy.estimators import FluxPoints
from gammapy.irf import EDispKernelMap, PSFMap
from gammapy.maps import Map, MapAxis, WcsGeom
from gammapy.modeling import Fit
from gammapy.modeling.models import (
    FoVBackgroundModel,
    LogParabolaSpectralModel,
    Models,
    PointSpatialModel,
    PowerLawNormSpectralModel,
    PowerLawSpectralModel,
    SkyModel,
    TemplateSpatialModel,
    create_crab_spectral_model,
    create_fermi_isotropic_diffuse_model,
)

DATA = Path(os.environ["GAMMAPY_DATA"])
FILES = {
    "hawc": DATA / "hawc/DL4/HAWC_pass4_public_Crab.yaml",
    "fermi_crab": DATA / "fermi-3fhl-crab/Fermi-LAT-3FHL_datasets.yaml",
    "gc_example": DATA / "tests/models/gc_example_datasets.yaml",
}
MODELS = DATA / "fermi-3fhl-crab/Fermi-LAT-3FHL_models.yaml"


def total(array):
    """Sum in float64."""
    return float(np.nansum(np.asarray(array, float)))


def describe_map(map_, unit=""):
    """Give a few numbers that tell whether a map was read right."""
    values = map_.quantity.to_value(unit) if unit else np.asarray(map_.data)
    values = np.nan_to_num(np.asarray(values, float))
    ramp = np.arange(values.size).reshape(values.shape) % 97
    return {
        "shape": list(values.shape),
        "sum": total(values),
        "max": float(values.max()),
        # A sum with unequal weights, so that no axis can be upside down.
        "weighted": total(values * ramp),
    }


def describe_dataset(dataset):
    """Describe what is read from a file."""
    row = {"name": dataset.name, "type": dataset.tag}
    for key, unit in (
        ("counts", ""),
        ("background", ""),
        ("exposure", "cm2 s"),
        ("mask_safe", ""),
        ("mask_fit", ""),
    ):
        if getattr(dataset, key, None) is not None:
            row[key] = describe_map(getattr(dataset, key), unit)
    if dataset.psf is not None:
        row["psf"] = describe_map(dataset.psf.psf_map, "sr-1")
    if dataset.edisp is not None:
        row["edisp"] = describe_map(dataset.edisp.edisp_map)
    row["energy"] = dataset.counts.geom.axes["energy"].edges.to_value("TeV").tolist()
    row["energy_true"] = dataset.exposure.geom.axes["energy_true"].edges.to_value("TeV").tolist()
    row["ontime"] = float(dataset.gti.time_sum.to_value("s")) if dataset.gti else None
    info = dataset.info_dict()
    row["info"] = {
        key: float(value.value if hasattr(value, "value") else value)
        for key, value in info.items()
        if key not in ("name", "stat_type")
    }
    row["info"]["stat_type"] = info["stat_type"]
    return row


def reading():
    """Describe every dataset of the YAML files."""
    result = {
        key: [describe_dataset(dataset) for dataset in Datasets.read(path, lazy=False)]
        for key, path in FILES.items()
    }
    dataset = MapDataset.read(DATA / "fermi-3fhl-gc/fermi-3fhl-gc.fits.gz", name="fermi-3fhl-gc")
    result["fermi_gc"] = [describe_dataset(dataset)]
    return result


def predictions(datasets):
    """Predicted counts and statistic of each dataset at the present values."""
    rows = []
    for dataset in datasets:
        row = {"name": dataset.name, "stat": float(dataset.stat_sum())}
        if not isinstance(dataset, FluxPointsDataset):
            npred = dataset.npred().data.astype(float)
            row["npred"] = total(npred)
            inside = slice(None) if dataset.mask is None else dataset.mask.data
            row["npred_in_mask"] = total(npred[inside])
            row["npred_signal"] = total(dataset.npred_signal().data)
        rows.append(row)
    return rows


def run_fit(datasets, models):
    """Fit and run Hesse; report what comes out."""
    start = {f"{m.name}.{p.name}": p.value for m in models for p in m.parameters}
    result = {"start": start, "before": predictions(datasets)}
    fit = Fit(optimize_opts={"print_level": 0})
    outcome = fit.run(datasets)
    result["success"] = bool(outcome.success)
    result["nfev"] = int(outcome.optimize_result.nfev)
    result["stat"] = float(outcome.optimize_result.total_stat)
    migrad = {(id(p)): float(p.error) for p in models.parameters}
    # Without the result of the optimiser, Hesse itself is run.
    fit.covariance(datasets)
    result["parameters"] = {
        f"{m.name}.{p.name}": {
            "value": float(p.value),
            "error": float(p.error),
            "error_migrad": migrad[id(p)],
            "unit": p.unit.to_string("fits"),
            "frozen": bool(p.frozen),
        }
        for m in models
        for p in m.parameters
    }
    result["after"] = predictions(datasets)
    result["dnde"] = spectrum_with_errors(models[0].spectral_model)
    return result


def spectrum_with_errors(spectrum, energies=(0.01, 0.1, 1.0, 10.0), step=1e-4):
    """Differential flux with errors by linear propagation (Gammapy draws samples)."""
    energies = energies * u.TeV

    def log_dnde():
        return np.log(spectrum(energies).to_value("cm-2 s-1 TeV-1"))

    value = log_dnde()
    jacobian = np.zeros((len(energies), len(spectrum.parameters)))
    for i, parameter in enumerate(spectrum.parameters):
        if parameter.error == 0:
            continue
        best, delta = parameter.value, step * parameter.error
        parameter.value = best + delta
        up = log_dnde()
        parameter.value = best - delta
        jacobian[:, i] = (up - log_dnde()) / (2 * delta)
        parameter.value = best
    variance = np.einsum("ei,ij,ej->e", jacobian, spectrum.covariance.data, jacobian)
    return {
        "energy": energies.value.tolist(),
        "value": np.exp(value).tolist(),
        "error": (np.exp(value) * np.sqrt(variance)).tolist(),
    }


def background_models(datasets):
    """Give each dataset a free norm of its background."""
    return [FoVBackgroundModel(dataset_name=dataset.name) for dataset in datasets]


def hawc():
    """Crab Nebula in five bins of hits: a point source with a log parabola."""
    datasets = Datasets.read(FILES["hawc"], lazy=False)
    crab = SkyModel(
        LogParabolaSpectralModel(
            amplitude="2.3e-13 cm-2 s-1 TeV-1", reference="7 TeV", alpha=2.7, beta=0.1
        ),
        PointSpatialModel(lon_0="83.63 deg", lat_0="22.02 deg", frame="icrs"),
        name="Crab Nebula",
    )
    crab.spatial_model.parameters.freeze_all()
    models = Models([crab, *background_models(datasets)])
    datasets.models = models
    return run_fit(datasets, models)


def crab_models(reference):
    """Models as in the file, or the same log parabola written at another reference energy.

    At the reference of the file, 50 MeV, the parameters are so correlated that the minimiser
    stops early: the other form is for comparing numbers.
    """
    models = Models.read(MODELS, checksum=False)
    if reference is None:
        return models
    spectrum = models[0].spectral_model
    energy = u.Quantity(reference)
    ratio = np.log((energy / spectrum.reference.quantity).to_value(""))
    amplitude = spectrum(energy)
    spectrum.alpha.value += 2 * spectrum.beta.value * ratio
    spectrum.reference.quantity = energy
    spectrum.amplitude.quantity = amplitude
    return models


def fermi_crab(reference):
    """Crab Nebula in the 3FHL data."""
    datasets = Datasets.read(FILES["fermi_crab"], lazy=False)
    models = crab_models(reference)
    datasets.models = models
    return run_fit(datasets, models)


def galactic_centre():
    """Make the dataset of the tutorial, from the events that are in the data folder."""
    center = SkyCoord(0, 0, unit="deg", frame="galactic")
    energy = MapAxis.from_edges([1e4, 3e4, 1e5, 3e5, 2e6], name="energy", unit="MeV", interp="log")
    counts = Map.create(
        skydir=center,
        npix=(100, 80),
        proj="TAN",
        frame="galactic",
        binsz=0.1,
        axes=[energy],
        dtype=float,
    )
    counts.fill_events(EventList.read(DATA / "fermi-3fhl-gc/fermi-3fhl-gc-events.fits.gz"))
    exposure = Map.read(DATA / "fermi_3fhl/fermi_3fhl_exposure_cube_hpx.fits.gz")
    true = MapAxis.from_energy_bounds(
        "10 GeV", "2 TeV", nbin=10, per_decade=True, name="energy_true"
    )
    exposure = exposure.interp_to_geom(
        WcsGeom(wcs=counts.geom.wcs, npix=counts.geom.npix, axes=[true])
    )
    exposure = Map.from_geom(exposure.geom, data=exposure.data, unit="cm2 s")
    psf = PSFMap.read(DATA / "fermi_3fhl/fermi_3fhl_psf_gc.fits.gz", format="gtpsf")
    edisp = EDispKernelMap.from_diagonal_response(energy_axis_true=true, energy_axis=energy)
    return MapDataset(counts=counts, exposure=exposure, psf=psf, edisp=edisp, name="fermi-dataset")


def fermi_gc():
    """Fit the Galactic Centre as in the tutorial, with the position free and held.

    The PSF kernels that Gammapy makes here are zero above 427 GeV true energy (``kernel_sum``), so
    that the last bin loses nearly all sources: fits of the bins below 300 GeV are added.
    """
    dataset = galactic_centre()
    template = TemplateSpatialModel.read(
        filename=DATA / "fermi-3fhl-gc/gll_iem_v06_gc.fits.gz", normalize=False
    )
    diffuse = SkyModel(PowerLawNormSpectralModel(), template, name="diffuse-iem")
    isotropic = create_fermi_isotropic_diffuse_model(
        filename=DATA / "fermi_3fhl/iso_P8R2_SOURCE_V6_v06.txt",
        interp_kwargs={"fill_value": None},
    )
    results = {"counts": describe_map(dataset.counts)}
    results["exposure"] = describe_map(dataset.exposure, "cm2 s")
    for key in ("free", "frozen", "free_below_300GeV", "frozen_below_300GeV"):
        if "below" in key:
            dataset.mask_fit = dataset.counts.geom.energy_mask(energy_max=0.31 * u.TeV)
        source = SkyModel(
            PowerLawSpectralModel(
                index=2.7, amplitude="5.8e-10 cm-2 s-1 TeV-1", reference="100 GeV"
            ),
            PointSpatialModel(lon_0="0 deg", lat_0="0 deg", frame="galactic"),
            name="source-gc",
        )
        if key.startswith("frozen"):
            source.spatial_model.parameters.freeze_all()
        models = Models([source, diffuse.copy(name="diffuse-iem"), isotropic.copy(name="iso")])
        datasets = Datasets([dataset])
        datasets.models = models
        results[key] = run_fit(datasets, models)
        if key != "frozen":
            continue
        kernel = dataset.evaluators["source-gc"].psf.psf_kernel_map.data
        results["kernel_sum"] = kernel.sum(axis=(1, 2)).astype(float).tolist()
        for model in models:
            npred = dataset.npred_signal([model.name]).data.astype(float)
            results[key].setdefault("npred", {})[model.name] = npred.sum(axis=(1, 2)).tolist()
    return results


def hess():
    """Two observations of the first public data, stacked."""
    datasets = Datasets(
        [
            SpectrumDatasetOnOff.read(DATA / f"joint-crab/spectra/hess/pha_obs{obs_id}.fits")
            for obs_id in (23523, 23526)
        ]
    )
    return datasets.stack_reduce(name="HESS")


def mwl(maps, reference):
    """Fit Fermi-LAT, H.E.S.S. and HAWC together, HAWC as maps or as flux points."""
    datasets = Datasets.read(FILES["fermi_crab"], lazy=False)
    models = crab_models(reference)
    datasets.append(hess())
    if maps:
        members = Datasets.read(FILES["hawc"], lazy=False)
        models = Models([*models, *background_models(members)])
        for member in members:
            datasets.append(member)
    else:
        points = FluxPoints.read(
            DATA / "hawc/crab_flux/HAWC19_flux_points.fits",
            reference_model=create_crab_spectral_model("meyer"),
        )
        datasets.append(FluxPointsDataset(data=points, name="HAWC"))
    datasets.models = models
    return run_fit(datasets, models)


def both(case):
    """Run a case with the models of the file, and with a reference energy inside the data."""
    return {"file": case(None), "rereferenced": case("0.5 TeV")}


CASES = {
    "reading": reading,
    "fermi_crab": lambda: both(fermi_crab),
    "hawc": hawc,
    "mwl_points": lambda: both(partial(mwl, False)),
    "mwl_maps": lambda: both(partial(mwl, True)),
    "fermi_gc": fermi_gc,
}


def main():
    """Run the cases named on the command line and print one JSON object."""
    results = {"gammapy": gammapy.__version__}
    for key in sys.argv[1:] or CASES:
        print(key, file=sys.stderr)
        results[key] = CASES[key]()
    json.dump(results, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
