"""Means and widths of posteriors: do NUTS and nested sampling draw from the same one?

``python -m benchmarks.posterior_means nuts_joint_crab --live 400`` prints a table (extra
``nested``). Parameters without a prior get bounds of six of their errors around the fit, for both
samplers, since evidence needs normalised priors. Takes minutes: nested sampling has no gradient.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases.posterior import CASES, load_problem

__all__ = ["bounded", "compare", "main"]


def bounded(problem: tuple[Any, Any, Any], width: float = 6.0) -> Any:
    """Fit, give every parameter without a prior bounds around the fit, and fit again."""
    from gjax.infer import fit
    from gjax.infer.priors import improper_priors

    datasets, models, parameters = problem
    first = fit(datasets, models, parameters)
    table = first.parameters
    for name in improper_priors(table):
        value, room = first.value(name), width * first.error(name)
        low = max(value - room, float(table.minimum[table.select(name)[0]]))
        table = table.bound(name, low, value + room)
    return fit(datasets, first.models, table)


def compare(nuts: Any, nested: Any) -> list[tuple[str, float, float, float]]:
    """Give name, difference of the means, its standard error, and ratio of the widths.

    Differences and errors are in standard deviations of the posterior.
    """
    draws = nested.values.shape[0] * nested.values.shape[1]
    rows = []
    for i, name in enumerate(nuts.free_names):
        own, theirs = nuts.free_values[..., i], nested.free_values[..., i]
        size = (nuts.effective_samples[i], nested.info["effective_points"], draws)
        error = float(np.sqrt(np.sum(1.0 / np.array(size))))
        shift = float((own.mean() - theirs.mean()) / own.std())
        rows.append((name, shift, error, float(own.std() / theirs.std())))
    return rows


def main() -> None:
    """Read the command line, sample twice and print the table."""
    from gjax.infer.nested import nested
    from gjax.infer.sample import sample_fit

    cases = {case.name: case for case in CASES}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=cases)
    parser.add_argument("--live", type=int, default=400)
    parser.add_argument("--inner-steps", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases[options.name].make(folder, False)
        result = bounded(load_problem(folder, False))
    chains = sample_fit(result, chains=4, samples=1000, seed=options.seed)
    print(chains, flush=True)
    points = nested(
        result,
        live=options.live,
        inner_steps=options.inner_steps,
        seed=options.seed,
        samples=10_000,
    )
    print(points)
    rows = compare(chains, points)
    for name, shift, error, ratio in rows:
        print(f"{name:30} {shift:+.3f} +/- {error:.3f} sd, widths {ratio:.3f}")
    print(json.dumps({"largest": max(abs(row[1]) for row in rows), "rows": rows}))


if __name__ == "__main__":
    main()
