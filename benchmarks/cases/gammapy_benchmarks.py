"""The scripts of the public gammapy-benchmarks repository, as far as gjax has what they need.

``lightcurve``, ``ts_map`` and ``event_sampling`` are not ported: see ``OPEN``. The observations of
``analysis_3d_joint`` are simulated here, since only three of the data challenge are at hand.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case, fit_case
from benchmarks.inputs import data_folder, simulated_maps, write

__all__ = ["CASES", "OPEN"]

#: Scripts that have no counterpart here, and why.
OPEN = {
    "lightcurve": "needs the peer's estimator in the same run: not ported yet",
    "ts_map": "gjax has no TS map yet",
    "event_sampling": "gjax samples events, but with other analytic responses than the script",
    "maps_3d": "times single map operations, which gjax does inside compiled code",
}

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
        "analysis_3d",
        "analysis_3d: one observation, a source with cut-off",
        make_one,
        floor="the window of one point source in 20 energies: below 1 ms per evaluation",
    ),
    fit_case(
        "analysis_3d_joint",
        "analysis_3d_joint: 10 observations",
        make_ten,
        peer_repeat=1,
        target="time per added observation below 1/30 of Gammapy's",
        floor="10 windows of one point source",
    ),
    fit_case(
        "spectrum_1d_joint",
        "spectrum_1d_joint: 21 H.E.S.S. runs on PKS 2155-304",
        make_spectra,
        target="warm below 20 ms with covariance",
        floor="21 x 67 x 27 products: 76 kflop, 300 kB per evaluation: 30 us",
    ),
    Case(
        "io",
        "io: read and write the dataset of analysis_3d",
        make_one,
        load_io,
        run_io,
        peer="io",
        floor="the bytes of the files: compression at 50 MB/s",
    ),
)
