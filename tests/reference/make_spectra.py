"""Make small spectra, on/off maps and region maps with Gammapy, and what Gammapy reads in others.

Run this in an environment that has Gammapy (gjax itself never imports it)::

    GAMMAPY_DATA=... python tests/reference/make_spectra.py

It writes beside itself, in ``data/spectra/``:

- ``onoff.fits.gz``, ``onoff_ogip*.fits.gz``: one on/off spectrum of 5 reconstructed and 8 true
  energy bins in the formats that Gammapy writes (its ``ogip-sherpa`` fails in version 2.1);
- ``spectrum.fits.gz``: a spectrum with a modelled background, ``map_onoff.fits.gz``: on/off maps;
- ``region_<kind>.fits.gz``: a region map for each kind of region (Gammapy 2.1 takes no polygons);
- ``spectra.json``: the numbers in these files, and sums of what Gammapy reads in the spectra of
  ``$GAMMAPY_DATA`` (every bin of which enters one of the sums).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
import regions
from astropy.coordinates import SkyCoord
from astropy.table import Table
from gammapy.data import GTI
from gammapy.datasets import MapDatasetOnOff, SpectrumDataset, SpectrumDatasetOnOff
from gammapy.irf import EDispKernel, EDispKernelMap
from gammapy.maps import Map, MapAxis, RegionGeom, RegionNDMap, WcsGeom

DATA = Path(__file__).parent / "data" / "spectra"
LIVETIME = 1500.0 * u.s
CENTER = SkyCoord(83.63, 22.01, unit="deg", frame="icrs")
GALACTIC = SkyCoord(184.56, -5.78, unit="deg", frame="galactic")
ENERGY = MapAxis.from_energy_bounds(0.5, 50.0, 5, unit="TeV", name="energy")
ENERGY_TRUE = MapAxis.from_energy_bounds(0.3, 80.0, 8, unit="TeV", name="energy_true")

REGIONS = {
    "circle": regions.CircleSkyRegion(CENTER, 0.11 * u.deg),
    "annulus": regions.CircleAnnulusSkyRegion(CENTER, 0.3 * u.deg, 0.5 * u.deg),
    "ellipse": regions.EllipseSkyRegion(CENTER, 0.6 * u.deg, 0.2 * u.deg, 30 * u.deg),
    "rectangle": regions.RectangleSkyRegion(GALACTIC, 1.2 * u.deg, 0.4 * u.deg, 70 * u.deg),
    "point": regions.PointSkyRegion(GALACTIC),
    "union": regions.CircleSkyRegion(CENTER, 0.11 * u.deg)
    | regions.CircleSkyRegion(CENTER.directional_offset_by(40 * u.deg, 1.2 * u.deg), 0.11 * u.deg)
    | regions.CircleSkyRegion(CENTER.directional_offset_by(190 * u.deg, 0.9 * u.deg), 0.2 * u.deg),
}

OGIP = (
    *(f"joint-crab/spectra/hess/pha_obs{i}.fits" for i in (23523, 23526, 23559, 23592)),
    *(f"joint-crab/spectra/magic/pha_obs{i}.fits" for i in (5029747, 5029748)),
    *(f"joint-crab/spectra/veritas/pha_obs{i}.fits" for i in (54809, 57993)),
    "joint-crab/spectra/fact/pha_stacked.fits",
    "joint-crab/spectra/fermi/pha_obs0.fits",
    "PKS2155-steady/pks2155-304_steady.fits.gz",
)


def region_map(region, axes, data, **kwargs):
    """Give a map on a region, with the data spread over its axes."""
    geom = RegionGeom.create(region, axes=axes)
    return RegionNDMap.from_geom(geom, data=np.asarray(data).reshape(geom.data_shape), **kwargs)


def parts():
    """Give the parts of a spectrum: counts, exposure, edisp, masks, time."""
    circle = REGIONS["circle"]
    area = 2e5 * ENERGY_TRUE.center.to_value("TeV") ** 0.4
    exposure = region_map(circle, [ENERGY_TRUE], area * LIVETIME.value, unit="m2 s")
    exposure.meta = {"livetime": LIVETIME}
    kernel = EDispKernel.from_gauss(
        energy_axis_true=ENERGY_TRUE, energy_axis=ENERGY, sigma=0.15, bias=0.02
    )
    edisp = EDispKernelMap.from_edisp_kernel(kernel, geom=exposure.geom)
    edisp.exposure_map.data = exposure.data[:, :, np.newaxis, :]
    return {
        "counts": region_map(circle, [ENERGY], [12, 31, 9, 3, 0]),
        "exposure": exposure,
        "edisp": edisp,
        "mask_safe": region_map(circle, [ENERGY], [False, True, True, True, True]),
        "gti": GTI.create([0, 900] * u.s, [800, 1700] * u.s, reference_time="2020-01-01"),
        "meta_table": Table({"TELESCOP": ["HESS"], "OBS_ID": ["23523"]}),
    }


def make_onoff():
    """Make the on/off spectrum."""
    union = REGIONS["union"]
    return SpectrumDatasetOnOff(
        name="onoff",
        counts_off=region_map(union, [ENERGY], [25, 40, 11, 2, 1]),
        acceptance=region_map(REGIONS["circle"], [ENERGY], np.ones(5)),
        acceptance_off=region_map(union, [ENERGY], [5.0, 5.0, 4.0, 4.0, 0.0]),
        mask_fit=region_map(REGIONS["circle"], [ENERGY], [True, True, True, False, True]),
        **parts(),
    )


def make_spectrum():
    """Make the spectrum with a background."""
    background = region_map(REGIONS["circle"], [ENERGY], [5.5, 7.25, 2.5, 0.5, 0.25])
    return SpectrumDataset(name="spectrum", background=background, **parts())


def make_map_onoff():
    """Make on/off maps of 5 x 4 pixels."""
    geom = WcsGeom.create(skydir=CENTER, binsz=0.1, npix=(5, 4), axes=[ENERGY], proj="TAN")
    rng = np.random.default_rng(3)
    dataset = MapDatasetOnOff.create(geom, energy_axis_true=ENERGY_TRUE, name="map-onoff")
    for name, low, high in (("counts", 0, 9), ("counts_off", 0, 40)):
        setattr(dataset, name, Map.from_geom(geom, data=rng.integers(low, high, geom.data_shape)))
    for name, value in (("acceptance", 1.0), ("acceptance_off", 7.0)):
        data = value * rng.uniform(0.5, 1, geom.data_shape)
        setattr(dataset, name, Map.from_geom(geom, data=data))
    dataset.mask_safe.data = rng.random(geom.data_shape) < 0.8
    dataset.exposure.data += rng.uniform(1e8, 2e8, dataset.exposure.data.shape)
    dataset.exposure.meta = {"livetime": LIVETIME}
    return dataset


def numbers(dataset):
    """Give what is in a dataset, in internal units."""
    livetime = dataset.exposure.meta["livetime"].to_value("s")
    kernel = dataset.edisp.get_edisp_kernel()
    result = {
        "name": dataset.name,
        "livetime": livetime,
        "energy": dataset.counts.geom.axes["energy"].edges.to_value("TeV").tolist(),
        "energy_true": kernel.axes["energy_true"].edges.to_value("TeV").tolist(),
        "counts": dataset.counts.data.sum((1, 2)).tolist(),
        "exposure": dataset.exposure.quantity.to_value("cm2 s").sum((1, 2)).tolist(),
        "edisp_of_true": kernel.pdf_matrix.sum(1).tolist(),
        "edisp_of_reco": kernel.pdf_matrix.sum(0).tolist(),
    }
    if dataset.mask_safe is not None:
        result["mask_safe"] = dataset.mask_safe.data.sum((1, 2)).tolist()
    if dataset.gti is not None and len(dataset.gti.table):
        result["time"] = dataset.gti.time_sum.to_value("s")
        result["start_mjd_tt"] = dataset.gti.time_start[0].tt.mjd
    if getattr(dataset, "counts_off", None) is not None:
        result["counts_off"] = dataset.counts_off.data.sum((1, 2)).tolist()
        result["alpha"] = dataset.alpha.data.mean((1, 2)).tolist()
    return result


def main():
    """Write all files."""
    DATA.mkdir(parents=True, exist_ok=True)
    record = {"gammapy": gammapy.__version__, "regions": regions.__version__, "written": {}}
    onoff, spectrum, maps = make_onoff(), make_spectrum(), make_map_onoff()
    for dataset, filename in ((onoff, "onoff"), (spectrum, "spectrum"), (maps, "map_onoff")):
        dataset.write(DATA / f"{filename}.fits.gz", overwrite=True)
        record["written"][filename] = numbers(dataset)
    onoff.write(DATA / "onoff_ogip.fits.gz", format="ogip", overwrite=True)
    record["regions"] = {}
    for kind, region in REGIONS.items():
        found = region_map(region, [ENERGY], np.arange(5.0), unit="TeV")
        found.write(DATA / f"region_{kind}.fits.gz", overwrite=True)
        geom = found.geom
        record["regions"][kind] = {
            "center": [geom.center_skydir.data.lon.deg, geom.center_skydir.data.lat.deg],
            "solid_angle": 0.0 if kind == "point" else float(geom.solid_angle().to_value("sr")),
        }
    folder = Path(os.environ["GAMMAPY_DATA"])
    record["read"] = {name: numbers(SpectrumDatasetOnOff.read(folder / name)) for name in OGIP}
    (DATA / "spectra.json").write_text(json.dumps(record))


if __name__ == "__main__":
    main()
