"""Reduce and fit on/off spectra, off regions and ring maps with Gammapy.

Run this in an environment that has Gammapy, with ``GAMMAPY_DATA`` set::

    python tests/reference/make_onoff.py --exclusion MASK [--spectra FOLDER]

It writes ``data/onoff.json`` and ``data/ring.npz``; with ``--spectra`` also the reduced spectra, as
OGIP files in one folder for each case. MASK is the exclusion mask of the case ``crab1d_a``.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from astropy.coordinates import Angle, SkyCoord
from gammapy.data import DataStore
from gammapy.datasets import Datasets, MapDataset, SpectrumDataset
from gammapy.makers import (
    AdaptiveRingBackgroundMaker,
    MapDatasetMaker,
    ReflectedRegionsBackgroundMaker,
    ReflectedRegionsFinder,
    RingBackgroundMaker,
    SafeMaskMaker,
    SpectrumDatasetMaker,
    WobbleRegionsFinder,
)
from gammapy.maps import Map, MapAxis, RegionGeom, WcsGeom
from gammapy.modeling import Fit
from gammapy.modeling.models import LogParabolaSpectralModel, PowerLawSpectralModel, SkyModel
from regions import (
    CircleSkyRegion,
    EllipseSkyRegion,
    PointSkyRegion,
    PolygonSkyRegion,
    RectangleSkyRegion,
)

OUTPUT = Path(__file__).parent / "data"
STORE = Path(os.environ["GAMMAPY_DATA"])
CRAB = SkyCoord(83.63, 22.01, unit="deg")
PKS = SkyCoord(329.71693826, -30.2255890, unit="deg")
HESS_CRAB = [23523, 23526, 23559, 23592]
RADIUS_VERITAS = 0.08944272


def axis(low, high, nbin, name="energy", per_decade=False):
    """Make an energy axis in TeV."""
    return MapAxis.from_energy_bounds(low, high, nbin, unit="TeV", name=name, per_decade=per_decade)


def exclusion(center, radius, around):
    """Mask a circle on an image, as the tutorials do."""
    geom = WcsGeom.create(npix=(150, 150), binsz=0.05, skydir=around, proj="TAN", frame="icrs")
    return ~geom.region_mask([CircleSkyRegion(center, radius * u.deg)])


def as_mask(image):
    """Make a mask of an image of zeros and ones."""
    return Map.from_geom(image.geom, data=image.data.astype(bool))


def cases(mask):
    """Give the settings of each case; ``mask`` is the file for that of ``crab1d_a``."""
    galactic = SkyCoord(183.604, -8.708, unit="deg", frame="galactic")
    circle = CircleSkyRegion(CRAB, 0.11 * u.deg)
    decades = axis(0.1, 40, 10, per_decade=True), axis(0.05, 100, 20, "energy_true", True)
    aeff_max = {"methods": ["aeff-max"], "aeff_percent": 10}
    magic = (
        axis(0.05, 100, 5, per_decade=True),
        axis(0.01, 100, 10, "energy_true", True),
    )
    return {
        "crab1d_b": {
            "store": "hess-dl3-dr1",
            "obs_ids": HESS_CRAB,
            "region": circle,
            "axes": decades,
            "mask": exclusion(galactic, 0.5, CRAB),
            "containment": True,
            "safe": aeff_max,
        },
        "crab1d_a": {
            "store": "hess-dl3-dr1",
            "obs_ids": HESS_CRAB,
            "region": circle,
            "axes": (axis(0.1, 40, 26), axis(0.05, 100, 66, "energy_true")),
            "mask": as_mask(Map.read(mask)),
            "containment": True,
            "safe": aeff_max,
            "fit_range": (0.6, 30.0),
        },
        "magic": {
            "store": "magic/rad_max/data",
            "obs_ids": [5029747, 5029748],
            "region": PointSkyRegion(SkyCoord(83.63, 22.01, unit="deg")),
            "axes": magic,
            "finder": WobbleRegionsFinder(n_off_regions=3),
            "safe": {"methods": ["aeff-default"]},
        },
        "magic_fixed": {
            "store": "joint-crab/dl3/magic",
            "obs_ids": [5029748],
            "region": CircleSkyRegion(SkyCoord(83.63, 22.01, unit="deg"), 0.1414213 * u.deg),
            "axes": magic,
            "safe": {"methods": ["aeff-default"]},
        },
        "veritas": {
            "store": "veritas/crab-point-like-ED",
            "obs_ids": [64080, 64081, 64082, 64083],
            "region": CircleSkyRegion(CRAB, RADIUS_VERITAS * u.deg),
            "axes": (axis(0.1, 30, 16), axis(0.05, 60, 40, "energy_true")),
            "mask": exclusion(CRAB, 0.35, CRAB),
            "safe": {"methods": ["aeff-max"], "aeff_percent": 5},
        },
        "veritas_wobble": {
            "store": "veritas/crab-point-like-ED",
            "obs_ids": [64080, 64082],
            "region": PointSkyRegion(CRAB),
            "axes": (axis(0.1, 30, 16), axis(0.05, 60, 40, "energy_true")),
            "finder": WobbleRegionsFinder(n_off_regions=5),
            "safe": {"methods": ["aeff-max"], "aeff_percent": 5},
        },
        "pks2155": {
            "store": "hess-dl3-dr1",
            "obs_ids": None,
            "region": CircleSkyRegion(PKS, 0.11 * u.deg),
            "axes": (axis(0.4, 20, 10), axis(0.1, 40, 20, "energy_true")),
            "containment": True,
            "safe": aeff_max,
        },
    }


def reduce_case(case):
    """Reduce the observations of a case."""
    store = DataStore.from_dir(STORE / case["store"])
    obs_ids = case["obs_ids"]
    if obs_ids is None:
        obs_ids = store.obs_table.select_sky_circle(PKS, 2 * u.deg)["OBS_ID"]
    energy, energy_true = case["axes"]
    empty = SpectrumDataset.create(
        RegionGeom.create(case["region"], axes=[energy]), energy_axis_true=energy_true
    )
    maker = SpectrumDatasetMaker(
        containment_correction=case.get("containment", False),
        selection=["counts", "exposure", "edisp"],
    )
    background = ReflectedRegionsBackgroundMaker(
        region_finder=case.get("finder"), exclusion_mask=case.get("mask")
    )
    safe = SafeMaskMaker(**case["safe"])
    datasets = Datasets()
    for observation in store.get_observations(obs_ids, required_irf="point-like"):
        dataset = maker.run(empty.copy(name=str(observation.obs_id)), observation)
        dataset = safe.run(background.run(dataset, observation), observation)
        datasets.append(dataset)
    return datasets


def describe(dataset):
    """Give the numbers of one dataset."""
    kernel = dataset.edisp.get_edisp_kernel().pdf_matrix
    off = dataset.counts_off
    return {
        "name": dataset.name,
        "counts": dataset.counts.data.ravel().tolist(),
        "counts_off": None if off is None else off.data.ravel().tolist(),
        "acceptance": dataset.acceptance.data.ravel().tolist(),
        "acceptance_off": dataset.acceptance_off.data.ravel().astype(float).tolist(),
        "mask_safe": dataset.mask_safe.data.ravel().tolist(),
        "exposure": dataset.exposure.quantity.to_value("cm2 s").ravel().tolist(),
        "livetime": float(dataset.exposure.meta["livetime"].to_value("s")),
        "edisp_rows": kernel.sum(axis=1).tolist(),
        "edisp_mean": (kernel @ dataset.counts.geom.axes["energy"].center.value).tolist(),
    }


def fit(datasets, spectral, fit_range=None):
    """Fit a spectrum to all; give values, errors and the statistic."""
    datasets = datasets.copy()
    if fit_range is not None:
        for dataset in datasets:
            dataset.mask_fit = dataset.counts.geom.energy_mask(*(fit_range * u.TeV))
    datasets.models = [SkyModel(spectral_model=spectral, name="source")]
    result = Fit().run(datasets)
    free = [p for p in datasets.parameters if not p.frozen]
    return {
        "stat": float(datasets.stat_sum()),
        "success": bool(result.success),
        "parameters": {p.name: [float(p.value), float(p.error), str(p.unit)] for p in free},
    }


def fit_all(name, case, datasets):
    """Fit power law and log parabola jointly, and a power law to the stack."""
    index = {"pks2155": 3.4}.get(name, 2.5)
    reference = 1 * u.TeV
    amplitude = 4e-11 * u.Unit("cm-2 s-1 TeV-1")
    range_ = case.get("fit_range")
    result = {
        "power_law": fit(datasets, PowerLawSpectralModel(index=index, amplitude=amplitude), range_),
        "log_parabola": fit(
            datasets,
            LogParabolaSpectralModel(
                amplitude=amplitude, reference=reference, alpha=index - 0.2, beta=0.1
            ),
            range_,
        ),
    }
    stacked = datasets.stack_reduce(name="stacked")
    result["stacked_power_law"] = fit(
        Datasets([stacked]), PowerLawSpectralModel(index=index, amplitude=amplitude), range_
    )
    return result, stacked


def regions_of(finder, region, pointing, mask=None):
    """Give centres of the regions that a finder gives, in deg."""
    found, _ = finder.run(region=region, center=pointing, exclusion_mask=mask)
    if found and isinstance(found[0], PolygonSkyRegion):
        return [[float(r.vertices.ra.deg.mean()), float(r.vertices.dec.deg.mean())] for r in found]
    return [
        [float(r.center.ra.deg), float(r.center.dec.deg)]
        + ([float(r.angle.to_value("deg"))] if hasattr(r, "angle") else [])
        for r in found
    ]


def finders():
    """Run the finders on made-up regions."""
    pointing = SkyCoord(83.2, 22.7, unit="deg")
    at = SkyCoord(83.2, 23.4, unit="deg")
    mask = exclusion(SkyCoord(83.9, 22.7, unit="deg"), 0.3, pointing)
    shapes = {
        "circle": CircleSkyRegion(at, 0.15 * u.deg),
        "ellipse": EllipseSkyRegion(at, 0.5 * u.deg, 0.2 * u.deg, 30 * u.deg),
        "rectangle": RectangleSkyRegion(at, 0.4 * u.deg, 0.2 * u.deg, 20 * u.deg),
    }
    options = {
        "default": {},
        "apart": {"min_distance": Angle("0.2 rad"), "min_distance_input": Angle("0.5 rad")},
        "few": {"max_region_number": 3, "angle_increment": Angle("0.02 rad")},
        "coarse": {"binsz": Angle("0.03 deg")},
    }
    found = {}
    for shape, region in shapes.items():
        for key, option in options.items():
            finder = ReflectedRegionsFinder(**option)
            found[f"{shape}/{key}"] = regions_of(finder, region, pointing)
            found[f"{shape}/{key}/mask"] = regions_of(finder, region, pointing, mask)
        finder = WobbleRegionsFinder(n_off_regions=5)
        found[f"{shape}/wobble"] = regions_of(finder, region, pointing)
        found[f"{shape}/wobble/mask"] = regions_of(finder, region, pointing, mask)
    return found


def rings():
    """Make rings on a small map of one observation, and a stack of two."""
    observations = DataStore.from_dir(STORE / "hess-dl3-dr1").get_observations([23523, 23526])
    geom = WcsGeom.create(
        skydir=CRAB, binsz=0.05, width=3.0, proj="TAN", axes=[axis(0.5, 20, 2)], frame="icrs"
    )
    mask = ~geom.to_image().region_mask([CircleSkyRegion(CRAB, 0.3 * u.deg)])
    ring = RingBackgroundMaker(r_in="0.5 deg", width="0.3 deg", exclusion_mask=mask)
    maker, safe = MapDatasetMaker(), SafeMaskMaker(methods=["offset-max"], offset_max="2 deg")
    empty = MapDataset.create(geom, energy_axis_true=axis(0.3, 30, 4, "energy_true"))
    made, arrays = [], {}
    for observation in observations:
        dataset = maker.run(empty.copy(name=str(observation.obs_id)), observation)
        made.append(ring.run(safe.run(dataset, observation)))
    keep = ("counts", "counts_off", "acceptance", "acceptance_off", "mask_safe")
    stacked = Datasets(made).stack_reduce(name="stacked")
    for key in keep:
        arrays[f"ring_{key}"] = getattr(made[0], key).data
        arrays[f"stacked_{key}"] = getattr(stacked, key).data
    adaptive = AdaptiveRingBackgroundMaker(
        r_in="0.3 deg",
        r_out_max="0.9 deg",
        width="0.2 deg",
        stepsize="0.1 deg",
        threshold_alpha=0.0075,
        theta="0.02 deg",
        exclusion_mask=mask,
    )
    for method in ("fixed_width", "fixed_r_in"):
        adaptive.method = method
        image = MapDataset.create(
            geom.squash("energy"), energy_axis_true=axis(0.3, 30, 4, "energy_true")
        )
        dataset = safe.run(maker.run(image, observations[0]), observations[0])
        dataset = adaptive.run(dataset)
        for key in keep:
            arrays[f"{method}_{key}"] = getattr(dataset, key).data
    return {key: data[..., ::2, ::3] for key, data in arrays.items()}


def main():
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exclusion", type=Path, required=True)
    parser.add_argument("--spectra", type=Path, help="folder for OGIP files")
    options = parser.parse_args()
    spectra = options.spectra
    result = {"gammapy": gammapy.__version__, "finders": finders()}
    np.savez_compressed(OUTPUT / "ring.npz", **rings())
    for name, case in cases(options.exclusion).items():
        datasets = reduce_case(case)
        row = {"observations": [describe(dataset) for dataset in datasets]}
        row["fits"], stacked = fit_all(name, case, datasets)
        row["stacked"] = describe(stacked)
        result[name] = row
        if spectra is not None:
            folder = spectra / name
            folder.mkdir(parents=True, exist_ok=True)
            for dataset in datasets:
                dataset.write(folder / f"pha_obs{dataset.name}.fits", overwrite=True, format="ogip")
            fits = json.dumps(row["fits"], indent=1)
            (folder / "fits.json").write_text(fits + "\n")
    (OUTPUT / "onoff.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
