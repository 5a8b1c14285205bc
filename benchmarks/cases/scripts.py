"""The scripts of the public gammapy-benchmarks repository, from files to flux points.

Each side does all steps of a script with its own means, and times them one by one: reduce, write,
read, fit, estimate flux points. As in the scripts the same observation is taken ten times. The maps
of ``analysis_3d_joint`` have the pixels of ``analysis_3d`` here (the script has finer ones).
``benchmarks/peer/scripts.py`` is the other side.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case, check_fit, load_fit
from benchmarks.inputs import data_folder, simulated_maps, write

__all__ = ["CASES", "OPEN"]

#: Scripts that have no counterpart here, and why.
OPEN = {
    "lightcurve_3d": "gjax has no estimator of light curves yet; lightcurve_1d is ported as flux "
    "points of each observation",
    "ts_map": "gjax has no TS map yet",
    "maps_3d": "times single operations on maps, which gjax does inside compiled code",
    "data_reduction_lst1": "its data are not public",
    "event_sampling": "gjax samples events, but with other analytic responses than the script",
}

#: Observations of the scripts: of the data challenge of CTA, and of H.E.S.S.
CTA, HESS = 110380, 23523


def make(folder: Path, quick: bool) -> None:
    """Write the settings of both sides."""
    data_folder("cta-1dc", "index", "gps")
    data_folder("hess-dl3-dr1")
    settings = {"n_obs": 2, "binsz": 0.1} if quick else {"n_obs": 10, "binsz": 0.05}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")


def load(folder: Path, quick: bool) -> dict[str, Any]:
    """Read the settings; reading data is part of the script."""
    return {"folder": folder, **json.loads((folder / "settings.json").read_text("utf-8"))}


class Clock:
    """The seconds of the steps of a script."""

    def __init__(self) -> None:
        self.rows: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time a step."""
        begin = time.perf_counter()
        yield
        self.rows[name] = time.perf_counter() - begin


def reduce_3d(joint: bool, settings: dict[str, Any]) -> tuple[list[Any], Any]:
    """Make maps of 10 x 8 deg around the Galactic Centre."""
    from gjax.io import DataStore
    from gjax.maps import MapAxis, WcsGeom
    from gjax.model import Models, SkyModel
    from gjax.model.spatial import Point
    from gjax.model.spectral import ExpCutoffPowerLaw
    from gjax.reduce import reduce_observations

    store = DataStore(data_folder("cta-1dc", "index", "gps"))
    geom = WcsGeom.create(
        (0.0, 0.0), settings["binsz"], width=(10, 8), proj="CAR", frame="galactic"
    )
    number = settings["n_obs"]
    datasets = reduce_observations(
        (store.observation(CTA) for _ in range(number)),
        geom,
        MapAxis.from_energy_bounds(0.1, 10.0, 10),
        offset_max=None,
        safe_mask=("offset-max",),
        safe_mask_parameters={"offset_max": 4.0},
        stack=not joint,
        names=[f"dataset{i}" for i in range(number)] if joint else ["stacked"],
    )
    spectrum = ExpCutoffPowerLaw(index=2.0, amplitude=3e-12, reference=1.0, lambda_=0.1)
    source = SkyModel(spectrum, Point(0.01, 0.01, frame="galactic"))
    return datasets, Models.create({"gc-source": source})


def reduce_1d(joint: bool, settings: dict[str, Any]) -> tuple[list[Any], Any]:
    """Extract spectra of the Crab Nebula, with reflected regions."""
    from gjax.io import DataStore
    from gjax.maps import Map, MapAxis, RegionGeom, WcsGeom
    from gjax.maps.frames import convert
    from gjax.model import Models, SkyModel
    from gjax.model.spectral import PowerLaw
    from gjax.reduce import reduce_spectra

    store, number = DataStore(data_folder("hess-dl3-dr1")), settings["n_obs"]
    center = tuple(float(x) for x in convert(83.63, 22.01, "icrs", "galactic"))
    image = WcsGeom.create(center, 0.05, npix=(150, 150), proj="TAN", frame="galactic")
    outside = image.separation(183.604, -8.708) >= 0.5
    datasets = reduce_spectra(
        (store.observation(HESS) for _ in range(number)),
        RegionGeom.circle(83.63, 22.01, 0.11),
        MapAxis.from_bounds(0.1, 40, 40, "energy", interp="log"),
        MapAxis.from_bounds(0.05, 100, 200, "energy_true", interp="log"),
        containment_correction=joint,
        background="reflected",
        exclusion_mask=Map(outside, image),
        safe_mask=["aeff-max"],
        safe_mask_parameters={"aeff_percent": 10},
        stack=not joint,
        names=[f"dataset{i}" for i in range(number)] if joint else ["stacked"],
    )
    spectrum = PowerLaw(index=2.0, amplitude=2e-11, reference=1.0)
    return datasets, Models.create({"crab": SkyModel(spectrum)})


def analysis(reduce: Callable[..., Any], edges: np.ndarray, settings: dict[str, Any]) -> Any:
    """Reduce, write, read, fit, and estimate flux points."""
    from gjax.estimate import estimate_flux_points
    from gjax.infer import fit
    from gjax.io import read_datasets, read_models

    clock, folder = Clock(), settings["folder"] / "gjax"
    folder.mkdir(exist_ok=True)
    with clock("data preparation"):
        datasets, models = reduce(settings)
    with clock("writing"):
        write(folder, datasets, models)
    with clock("reading"):
        datasets = list(read_datasets(folder / "datasets.yaml"))
        models = read_models(folder / "models.yaml").models
    with clock("fit"):
        result = fit(datasets, models)
    settings["written"] = folder
    (name,) = models.names
    with clock("flux points"):
        points = estimate_flux_points(datasets, result.models, name, edges, selection=())
    table, errors = result.parameters, result.errors
    values = {table.names[i]: (float(table.values[i]), float(errors[i])) for i in table.free}
    return {
        "rows": clock.rows,
        "compile": result.timing["compile"],
        "evaluations": result.evaluations,
        "stat": float(result.stat),
        "values": values | points_of(points),
    }


def check(settings: dict[str, Any]) -> dict[str, Any]:
    """Fit what was written again, with Gammapy's conventions."""
    return check_fit(load_fit(settings["written"], False))


def points_of(points: Any) -> dict[str, tuple[float, float]]:
    """Give the norms of flux points."""
    pairs = zip(np.ravel(points.norm), np.ravel(points.norm_err), strict=True)
    return {f"point {i}": (float(value), float(error)) for i, (value, error) in enumerate(pairs)}


def light_curve(settings: dict[str, Any]) -> dict[str, Any]:
    """Estimate the flux from 1 to 10 TeV of each observation."""
    from gjax.estimate import estimate_flux_points

    clock = Clock()
    with clock("data preparation"):
        datasets, models = reduce_1d(True, settings)
    values: dict[str, tuple[float, float]] = {}
    with clock("light curve"):
        for dataset in datasets:
            point = estimate_flux_points([dataset], models, "crab", [1.0, 10.0], selection=())
            values |= {f"{dataset.name} {key}": value for key, value in points_of(point).items()}
    return {"rows": clock.rows, "values": values}


def read_events(settings: dict[str, Any]) -> dict[str, Any]:
    """Read observations, fill a map of the whole sky, and write it."""
    from gjax.io import DataStore, write_map
    from gjax.maps import Map, WcsGeom

    clock = Clock()
    with clock("reading"):
        store = DataStore(data_folder("cta-1dc", "index", "gps"))
        events = [store.observation(CTA).events for _ in range(settings["n_obs"])]
    with clock("filling"):
        geom = WcsGeom.create((0.0, 0.0), 1.0, width=(360, 180))
        image = np.zeros(geom.shape)
        for one in events:
            np.add.at(image, geom.coord_to_idx(one.lon, one.lat)[::-1], 1.0)
    with clock("writing"):
        target = settings["folder"] / "survey_map_gjax.fits.gz"
        write_map(Map(image, geom), target, overwrite=True)
    return {"rows": clock.rows, "values": {"events": (float(image.sum()), 1.0)}}


def make_npred(folder: Path, quick: bool) -> None:
    """Simulate a field of 5 x 5 deg, and scatter Gaussians over it."""
    from gjax.model import Models, SkyModel
    from gjax.model.spatial import Gaussian
    from gjax.model.spectral import PowerLaw

    rng, number = np.random.default_rng(0), 2 if quick else 10
    places = rng.uniform(-2.0, 2.0, (number, 2))
    models = Models.create(
        {
            f"source-{i}": SkyModel(PowerLaw(amplitude=1e-12), Gaussian(x % 360.0, y, 0.5))
            for i, (x, y) in enumerate(places)
        }
    )
    npix = 100 if quick else 125
    write(folder, simulated_maps(models, [(0.0, 0.0)], npix=npix, nbin_true=10), models)


def load_npred(folder: Path, quick: bool) -> Any:
    """Read the dataset and the models."""
    from gjax.io import read_datasets, read_models

    return next(iter(read_datasets(folder / "datasets.yaml"))), read_models(folder / "models.yaml")


def predict(loaded: Any) -> dict[str, Any]:
    """Predict ten times, from models and dataset on."""
    from gjax.predict import npred

    dataset, contents = loaded
    for _ in range(10):
        total = float(np.sum(npred(dataset, contents.models)))
    return {"values": {"npred": (total, total**0.5)}}


def script(name: str, title: str, run: Callable[..., Any], **options: Any) -> Case:
    """Make a case of a script."""
    return Case(
        name,
        f"{name}: {title}",
        make,
        load,
        run,
        peer=f"script_{name}",
        repeat=2,
        peer_repeat=1,
        **options,
    )


_BANDS_3D = np.array([0.3, 1.0, 3.0, 10.0])
_BANDS_1D = np.geomspace(0.7, 30.0, 12)

CASES = (
    script(
        "analysis_3d",
        "10 observations of CTA stacked, to flux points",
        partial(analysis, partial(reduce_3d, False), _BANDS_3D),
        check=check,
        floor="10 maps of 200 x 160 pixels and 10 energies; reading 10 event lists",
    ),
    script(
        "analysis_3d_joint",
        "10 observations of CTA jointly, to flux points",
        partial(analysis, partial(reduce_3d, True), _BANDS_3D),
        check=check,
        floor="as analysis_3d, and 10 files to write and read",
        optional=True,
    ),
    script(
        "spectrum_1d",
        "10 observations of H.E.S.S. stacked, to flux points",
        partial(analysis, partial(reduce_1d, False), _BANDS_1D),
        optional=True,
        floor="reading 10 event lists",
    ),
    script(
        "spectrum_1d_joint",
        "10 observations of H.E.S.S. jointly, to flux points",
        partial(analysis, partial(reduce_1d, True), _BANDS_1D),
        floor="reading 10 event lists, and 10 files to write and read",
    ),
    script(
        "lightcurve_1d",
        "the flux of 10 observations of H.E.S.S.",
        light_curve,
        optional=True,
        floor="reading 10 event lists",
    ),
    script(
        "io",
        "10 event lists of CTA to a map of the sky",
        read_events,
        floor="reading 10 event lists of 100000 events, 40 MB",
    ),
    Case(
        "npred",
        "npred: 10 Gaussian sources, predicted 10 times",
        make_npred,
        load_npred,
        predict,
        peer="script_npred",
        repeat=3,
        peer_repeat=3,
        floor="10 sources are transformed forth and back in 10 energies, 10 times",
    ),
)
