"""Fits from hundreds of random starts: do all that call themselves converged agree?

``python -m benchmarks.random_starts crab field --fits 200`` prints a table. ``crab`` is the stacked
map of four H.E.S.S. runs (needs ``$GAMMAPY_DATA`` and ``$GJAX_CASES``), ``field`` a simulated field
of CTA with four extended sources and 22 free parameters. Starts are drawn around the optimum
(normal, with three times the errors); where a user typically starts (amplitudes of 1e-12, indices
of 2, extensions of 0.2 deg, positions read off a map, to 0.1 deg, backgrounds as they are); and as
wide as a guess may be wrong: amplitudes by a factor of 30, extensions by 3, indices by 1, positions
by 0.3 deg, norms by 2, tilts by 0.3, all at once.
"""

from __future__ import annotations

import argparse
import collections
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.inputs import cases_folder, from_configuration

__all__ = [
    "PROBLEMS",
    "STARTS",
    "Outcome",
    "main",
    "random_starts",
    "run",
    "typical_starts",
    "wide_starts",
]

#: Two fits found the same minimum if their statistics differ by less than this.
SAME = 1e-2


@dataclass
class Outcome:
    """How one fit from a random start ended."""

    excess: float
    success: bool
    message: str
    evaluations: int
    seconds: float
    start: np.ndarray


def crab() -> tuple[list[Any], Any, Any]:
    """Reduce four runs of H.E.S.S. on the Crab Nebula."""
    from gjax.io.datasets_yaml import read_datasets
    from gjax.io.models import read_models

    cases = cases_folder()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        from_configuration(folder, cases / "crab3d.yaml", cases / "crab3d_models.yaml")
        contents = read_models(folder / "models.yaml")
        return list(read_datasets(folder / "datasets.yaml")), contents.models, contents.parameters


def field() -> tuple[list[Any], Any, Any]:
    """Simulate a field of CTA with four extended sources, two of which overlap."""
    from gjax.maps import MapAxis, WcsGeom
    from gjax.model import FoVBackground, Models, SkyModel
    from gjax.model.spatial import Gaussian
    from gjax.model.spectral import PowerLaw, PowerLawNorm
    from gjax.parameters import Parameters
    from gjax.predict import npred
    from gjax.reduce import reduce_map_dataset
    from gjax.simulate import cta_like, fake, observation

    shapes = [(-0.9, -0.7, 0.2), (0.8, 0.7, 0.3), (0.9, -0.4, 0.15), (0.2, 0.5, 0.12)]
    sources = {
        f"source-{i}": SkyModel(
            PowerLaw(2.0 + 0.15 * i, (3 - 0.5 * i) * 1e-11), Gaussian(83.6 + x, y, sigma)
        )
        for i, (x, y, sigma) in enumerate(shapes)
    }
    models = Models.create(sources | {"field-bkg": FoVBackground("field", PowerLawNorm())})
    empty = reduce_map_dataset(
        observation(cta_like(), (83.6, 0.0), 3600.0),
        WcsGeom.create((83.6, 0.0), 0.08, npix=(44, 44), proj="TAN"),
        MapAxis.from_energy_bounds(0.5, 20.0, 5),
        MapAxis.from_energy_bounds(0.3, 40.0, 7, name="energy_true"),
        selection=("exposure", "background", "psf", "edisp"),
        name="field",
    )
    data = fake(empty, npred(empty, models), np.random.default_rng(4))
    return [data], models, Parameters.from_models(models).thaw("*.tilt")


PROBLEMS: dict[str, Callable[[], tuple[list[Any], Any, Any]]] = {"crab": crab, "field": field}


def random_starts(best: Any, number: int, seed: int) -> np.ndarray:
    """Draw values around a best fit, with three times its errors; shape ``(number, n)``."""
    table, rng = best.parameters, np.random.default_rng(seed)
    moves = 3.0 * np.nan_to_num(best.errors) * rng.standard_normal((number, len(table.values)))
    return np.clip(table.values + moves, table.minimum, table.maximum)


def typical_starts(best: Any, number: int, seed: int) -> np.ndarray:
    """Give values as users write them before they fit; shape ``(number, n)``."""
    table, rng = best.parameters, np.random.default_rng(seed)
    starts = np.tile(table.values, (number, 1))
    values = {"amplitude": 1e-12, "index": 2.0, "sigma": 0.2, "norm": 1.0, "tilt": 0.0}
    for i in table.free:
        name = table.keys[i][-1]
        if name in values:
            starts[:, i] = values[name]
        else:
            starts[:, i] += rng.uniform(-0.1, 0.1, number)
    return starts


def wide_starts(best: Any, number: int, seed: int) -> np.ndarray:
    """Draw values as wide as a user's guess may be wrong; shape ``(number, n)``."""
    table, rng = best.parameters, np.random.default_rng(seed)
    starts = np.tile(table.values, (number, 1))
    factors = {"amplitude": 30.0, "sigma": 3.0, "norm": 2.0}
    widths = {"index": 1.0, "lon_0": 0.3, "lat_0": 0.3, "tilt": 0.3}
    for i in table.free:
        name, draw = table.keys[i][-1], rng.uniform(-1.0, 1.0, number)
        if name in factors:
            starts[:, i] *= factors[name] ** draw
        else:
            starts[:, i] += widths[name] * draw
    return np.clip(starts, table.minimum, table.maximum)


#: How starts are drawn.
STARTS = {"3 errors": random_starts, "typical": typical_starts, "wide": wide_starts}


def run(problem: tuple[list[Any], Any, Any], best: Any, starts: np.ndarray) -> list[Outcome]:
    """Fit from every start."""
    import dataclasses

    import gjax

    datasets, models, table = problem
    outcomes = []
    for start in starts:
        began = time.perf_counter()
        found = gjax.fit(datasets, models, dataclasses.replace(table, values=start))
        outcomes.append(
            Outcome(
                found.stat - best.stat,
                found.success,
                found.message,
                found.evaluations,
                time.perf_counter() - began,
                start,
            )
        )
    return outcomes


def report(name: str, outcomes: list[Outcome]) -> str:
    """Describe the outcomes in a row of the table and a line for each that went elsewhere."""
    good = [one for one in outcomes if one.success]
    same = [one for one in good if abs(one.excess) < SAME]
    numbers = np.array([one.evaluations for one in outcomes])
    seconds = np.array([one.seconds for one in outcomes])
    lines = [
        f"| {name} | {len(outcomes)} | {len(good)} | {len(same)} | "
        f"{np.median(numbers):.0f} | {numbers.max()} | {np.median(seconds):.2f} s |"
    ]
    others = collections.Counter(
        f"    {one.message}: {one.excess:+.2f}" for one in outcomes if one not in same
    )
    return "\n".join(lines + [f"{text} ({n} times)" for text, n in others.items()])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problems", nargs="*", default=list(PROBLEMS))
    parser.add_argument("--fits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    import gjax

    print("| problem, starts | fits | converged | same minimum | evaluations | most | time |")
    print("|---|---|---|---|---|---|---|")
    for name in options.problems:
        problem = PROBLEMS[name]()
        best = gjax.fit(*problem)
        for kind, draw in STARTS.items():
            outcomes = run(problem, best, draw(best, options.fits, options.seed))
            print(report(f"{name}, {kind}", outcomes), flush=True)


if __name__ == "__main__":
    main()
