"""Reduce two real observations and one made-up background with Gammapy, on small geometries.

Run this in an environment that has Gammapy, with ``GAMMAPY_DATA`` set::

    python tests/reference/make_reduction.py

It writes ``data/reduction.json`` (sums, thresholds, norms) and ``data/reduction.npz`` (small
arrays).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time
from gammapy.data import DataStore, FixedPointingInfo
from gammapy.datasets import MapDataset
from gammapy.datasets.map import MIGRA_AXIS_DEFAULT
from gammapy.irf import Background2D, Background3D
from gammapy.makers import FoVBackgroundMaker, MapDatasetMaker, SafeMaskMaker
from gammapy.makers.utils import make_map_background_irf
from gammapy.maps import MapAxis, WcsGeom

DATA = Path(__file__).parent / "data"
OBSERVATIONS = {23523: "hess-dl3-dr1", 110380: "cta-1dc/index/gps"}
ENERGY = MapAxis.from_energy_bounds(0.3, 30.0, 8, unit="TeV")
ENERGY_TRUE = MapAxis.from_energy_bounds(0.1, 100.0, 12, unit="TeV", name="energy_true")
METHODS = {
    "aeff-default": {},
    "aeff-max": {"aeff_percent": 20},
    "aeff-max-offset": {"aeff_percent": 30, "fixed_offset": 1.0 * u.deg},
    "edisp-bias": {"bias_percent": 5},
    "bkg-peak": {},
    "offset-max": {"offset_max": 1.5 * u.deg},
}


def reduce_one(obs_id, folder):
    """Reduce one observation; return sums and small arrays."""
    observation = DataStore.from_dir(Path(os.environ["GAMMAPY_DATA"]) / folder).obs(obs_id)
    pointing = observation.get_pointing_icrs(observation.tmid)
    geom = WcsGeom.create(
        skydir=pointing, binsz=0.25, width=5.0, frame="icrs", axes=[ENERGY], proj="TAN"
    )
    row, arrays = {"frame": "icrs", "mask_safe": {}}, {}
    maker = MapDatasetMaker()
    for kind, migra in (("kernel", None), ("migra", MIGRA_AXIS_DEFAULT)):
        empty = MapDataset.create(
            geom, energy_axis_true=ENERGY_TRUE, migra_axis=migra, binsz_irf=1.0, name=f"obs-{kind}"
        )
        dataset = maker.run(empty, observation)
        for key, options in METHODS.items():
            method = "aeff-max" if key == "aeff-max-offset" else key
            masked = SafeMaskMaker(methods=[method], **options).run(
                maker.run(empty, observation), observation
            )
            row["mask_safe"][f"{kind}/{key}"] = masked.mask_safe.data.sum(axis=(1, 2)).tolist()
        arrays[f"{obs_id}_edisp_{kind}"] = dataset.edisp.edisp_map.data[:, :, ::2, 1]
    row["norm"] = fov_norm(dataset)
    arrays[f"{obs_id}_psf"] = dataset.psf.psf_map.quantity.to_value("sr-1")[:, :, 2, ::2]
    for key in ("counts", "exposure", "background"):
        arrays[f"{obs_id}_{key}"] = getattr(dataset, key).data[::3, ::2, ::3]
        row[f"{key}_sum"] = getattr(dataset, key).data.sum(axis=(1, 2), dtype=float).tolist()
    return row, arrays


def fov_norm(dataset):
    """Scale the background; return the norm."""
    dataset = FoVBackgroundMaker(method="scale").run(dataset)
    return float(dataset.models[f"{dataset.name}-bkg"].parameters["norm"].value)


def rotating_background():
    """Background aligned with the horizon, lopsided in altitude and azimuth."""
    lon = MapAxis.from_edges(np.linspace(-3, 3, 13), unit="deg", name="fov_lon")
    lat = MapAxis.from_edges(np.linspace(-3, 3, 13), unit="deg", name="fov_lat")
    energy = MapAxis.from_energy_bounds(0.1, 10, 4, unit="TeV")
    e, x, y = np.meshgrid(energy.center.value, lon.center.value, lat.center.value, indexing="ij")
    rate = 1e-6 * e**-2.5 * np.exp(0.4 * x + 0.2 * y - 0.1 * (x**2 + y**2))
    background = Background3D(
        axes=[energy, lon, lat], data=rate, unit="s-1 MeV-1 sr-1", fov_alignment="ALTAZ"
    )
    return project(background)


def radial_background():
    """Background tabulated in offset, with one empty cell."""
    energy = MapAxis.from_energy_bounds(0.1, 10, 4, unit="TeV")
    offset = MapAxis.from_edges(np.linspace(0, 2, 5), unit="deg", name="offset")
    e, x = np.meshgrid(energy.center.value, offset.center.value, indexing="ij")
    rate = 1e-6 * e**-2.5 * np.exp(-x)
    rate[1, 2] = 0.0
    background = Background2D(axes=[energy, offset], data=rate, unit="s-1 MeV-1 sr-1")
    background.interp_missing_data(axis_name="energy")
    return project(background.pad(1, mode="edge", axis_name="offset"))


def project(background):
    """Project a background on a small geometry for a pointing followed for half an hour."""
    center = SkyCoord(83.63, 22.01, unit="deg", frame="icrs")
    geom = WcsGeom.create(
        skydir=center,
        binsz=0.4,
        width=4.0,
        frame="icrs",
        proj="TAN",
        axes=[MapAxis.from_energy_bounds(0.2, 5.0, 2, unit="TeV")],
    )
    return make_map_background_irf(
        pointing=FixedPointingInfo(fixed_icrs=center),
        ontime=1800 * u.s,
        bkg=background,
        geom=geom,
        time_start=Time(53343.92, format="mjd", scale="tt"),
        fov_rotation_step=1.0 * u.deg,
        location=EarthLocation.from_geodetic(16.5, -23.27, 1835 * u.m),
    ).data


def main():
    """Write both files."""
    result, arrays = {"gammapy": gammapy.__version__}, {}
    for obs_id, folder in OBSERVATIONS.items():
        result[str(obs_id)], new = reduce_one(obs_id, folder)
        arrays |= new
    arrays["rotating_background"] = rotating_background()
    arrays["radial_background"] = radial_background()
    (DATA / "reduction.json").write_text(json.dumps(result, indent=1) + "\n")
    np.savez_compressed(DATA / "reduction.npz", **arrays)


if __name__ == "__main__":
    main()
