"""Write data/flux_points.json: what Gammapy reads from files of flux points, and how it fits them.

Run in an environment with Gammapy, with GAMMAPY_DATA set: ``python make_flux_points.py``. The tests
of flux points compare with this file; they do not need Gammapy.
"""

import json
import os
import warnings
from pathlib import Path

import gammapy
import numpy as np
from astropy.table import Table
from gammapy.datasets import Datasets, FluxPointsDataset
from gammapy.estimators import FluxPoints
from gammapy.modeling import Fit
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY, SkyModel

HERE = Path(__file__).parent / "data"
DATA = Path(os.environ["GAMMAPY_DATA"])
FILES = [
    "hawc/crab_flux/HAWC19_flux_points.fits",
    "tests/spectrum/flux_points/diff_flux_points.fits",
    "tests/spectrum/flux_points/diff_flux_points.ecsv",
    "tests/spectrum/flux_points/flux_points.fits",
    "tests/spectrum/flux_points/flux_points.ecsv",
    "estimators/crab_hess_fp/crab_hess_fp.fits",
]
CURVES = [f"estimators/pks2155_hess_lc/pks2155_hess_lc{end}.fits" for end in ("", "_3bins")]
CTB_37B = "tests/spectrum/flux_points/flux_points_ctb_37b.txt"
PL = ("pl", {"index": 2.2, "amplitude": 1e-12})
HAWC_START = {"alpha": 2.6, "amplitude": 3e-11, "beta": 0.1, "reference": 1.0}
QUANTITIES = [
    "norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "dnde", "dnde_err", "dnde_ul",
    "e2dnde", "flux", "eflux", "ts", "sqrt_ts", "stat", "stat_null", "stat_scan", "is_ul",
]  # fmt: skip
UNITS = {
    "dnde": "cm-2 s-1 TeV-1",
    "e2dnde": "TeV cm-2 s-1",
    "flux": "cm-2 s-1",
    "eflux": "TeV cm-2 s-1",
}


def numbers(values):
    """Give plain numbers, None for NaN."""
    array = np.squeeze(np.asarray(values))
    if array.dtype == bool:
        return array.tolist()
    return np.where(np.isfinite(array), array, None).tolist()


def read(points):
    """Collect what flux points hold."""
    found = {"e_ref": numbers(points.energy_ref.to_value("TeV")), "n_sigma_ul": points.n_sigma_ul}
    for name in QUANTITIES:
        try:
            quantity = getattr(points, name).quantity
        except (AttributeError, ValueError):
            continue
        unit = UNITS.get(name.split("_")[0], "")
        found[name] = numbers(quantity.to_value(unit) if unit else quantity.value)
    return found


def model(tag, values):
    """Make a sky model of a spectrum."""
    spectral = SPECTRAL_MODEL_REGISTRY.get_cls(tag)()
    for name, value in values.items():
        spectral.parameters[name].value = value
    return SkyModel(spectral, name="source")


def statistic(points, stat_type, tag, values):
    """Evaluate the statistic of each point."""
    dataset = FluxPointsDataset(model(tag, values), points, stat_type=stat_type, name="points")
    return {
        "stat_type": stat_type,
        "tag": tag,
        "parameters": values,
        "stat": numbers(np.asarray(dataset.stat_array(), float)),
        "mask": numbers(dataset.mask),
    }


def fit(points, tag, values, stat_type="chi2"):
    """Fit a model to flux points of one or several instruments."""
    datasets = Datasets(
        [FluxPointsDataset(data=p, name=name, stat_type=stat_type) for name, p in points.items()]
    )
    datasets.models = model(tag, values)
    result = Fit(optimize_opts={"tol": 1e-3}).run(datasets)
    found = datasets.models.parameters.free_parameters
    return {
        "tag": tag,
        "start": values,
        "stat_type": stat_type,
        "success": bool(result.success),
        "stat": float(result.total_stat),
        "nfev": int(result.optimize_result.nfev),
        "values": {par.name: par.value for par in found},
        "errors": {par.name: par.error for par in found},
    }


def ctb_37b():
    """Read a table of text as the documentation of Gammapy says."""
    table = Table.read(DATA / CTB_37B, format="ascii.csv", delimiter=" ", comment="#")
    table.rename_columns(
        ["E", "Differential_Flux", "lower_error", "upper_error"],
        ["e_ref", "dnde", "dnde_errn", "dnde_errp"],
    )
    table["e_ref"].unit = "TeV"
    for name in table.colnames[1:]:
        table[name].unit = "cm-2 s-1 TeV-1"
    return FluxPoints.from_table(table, sed_type="dnde")


def main():
    """Write the file."""
    warnings.simplefilter("ignore")
    points = {name: FluxPoints.read(DATA / name) for name in FILES}
    points[CTB_37B] = ctb_37b()
    curves = {name: FluxPoints.read(DATA / name) for name in CURVES}
    crab = points["estimators/crab_hess_fp/crab_hess_fp.fits"]
    profiled = crab.slice_by_idx({"energy": slice(1, None)})
    stats = [
        {"file": name, **statistic(p, stat_type, *spectrum)}
        for name, p in points.items()
        # Gammapy needs limits for the second, even if no point is one.
        for stat_type in (("chi2", "distrib") if p.has_ul else ("chi2",))
        for spectrum in (PL, ("pl", {"index": 2.6, "amplitude": 3.5e-11}))
    ]
    # At the nodes of the scan, where any interpolation must agree.
    scan = crab.stat_scan.geom.axes["norm"].center
    nodes = crab.stat_scan.data.squeeze() - crab.stat.data.squeeze()[:, None]
    content = {
        "gammapy": gammapy.__version__,
        "read": {name: read(p) for name, p in points.items()},
        "curves": {
            name: read(p)
            | {
                "time_min": p.geom.axes["time"].time_min.tt.mjd.tolist(),
                "time_max": p.geom.axes["time"].time_max.tt.mjd.tolist(),
            }
            for name, p in curves.items()
        },
        "stat": stats,
        "profile": {
            "norm": numbers(scan),
            "nodes": numbers(nodes),
            **statistic(profiled, "profile", "pl", {"index": 2.6, "amplitude": 3.5e-11}),
        },
        "single": [
            fit({"points": points[FILES[1]]}, *PL),
            fit({"points": points[FILES[0]]}, "lp", HAWC_START),
            fit({"points": profiled}, "pl", {"index": 2.6, "amplitude": 3.5e-11}, "profile"),
        ],
    }
    (HERE / "flux_points.json").write_text(json.dumps(content) + "\n")
    for line in content["single"]:
        print(line)


if __name__ == "__main__":
    main()
