"""Coverage of intervals from simulated experiments, against the exact one by enumeration.

``python -m benchmarks.coverage`` writes the table and the picture of the documentation. One bin of
counts over a known background, and one bin with off counts, are simple enough that the probability
of every outcome is known; a spectrum with two parameters is not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri, xlogy
from scipy.stats import norm, poisson

from gjax.dataset import Dataset, EDispKernelMap
from gjax.infer.coverage import Coverage, check_coverage
from gjax.infer.fit import fit
from gjax.infer.result import FitResult
from gjax.maps import MapAxis, RegionGeom
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters

__all__ = ["ALPHA", "BACKGROUND", "CONFIDENCE", "REGIMES", "counter", "exact", "exact_onoff"]

#: True counts of the source over the background.
REGIMES = {"bright": 100.0, "faint": 8.0, "0 to 5 counts": 1.5, "at the bound": 0.0}
BACKGROUND = 1.3
#: The off region is five times as large.
ALPHA = 0.2
CONFIDENCE = (0.6827, 0.95)
METHODS = ("hesse", "profile", "upper limit")

#: Counts per unit of the flux.
EXPOSURE = 1e12

Rates = dict[tuple[str, float], float]
_DOCS = Path(__file__).parents[1] / "docs"


def counter(signal: float, *, onoff: bool = False) -> FitResult:
    """Fit one bin in which the signal counts in units of 1e-12 and is not negative."""
    energy = MapAxis.from_edges([1.0, 2.0], "energy", "TeV", "log")
    true = MapAxis.from_edges([1.0, 2.0], "energy_true", "TeV", "log")
    cube = np.ones((1, 1, 1))
    counts = {"counts": (signal + BACKGROUND) * cube, "background": BACKGROUND * cube}
    if onoff:
        counts = {
            "counts": (signal + BACKGROUND) * cube,
            "counts_off": BACKGROUND / ALPHA * cube,
            "acceptance": cube,
            "acceptance_off": cube / ALPHA,
        }
    circle = RegionGeom.circle(83.63, 22.01, 0.1)
    dataset = Dataset("counter", circle, energy, true, exposure=EXPOSURE * cube, **counts)
    models = Models.create([("source", SkyModel(PowerLaw(0.0, 3e-12)))])
    table = Parameters.from_models(models).freeze("*.index").bound("*.amplitude", min=0.0)
    return fit(dataset, models, table)


def exact(signal: float, background: float = BACKGROUND) -> Rates:
    """Sum the probabilities of the counts whose intervals contain the signal.

    Counts n over a known background, the signal not negative.
    """
    truth = signal + background
    n = np.arange(int(truth + 12 * np.sqrt(truth) + 30))
    best = np.maximum(n, background)
    rise = _cash(n, truth) - _cash(n, best)
    # Without counts above the background the signal is at its bound and has no symmetric error.
    error = np.where(n > background, np.sqrt(n), np.nan)
    return _rates(poisson.pmf(n, truth), rise, truth - best, error)


def exact_onoff(signal: float, background: float = BACKGROUND, alpha: float = ALPHA) -> Rates:
    """Sum the probabilities of the counts on and off whose intervals contain the signal."""
    means = (signal + background, background / alpha)
    on, off = np.meshgrid(
        *(np.arange(int(mean + 12 * np.sqrt(mean) + 30)) for mean in means), indexing="ij"
    )
    best = np.maximum(on - alpha * off, 0.0)
    rise = _wstat(on, off, alpha, signal) - _wstat(on, off, alpha, best)
    error = np.where(on > alpha * off, np.sqrt(on + alpha**2 * off), np.nan)
    probability = poisson.pmf(on, means[0]) * poisson.pmf(off, means[1])
    return _rates(probability, rise, signal - best, error)


def _rates(
    probability: np.ndarray, rise: np.ndarray, above: np.ndarray, error: np.ndarray
) -> Rates:
    """Add up the outcomes; ``above`` is the truth less the best fit."""
    rates: Rates = {}
    for claimed in CONFIDENCE:
        two, one = -ndtri(0.5 * (1 - claimed)), ndtri(claimed)
        covered = {
            "hesse": np.abs(above) <= two * np.nan_to_num(error, nan=-1.0),
            "profile": rise <= two**2,
            "upper limit": (above <= 0) | (rise <= one**2),
        }
        for method, inside in covered.items():
            rates[method, claimed] = float(probability[inside].sum())
    return rates


def _cash(n: Any, mu: Any) -> Any:
    return 2 * (mu - xlogy(n, mu))


def _wstat(on: Any, off: Any, alpha: float, signal: Any) -> Any:
    """Give the statistic with the background that fits best, a root of a quadratic equation."""
    total = alpha * (1 + alpha)
    linear = alpha * (on + off) - (1 + alpha) * signal
    mean = (linear + np.sqrt(linear**2 + 4 * total * off * signal)) / (2 * total)
    # Rounding may leave a tiny negative number where it is zero.
    mean = np.maximum(mean, 0.0)
    return 2 * (signal + (1 + alpha) * mean - xlogy(on, signal + alpha * mean) - xlogy(off, mean))


def spectrum(amplitude: float) -> FitResult:
    """Fit index and amplitude of a power law to eight energies with off counts."""
    energy = MapAxis.from_energy_bounds(0.5, 50.0, 8)
    true = MapAxis.from_energy_bounds(0.2, 100.0, 16, name="energy_true")
    geom = RegionGeom.circle(83.63, 22.01, 0.11)
    edges = np.log(energy.edges[None, :] / true.center[:, None]) / 0.2
    kernel = np.diff(norm.cdf(edges), axis=1)[:, :, None, None]
    exposure = (1e13 * true.center**0.7)[:, None, None]
    off = np.array([60.0, 45.0, 30.0, 18.0, 9.0, 3.0, 0.5, 0.1])[:, None, None]
    dataset = Dataset(
        "spectrum",
        geom,
        energy,
        true,
        exposure=exposure,
        edisp=EDispKernelMap(kernel, exposure, geom, true, energy),
        counts=np.zeros(off.shape),
        counts_off=off,
        acceptance=np.ones(off.shape),
        acceptance_off=np.full(off.shape, 10.0),
    )
    models = Models.create([("source", SkyModel(PowerLaw(2.5, amplitude)))])
    # The truth is given to the toys; this fit only makes the problem.
    table = Parameters.from_models(models).bound("*.amplitude", min=0.0)
    return fit(dataset, models, table.bound("*.index", 0.0, 6.0))


def simulate(n_toys: int) -> Iterable[tuple[str, str, Coverage, Rates, float]]:
    """Run all problems in all regimes."""
    problems: list[tuple[str, bool, Callable[[float], Rates]]] = [
        ("known background", False, exact),
        ("off counts", True, exact_onoff),
    ]
    for title, onoff, enumerate_all in problems:
        for regime, signal in REGIMES.items():
            result = counter(signal, onoff=onoff)
            start = time.perf_counter()
            truth = {"*.amplitude": signal / EXPOSURE}
            found = check_coverage(
                result, "*.amplitude", truth=truth, confidence=CONFIDENCE, n_toys=n_toys
            )
            yield title, regime, found, enumerate_all(signal), time.perf_counter() - start
    for regime, amplitude in (("bright", 1e-11), ("faint", 1e-12)):
        for name in ("amplitude", "index"):
            truth = {"*.amplitude": amplitude, "*.index": 2.5}
            start = time.perf_counter()
            found = check_coverage(
                spectrum(amplitude),
                f"*.{name}",
                truth=truth,
                confidence=CONFIDENCE,
                n_toys=n_toys,
            )
            yield f"spectrum, {name}", regime, found, {}, time.perf_counter() - start


def table(rows: list[tuple[str, str, Coverage, Rates, float]]) -> str:
    """Write the table in Markdown: simulated, and in brackets exact."""
    titles = [f"{name} {claimed:.4g}" for claimed in CONFIDENCE for name in METHODS]
    lines = [
        "| problem | truth | " + " | ".join(titles) + " |",
        "|---" * (2 + len(titles)) + "|",
    ]
    for title, regime, found, rates, _ in rows:
        cells = []
        for claimed in CONFIDENCE:
            for method in METHODS:
                cell = f"{found.select(method, claimed).coverage:.3f}"
                cells.append(cell + (f" ({rates[method, claimed]:.3f})" if rates else ""))
        lines.append(f"| {title} | {regime} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(rows: list[tuple[str, str, Coverage, Rates, float]], path: Path) -> None:
    """Draw the exact coverage over the signal, and the simulated ones as points."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), sharex=True, constrained_layout=True)
    signals = np.concatenate([np.linspace(0, 2, 60), np.geomspace(2, 200, 340)])
    curves = [exact(signal) for signal in signals]
    colors = {"hesse": "tab:orange", "profile": "tab:blue", "upper limit": "tab:green"}
    for panel, claimed in zip(panels, CONFIDENCE, strict=True):
        for method, color in colors.items():
            rates = [curve[method, claimed] for curve in curves]
            panel.plot(signals, rates, color=color, lw=0.8, label=method)
            for title, regime, found, *_ in rows:
                if title == "known background":
                    one = found.select(method, claimed)
                    panel.errorbar(
                        REGIMES[regime], one.coverage, 3 * one.error, fmt="o", ms=4, color=color
                    )
        panel.axhline(claimed, color="k", ls=":", lw=1)
        panel.set(xscale="symlog", xlabel="true counts of the source", title=f"{claimed:.2%}")
        panel.set(ylim=(0.25, 1.03) if claimed < 0.9 else (0.6, 1.02), ylabel="coverage")
    panels[1].legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=80)


def main() -> None:
    """Run, print, and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--toys", type=int, default=10_000)
    parser.add_argument("--picture", type=Path, default=_DOCS / "_static" / "coverage.png")
    options = parser.parse_args()
    rows = []
    for row in simulate(options.toys):
        rows.append(row)
        title, regime, found, rates, seconds = row
        pulls = [
            (one.coverage - rates[one.method, one.confidence]) / max(one.error, 1 / options.toys)
            for one in found.intervals
            if rates
        ]
        print(f"{title}, {regime}: {seconds:.1f} s, failed {found.failed}")
        print("  from exact, in errors:", " ".join(f"{pull:+.1f}" for pull in pulls), flush=True)
    print(table(rows))
    draw(rows, options.picture)


if __name__ == "__main__":
    main()
