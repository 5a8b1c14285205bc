"""Joint fits of many datasets, simulated maps and real spectra; reading and writing of datasets."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case, Goal, fit_case
from benchmarks.floor import Work
from benchmarks.inputs import data_folder, simulated_maps, write

__all__ = ["CASES", "make_one"]

CENTER = (266.4, -29.0)


def models(names: list[str]) -> Any:
    """Give a point source with a cut-off, and a background model for each dataset."""
    from gjax.model import FoVBackground, Models, SkyModel
    from gjax.model.spatial import Point
    from gjax.model.spectral import ExpCutoffPowerLaw

    spectrum = ExpCutoffPowerLaw(index=2.2, amplitude=5e-12, reference=1.0, lambda_=0.1)
    source = SkyModel(spectrum, Point(CENTER[0] + 0.05, CENTER[1] - 0.03))
    backgrounds = {f"{name}-bkg": FoVBackground(name) for name in names}
    return Models.create({"gc": source} | backgrounds)


def make_maps(number: int, folder: Path, quick: bool) -> None:
    """Simulate observations around the Galactic Centre."""
    number, npix = (min(number, 2), 50) if quick else (number, 150)
    angles = 2 * np.pi * np.arange(number) / number
    places = [(CENTER[0] + 0.7 * np.cos(a), CENTER[1] + 0.7 * np.sin(a)) for a in angles]
    every = models([f"obs-{i + 1}" for i in range(number)])
    write(folder, simulated_maps(every, places, npix=npix), every)


def make_one(folder: Path, quick: bool) -> None:
    """Simulate one observation."""
    make_maps(1, folder, quick)


def make_ten(folder: Path, quick: bool) -> None:
    """Simulate ten observations."""
    make_maps(10, folder, quick)


def make_spectra(folder: Path, quick: bool) -> None:
    """Extract the spectra of the 21 runs on PKS 2155-304."""
    from astropy.table import Table

    from gjax.io import DataStore
    from gjax.maps import MapAxis, RegionGeom
    from gjax.model import Models, SkyModel
    from gjax.model.spectral import PowerLaw
    from gjax.reduce import reduce_spectra

    root = data_folder("hess-dl3-dr1")
    index = Table.read(root / "obs-index.fits.gz")
    ids = [int(row["OBS_ID"]) for row in index if "PKS 2155" in str(row["OBJECT"])]
    store = DataStore(root)
    observations = [store.observation(i) for i in (ids[:4] if quick else ids)]
    datasets = reduce_spectra(
        observations,
        RegionGeom.circle(329.7169, -30.2256, 0.11),
        MapAxis.from_energy_bounds(0.1, 40, 10, per_decade=True),
        MapAxis.from_energy_bounds(0.05, 100, 20, per_decade=True, name="energy_true"),
        containment_correction=True,
        background="reflected",
        safe_mask=["aeff-max"],
    )
    start = SkyModel(PowerLaw(index=3.0, amplitude=2e-12, reference=1.0))
    write(folder, datasets, Models.create({"pks": start}))


def load_io(folder: Path, quick: bool) -> Path:
    """Nothing to load: reading is what is timed."""
    return folder


def run_io(folder: Path) -> dict[str, Any]:
    """Read datasets and models, and write them."""
    from gjax.io.datasets_yaml import read_datasets
    from gjax.io.models import read_models

    begin = time.perf_counter()
    datasets = list(read_datasets(folder / "datasets.yaml"))
    contents = read_models(folder / "models.yaml")
    middle = time.perf_counter()
    (folder / "gjax").mkdir(exist_ok=True)
    write(folder / "gjax", datasets, contents.models, contents.parameters)
    return {"rows": {"read": middle - begin, "write": time.perf_counter() - middle}}


CASES = (
    fit_case(
        "joint_maps",
        "joint fit of 10 observations, 150 x 150 x 10 bins each",
        make_ten,
        peer_repeat=1,
        goals=(Goal("30 times faster per observation", "warm_ratio", 30.0, True),),
        floor="per evaluation 10 windows of one point source",
        work=Work(read=7e6, flops=2e7),
        compilations=4,
    ),
    fit_case(
        "joint_spectra",
        "joint fit of 21 H.E.S.S. runs on PKS 2155-304",
        make_spectra,
        goals=(Goal("warm below 20 ms with covariance", "warm_s", 0.020),),
        reason="half of the time makes containers in Python, spectrum by spectrum; the other half "
        "is 12 evaluations of which each takes 0.7 ms, and calling them from Python",
        floor="per evaluation 21 x 67 x 27 products, four times with the derivatives; 300 kB",
        work=Work(read=300e3, flops=300e3, exps=1e4),
        compilations=3,
    ),
    Case(
        "io_datasets",
        "read and write a dataset of 150 x 150 x 10 bins",
        make_one,
        load_io,
        run_io,
        peer="io",
        optional=True,
        floor="the bytes of the files: compression at 50 MB/s",
    ),
)
