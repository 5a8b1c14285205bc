"""DL3 to DL4: fifty observations of H.E.S.S., to maps and to spectra."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case, Goal, Skip
from benchmarks.floor import Work
from benchmarks.inputs import data_folder

__all__ = ["CASES"]


def make(folder: Path, quick: bool) -> None:
    """Choose the observations: those with an exposure, in the order of the index."""
    import json

    from astropy.table import Table

    root = data_folder("hess-dl3-dr1")
    index = Table.read(root / "obs-index.fits.gz")
    number = 3 if quick else 50
    if len(index) < number:
        raise Skip(f"there are only {len(index)} observations")
    rows = [
        (int(row["OBS_ID"]), float(row["RA_PNT"]), float(row["DEC_PNT"])) for row in index[:number]
    ]
    (folder / "observations.json").write_text(json.dumps(rows), encoding="utf-8")


def load(folder: Path, quick: bool) -> Any:
    """Open the data store; reading observations is part of the work."""
    import json

    from gjax.io import DataStore

    rows = json.loads((folder / "observations.json").read_text(encoding="utf-8"))
    return DataStore(data_folder("hess-dl3-dr1")), rows


def reduce_maps(loaded: Any) -> dict[str, Any]:
    """Reduce each observation to a map of 100 x 100 pixels around its pointing."""
    from gjax.maps import MapAxis, WcsGeom
    from gjax.reduce import reduce_map_dataset, safe_mask

    store, rows = loaded
    energy = MapAxis.from_energy_bounds(0.5, 50.0, 10)
    true = MapAxis.from_energy_bounds(0.3, 80.0, 20, name="energy_true")
    sums = np.zeros(3)
    for obs_id, lon, lat in rows:
        geom = WcsGeom.create((lon, lat), 0.04, npix=(100, 100), proj="TAN")
        observation = store.observation(obs_id)
        dataset = reduce_map_dataset(observation, geom, energy, true)
        dataset = safe_mask(dataset, observation, ["offset-max"], offset_max=2.0)
        inside = dataset.mask
        sums += (
            dataset.counts[inside].sum(),
            dataset.background[inside].sum(),
            dataset.exposure.sum(),
        )
    return {"values": in_percent(("counts", "background", "exposure"), sums)}


def reduce_spectra(loaded: Any) -> dict[str, Any]:
    """Extract a spectrum half a degree north of each pointing, with reflected regions."""
    from gjax.maps import MapAxis, RegionGeom
    from gjax.reduce import reduce_spectra as reduce

    store, rows = loaded
    energy = MapAxis.from_energy_bounds(0.5, 50.0, 20)
    true = MapAxis.from_energy_bounds(0.3, 80.0, 40, name="energy_true")
    sums = np.zeros(3)
    for obs_id, lon, lat in rows:
        geom = RegionGeom.circle(lon, lat + 0.5, 0.11)
        (dataset,) = reduce([store.observation(obs_id)], geom, energy, true, background="reflected")
        sums += (dataset.counts.sum(), dataset.counts_off.sum(), dataset.exposure.sum())
    return {"values": in_percent(("counts", "counts off", "exposure"), sums)}


def in_percent(names: tuple[str, ...], sums: Any) -> dict[str, tuple[float, float]]:
    """Give sums with a hundredth of themselves in place of an error."""
    return {name: (float(x), 0.01 * float(x)) for name, x in zip(names, sums, strict=True)}


#: Bytes of the 50 event files with their responses.
INFLATED = 4.8e7

CASES = tuple(
    Case(
        f"reduce_{kind}",
        f"50 H.E.S.S. observations, DL3 to DL4, {kind}",
        make,
        load,
        partial(run),
        peer=f"reduce_{kind}",
        repeat=2,
        peer_repeat=1,
        goals=(Goal("5 times faster than Gammapy", "warm_ratio", 5.0, True),),
        floor=floor,
        work=work,
    )
    for kind, run, floor, work in (
        (
            "3d",
            reduce_maps,
            "decompressing 50 event files; per map 20 exposures, 10 x 4 background rates (one "
            "logarithm and one exponential each) in 100 x 100 pixels, 20 x 66 x 400 values of the "
            "PSF",
            Work(
                inflate=INFLATED,
                exps=50 * (10 * 4 * 2e4 + 20 * 1e4),
                read=1.3e8,
                per_evaluation=False,
            ),
        ),
        (
            "1d",
            reduce_spectra,
            "decompressing 50 event files",
            Work(inflate=INFLATED, per_evaluation=False),
        ),
    )
)
