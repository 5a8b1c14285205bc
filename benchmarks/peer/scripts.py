"""The scripts of gammapy-benchmarks on the side of Gammapy, step by step.

Ports of ``analysis_3d``, ``analysis_3d_joint``, ``spectrum_1d``, ``spectrum_1d_joint``,
``lightcurve_1d``, ``io`` and ``npred`` of https://github.com/gammapy/gammapy-benchmarks to the
installed version; `benchmarks.cases.scripts` is the other side.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from fit import describe
from gammapy.data import DataStore
from gammapy.datasets import Datasets, MapDataset, SpectrumDataset, SpectrumDatasetOnOff
from gammapy.estimators import FluxPointsEstimator, LightCurveEstimator
from gammapy.makers import (
    MapDatasetMaker,
    ReflectedRegionsBackgroundMaker,
    SafeMaskMaker,
    SpectrumDatasetMaker,
)
from gammapy.maps import Map, MapAxis, RegionGeom, WcsGeom
from gammapy.modeling import Fit
from gammapy.modeling.models import (
    ExpCutoffPowerLawSpectralModel,
    Models,
    PointSpatialModel,
    PowerLawSpectralModel,
    SkyModel,
)
from regions import CircleSkyRegion

DATA = Path(os.environ["GAMMAPY_DATA"])


class Clock:
    """The seconds of the steps of a script."""

    def __init__(self):
        self.rows = {}

    @contextmanager
    def __call__(self, name):
        """Time a step."""
        begin = time.perf_counter()
        yield
        self.rows[name] = time.perf_counter() - begin


def observations(index, obs_id, number):
    """Take the same observation a number of times."""
    store = DataStore.from_dir(DATA / index)
    return store.get_observations(obs_id * np.ones(number, int))


def reduce_3d(joint, settings):
    """Make maps of 10 x 8 deg around the Galactic Centre."""
    energy = MapAxis.from_bounds(0.1, 10, nbin=10, unit="TeV", name="energy", interp="log")
    geom = WcsGeom.create(
        skydir=(0, 0),
        binsz=settings["binsz"],
        width=(10, 8),
        frame="galactic",
        proj="CAR",
        axes=[energy],
    )
    stacked, datasets = MapDataset.create(geom, name="stacked"), []
    maker, masks = MapDatasetMaker(), SafeMaskMaker(["offset-max"], offset_max="4 deg")
    listed = observations("cta-1dc/index/gps", 110380, settings["n_obs"])
    for i, observation in enumerate(listed):
        empty = stacked.copy(name=f"dataset{i}") if joint else stacked
        dataset = masks.run(maker.run(empty, observation), observation)
        if joint:
            datasets.append(dataset)
        else:
            stacked.stack(dataset)
    model = SkyModel(
        ExpCutoffPowerLawSpectralModel(
            index=2, amplitude="3e-12 cm-2 s-1 TeV-1", reference="1 TeV", lambda_="0.1 TeV-1"
        ),
        PointSpatialModel(lon_0="0.01 deg", lat_0="0.01 deg", frame="galactic"),
        name="gc-source",
    )
    return Datasets(datasets if joint else [stacked]), Models([model])


def reduce_1d(joint, settings):
    """Extract spectra of the Crab Nebula, with reflected regions."""
    target = SkyCoord(83.63, 22.01, unit="deg")
    region = CircleSkyRegion(target, 0.11 * u.deg)
    image = WcsGeom.create(
        npix=(150, 150), binsz=0.05, skydir=target.galactic, proj="TAN", frame="galactic"
    )
    excluded = CircleSkyRegion(SkyCoord(183.604, -8.708, unit="deg", frame="galactic"), 0.5 * u.deg)
    energy = MapAxis.from_bounds(0.1, 40, nbin=40, interp="log", unit="TeV", name="energy")
    true = MapAxis.from_bounds(0.05, 100, nbin=200, interp="log", unit="TeV", name="energy_true")
    geom = RegionGeom(region, axes=[energy])
    empty = SpectrumDataset.create(geom, energy_axis_true=true, name="empty")
    stacked = SpectrumDatasetOnOff.create(geom, energy_axis_true=true, name="stacked")
    maker = SpectrumDatasetMaker(
        containment_correction=joint, selection=["counts", "exposure", "edisp"]
    )
    background = ReflectedRegionsBackgroundMaker(
        exclusion_mask=image.region_mask([excluded], inside=False)
    )
    masks, datasets = SafeMaskMaker(["aeff-max"], aeff_percent=10), []
    listed = observations("hess-dl3-dr1", 23523, settings["n_obs"])
    for i, observation in enumerate(listed):
        dataset = maker.run(empty.copy(name=f"dataset{i}"), observation)
        dataset = masks.run(background.run(dataset, observation), observation)
        if joint:
            datasets.append(dataset)
        else:
            stacked.stack(dataset)
    spectrum = PowerLawSpectralModel(index=2, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    return Datasets(datasets if joint else [stacked]), Models([SkyModel(spectrum, name="crab")])


def points_of(points):
    """Give the norms of flux points."""
    pairs = zip(points.norm.data.ravel(), points.norm_err.data.ravel(), strict=True)
    return {f"point {i}": (float(value), float(error)) for i, (value, error) in enumerate(pairs)}


def analysis(reduce, edges, settings):
    """Reduce, write, read, fit, and estimate flux points."""
    clock, folder = Clock(), settings["folder"] / "gammapy"
    folder.mkdir(exist_ok=True)
    with clock("data preparation"):
        datasets, models = reduce(settings)
    with clock("writing"):
        datasets.write(folder / "datasets.yaml", overwrite=True)
        models.write(folder / "models.yaml", overwrite=True)
    with clock("reading"):
        datasets = Datasets.read(folder / "datasets.yaml", lazy=False)
        models = Models.read(folder / "models.yaml")
    datasets.models = models
    with clock("fit"):
        # A plain list is Gammapy's fast way.
        result = Fit().run(list(datasets))
    with clock("flux points"):
        estimator = FluxPointsEstimator(
            energy_edges=edges * u.TeV, source=models[0].name, selection_optional=None
        )
        points = estimator.run(datasets)
    values = [describe(p, m) for m in models for p in m.parameters if not p.frozen]
    return {
        "rows": clock.rows,
        "evaluations": int(result.nfev),
        "stat": float(result.total_stat),
        "values": {row["name"]: (row["value"], row["error"]) for row in values} | points_of(points),
    }


def light_curve(settings):
    """Estimate the flux from 1 to 10 TeV of each observation."""
    clock = Clock()
    with clock("data preparation"):
        datasets, models = reduce_1d(True, settings)
        # The same observation again and again: the estimator wants intervals in order.
        for i, dataset in enumerate(datasets):
            shift = i * dataset.gti.time_sum * 2
            dataset.gti = type(dataset.gti).create(
                0 * u.s, dataset.gti.time_sum, dataset.gti.time_start[0] + shift
            )
        datasets.models = models
    with clock("light curve"):
        estimator = LightCurveEstimator(
            energy_edges=[1, 10] * u.TeV, source="crab", reoptimize=False, selection_optional=None
        )
        curve = estimator.run(datasets)
    norm, error = curve.norm.data.ravel(), curve.norm_err.data.ravel()
    values = {
        f"dataset{i} point 0": (float(value), float(sigma))
        for i, (value, sigma) in enumerate(zip(norm, error, strict=True))
    }
    return {"rows": clock.rows, "values": values}


def read_events(settings):
    """Read observations, fill a map of the whole sky, and write it."""
    clock = Clock()
    with clock("reading"):
        listed = observations("cta-1dc/index/gps", 110380, settings["n_obs"])
        events = [observation.events for observation in listed]
    with clock("filling"):
        image = Map.create(binsz=1.0)
        for one in events:
            image.fill_events(one)
    with clock("writing"):
        image.write(settings["folder"] / "survey_map_gammapy.fits.gz", overwrite=True)
    return {"rows": clock.rows, "values": {"events": (float(image.data.sum()), 1.0)}}


def predict(settings):
    """Predict ten times, from models and dataset on."""
    datasets, models = settings["datasets"], settings["models"]
    for _ in range(10):
        datasets.models = models
        total = float(datasets[0].npred().data.sum())
    return {"values": {"npred": (total, total**0.5)}}


def act(run, folder, repeat):
    """Run a script, and ``repeat`` times more."""
    settings = {"folder": folder}
    if (folder / "settings.json").exists():
        settings |= json.loads((folder / "settings.json").read_text())
    else:
        settings["datasets"] = Datasets.read(folder / "datasets.yaml", lazy=False)
        settings["models"] = Models.read(folder / "models.yaml")

    def once():
        begin = time.perf_counter()
        found = run(settings)
        return time.perf_counter() - begin, found

    first, found = once()
    times = []
    for _ in range(repeat if first < 60 else 0):
        wall, found = once()
        times.append(wall)
    return first, times or [first], found


_BANDS_3D = np.array([0.3, 1.0, 3.0, 10.0])
_BANDS_1D = np.geomspace(0.7, 30.0, 12)

ACTIONS = {
    "analysis_3d": partial(analysis, partial(reduce_3d, False), _BANDS_3D),
    "analysis_3d_joint": partial(analysis, partial(reduce_3d, True), _BANDS_3D),
    "spectrum_1d": partial(analysis, partial(reduce_1d, False), _BANDS_1D),
    "spectrum_1d_joint": partial(analysis, partial(reduce_1d, True), _BANDS_1D),
    "lightcurve_1d": light_curve,
    "io": read_events,
    "npred": predict,
}
