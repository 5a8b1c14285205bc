"""The headline: the Galactic Centre of the CTA data challenge, five sources."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.case import Goal, Skip, fit_case
from benchmarks.floor import Work
from benchmarks.inputs import cases_folder, from_configuration

__all__ = ["CASES"]


def make(name: str, folder: Path, quick: bool) -> None:
    """Reduce the observations; too large for a quick run."""
    if quick:
        raise Skip("takes minutes on the side of the peer: not in a quick run")
    cases = cases_folder()
    from_configuration(folder, cases / f"{name}.yaml", cases / f"{name}_models.yaml")


def _goals(warm: float) -> tuple[Goal, ...]:
    return (
        Goal(f"warm {warm:.0f} times faster than Gammapy's fast way", "warm_ratio", warm, True),
        Goal("10 times faster in a cold process", "cold_ratio", 10.0, True),
        Goal("20 times faster with a filled cache", "filled_ratio", 20.0, True),
    )


_REASON = (
    "Minuit's evaluations depend on its first steps: 2515 and 2995 in the reference files, fewer "
    "here. One evaluation takes 100 ms for the value and 250 ms with gradient and Hessian, half of "
    "it transforms of a source that fills the map; cold, half of the time is the compiler's"
)

CASES = (
    fit_case(
        "ctagc",
        "CTA-1DC Galactic Centre, stacked: 500 x 400 x 10 bins, 5 sources, 23 free parameters",
        partial(make, "ctagc"),
        peer_repeat=1,
        goals=_goals(50.0),
        reason=_REASON,
        floor="per evaluation the exposure, 500 x 400 x 14 numbers, is read once; three extended "
        "sources are transformed forth and back in 14 energies, with one derivative each; the "
        "Hessian is a product of 140000 bins with counts and 23 parameters",
        work=Work(read=22.4e6, transforms=3 * 14 * 4 * 128**2, flops=1.5e8),
    ),
    fit_case(
        "ctagc_joint",
        "CTA-1DC Galactic Centre, joint: 3 observations, 27 free parameters",
        partial(make, "ctagc_joint"),
        peer_repeat=1,
        goals=_goals(80.0),
        reason=_REASON,
        floor="three observations, each with the work of the stacked one",
        work=Work(read=6.7e7, transforms=9 * 14 * 4 * 128**2, flops=4.5e8),
    ),
)
