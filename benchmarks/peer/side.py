"""One benchmark on the side of Gammapy; started by ``python -m benchmarks``.

For the interpreter of the peer environment (see README.md); gjax is not imported. Reads the
datasets and models that gjax wrote, and prints one JSON object as its last line.
"""

from __future__ import annotations

import time

BEGIN = time.perf_counter()

import argparse  # noqa: E402
import contextlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402

warnings.filterwarnings("ignore")

import gammapy  # noqa: E402
import numpy as np  # noqa: E402
from fit import describe, time_stat  # noqa: E402
from gammapy.datasets import Datasets  # noqa: E402
from gammapy.modeling import Fit  # noqa: E402
from gammapy.modeling.models import Models  # noqa: E402

IMPORTED = time.perf_counter() - BEGIN


def read(folder):
    """Read the datasets, and keep them in memory."""
    datasets = Datasets.read(folder / "datasets.yaml", lazy=False)
    return list(datasets)


def with_models(datasets, folder):
    """Give every dataset its models, at the start values."""
    models = Models.read(folder / "models.yaml")
    for dataset in datasets:
        dataset.models = models
    for parameter in models.parameters.free_parameters:
        # The first steps of Minuit: with those that Gammapy chooses, sources are lost at times.
        place = parameter.name in ("lon_0", "lat_0")
        parameter.error = 0.01 if place else 0.1 * (abs(parameter.value) or 1.0)
    return models


def fit(datasets, folder, documented=False):
    """Fit a plain list of datasets, Gammapy's fast way, or as its documentation does.

    The time includes Hesse, as gjax gives the covariance of the exact Hessian; Gammapy by itself
    reports the estimate that Migrad came by.
    """
    models = with_models(datasets, folder)
    if documented:
        datasets = Datasets(datasets)
        datasets.models = models
    begin = time.perf_counter()
    result = Fit().run(datasets)
    fitted = time.perf_counter() - begin
    result.minuit.hesse()
    wall = time.perf_counter() - begin
    values = [describe(p, m) for m in models for p in m.parameters if not p.frozen]
    return wall, {
        "evaluations": int(result.nfev),
        "rows": {"fit without Hesse": fitted, "Hesse": wall - fitted},
        "success": bool(result.success),
        "stat": float(sum(dataset.stat_sum() for dataset in datasets)),
        "values": {row["name"]: (row["value"], row["error"]) for row in values},
    }


def act_fit(folder, repeat, documented=False):
    """Fit once, and ``repeat`` times more if that is quick; time one evaluation as well."""
    datasets = read(folder)
    first, found = fit(datasets, folder)
    times = [fit(datasets, folder)[0] for _ in range(repeat)] if first < 30 else [first]
    rows = found["rows"] | {"one evaluation": time_stat(Datasets(datasets), 5)}
    if documented:
        rows["fit through Datasets.models"] = fit(datasets, folder, documented=True)[0]
    return first, times, found | {"rows": rows}


def act_evaluate(folder, repeat):
    """Time one evaluation; a fit of so many parameters would take hours."""
    datasets = read(folder)
    models = with_models(datasets, folder)
    begin = time.perf_counter()
    stat = float(sum(dataset.stat_sum() for dataset in datasets))
    first = time.perf_counter() - begin
    one = time_stat(Datasets(datasets), max(repeat, 3))
    rows = {"stat": one, "npred": median_time(lambda: [d.npred() for d in datasets], 3)}
    free = len(models.parameters.free_parameters)
    rows["stat and gradient (estimated from 2 differences per parameter)"] = one * 2 * free
    return first, [], {"stat": stat, "rows": rows}


def act_evaluate_start(folder, repeat):
    """Time one evaluation, where gjax fits: the statistics are not those of the same point."""
    first, times, found = act_evaluate(folder, repeat)
    return first, times, {"rows": found["rows"]}


def act_io(folder, repeat):
    """Read and write."""
    rows = {}

    def once():
        begin = time.perf_counter()
        datasets = Datasets(read(folder))
        models = Models.read(folder / "models.yaml")
        rows["read"] = time.perf_counter() - begin
        begin = time.perf_counter()
        (folder / "gammapy").mkdir(exist_ok=True)
        datasets.write(folder / "gammapy" / "datasets.yaml", overwrite=True)
        models.write(folder / "gammapy" / "models.yaml", overwrite=True)
        rows["write"] = time.perf_counter() - begin
        return sum(rows.values())

    return once(), [once() for _ in range(repeat)], {"rows": rows}


def observations(folder):
    """Read the chosen observations."""
    from gammapy.data import DataStore

    rows = json.loads((folder / "observations.json").read_text())
    store = DataStore.from_dir(Path(os.environ["GAMMAPY_DATA"]) / "hess-dl3-dr1")
    for obs_id, lon, lat in rows:
        yield store.obs(obs_id), lon, lat


def reduce_3d(folder):
    """Reduce each observation to a map of 100 x 100 pixels around its pointing."""
    from gammapy.datasets import MapDataset
    from gammapy.makers import MapDatasetMaker, SafeMaskMaker
    from gammapy.maps import MapAxis, WcsGeom

    energy = MapAxis.from_energy_bounds("0.5 TeV", "50 TeV", 10)
    true = MapAxis.from_energy_bounds("0.3 TeV", "80 TeV", 20, name="energy_true")
    maker, masks = MapDatasetMaker(), SafeMaskMaker(["offset-max"], offset_max="2 deg")
    sums = np.zeros(3)
    for observation, lon, lat in observations(folder):
        geom = WcsGeom.create(
            skydir=(lon, lat), binsz=0.04, npix=(100, 100), proj="TAN", axes=[energy]
        )
        empty = MapDataset.create(geom, energy_axis_true=true, name=str(observation.obs_id))
        dataset = masks.run(maker.run(empty, observation), observation)
        inside = dataset.mask_safe.data
        sums += (
            dataset.counts.data[inside].sum(),
            dataset.background.data[inside].sum(),
            dataset.exposure.quantity.to_value("cm2 s").sum(),
        )
    return dict(zip(("counts", "background", "exposure"), sums.tolist(), strict=True))


def reduce_1d(folder):
    """Extract a spectrum half a degree north of each pointing, with reflected regions."""
    import astropy.units as u
    from astropy.coordinates import SkyCoord
    from gammapy.datasets import SpectrumDataset
    from gammapy.makers import ReflectedRegionsBackgroundMaker, SpectrumDatasetMaker
    from gammapy.maps import MapAxis, RegionGeom
    from regions import CircleSkyRegion

    energy = MapAxis.from_energy_bounds("0.5 TeV", "50 TeV", 20)
    true = MapAxis.from_energy_bounds("0.3 TeV", "80 TeV", 40, name="energy_true")
    maker = SpectrumDatasetMaker(selection=["counts", "exposure", "edisp"])
    background, sums = ReflectedRegionsBackgroundMaker(), np.zeros(3)
    for observation, lon, lat in observations(folder):
        center = SkyCoord(lon, lat + 0.5, unit="deg")
        geom = RegionGeom.create(CircleSkyRegion(center, 0.11 * u.deg), axes=[energy])
        empty = SpectrumDataset.create(geom, energy_axis_true=true, name=str(observation.obs_id))
        dataset = background.run(maker.run(empty, observation), observation)
        exposure = dataset.exposure.quantity.to_value("cm2 s")
        sums += (dataset.counts.data.sum(), dataset.counts_off.data.sum(), exposure.sum())
    return dict(zip(("counts", "counts off", "exposure"), sums.tolist(), strict=True))


def act_reduce(reduce, folder, repeat):
    """Time a reduction."""

    def once():
        begin = time.perf_counter()
        sums = reduce(folder)
        return time.perf_counter() - begin, sums

    first, sums = once()
    # A hundredth of a sum stands in the place of its error.
    values = {name: (value, 0.01 * value) for name, value in sums.items()}
    return first, [once()[0] for _ in range(repeat)], {"values": values}


def act_sample(folder, repeat):
    """Sample the likelihood with emcee, which the other actions need not have."""
    from posterior import sample

    return sample(folder)


def act_script(name, folder, repeat):
    """Run one of the scripts of gammapy-benchmarks, whose imports others do not need."""
    from scripts import ACTIONS as SCRIPTS
    from scripts import act

    return act(SCRIPTS[name], folder, repeat)


def act_start_up(folder, repeat):
    """Time the import in processes of its own."""
    commands = {
        "import gammapy": "import gammapy",
        "import gammapy with a fit": ("import gammapy.modeling, gammapy.datasets"),
    }
    rows = {
        name: median_time(
            lambda code=code: subprocess.run([sys.executable, "-c", code], check=True), repeat
        )
        for name, code in commands.items()
    }
    return sum(rows.values()), [], {"rows": rows}


def peak_memory():
    """Give the largest resident memory of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage gives is inherited from the parent process where that was larger.
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1.024e-3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def median_time(function, repeat):
    """Give the median wall time of a call; the first is not counted."""
    function()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


ACTIONS = {
    "fit": act_fit,
    "evaluate": act_evaluate,
    "evaluate_start": act_evaluate_start,
    "io": act_io,
    "reduce_3d": lambda folder, repeat: act_reduce(reduce_3d, folder, repeat),
    "reduce_1d": lambda folder, repeat: act_reduce(reduce_1d, folder, repeat),
    "sample": act_sample,
    "start_up": act_start_up,
    "script_analysis_3d": partial(act_script, "analysis_3d"),
    "script_analysis_3d_joint": partial(act_script, "analysis_3d_joint"),
    "script_spectrum_1d": partial(act_script, "spectrum_1d"),
    "script_spectrum_1d_joint": partial(act_script, "spectrum_1d_joint"),
    "script_lightcurve_1d": partial(act_script, "lightcurve_1d"),
    "script_io": partial(act_script, "io"),
    "script_npred": partial(act_script, "npred"),
}


def main() -> None:
    """Read the command line and print the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--documented", action="store_true")
    options = parser.parse_args()
    action = ACTIONS[options.action]
    if options.documented and action is act_fit:
        action = partial(act_fit, documented=True)
    with contextlib.redirect_stdout(sys.stderr):
        first, times, found = action(options.folder, options.repeat)
    measured = {
        "gammapy": gammapy.__version__,
        "import": IMPORTED,
        "first": first,
        "warm": statistics.median(times) if times else None,
        "warm_times": times,
        "memory": peak_memory(),
    }
    print(json.dumps(measured | found))


if __name__ == "__main__":
    main()
