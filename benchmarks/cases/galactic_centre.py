"""The headline: the Galactic Centre of the CTA data challenge, five sources."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.case import Skip, fit_case
from benchmarks.inputs import cases_folder, from_configuration

__all__ = ["CASES"]


def make(name: str, folder: Path, quick: bool) -> None:
    """Reduce the observations; too large for a quick run."""
    if quick:
        raise Skip("takes minutes on the side of the peer: not in a quick run")
    cases = cases_folder()
    from_configuration(folder, cases / f"{name}.yaml", cases / f"{name}_models.yaml")


CASES = (
    fit_case(
        "ctagc",
        "CTA-1DC Galactic Centre, stacked: 500 x 400 x 10 bins, 5 sources, 23 free parameters",
        partial(make, "ctagc"),
        peer="fit_both",
        peer_repeat=1,
        target="warm 50 times, cold 10 times, filled cache 20 times faster than Gammapy's fast way",
        floor="exposure of 500 x 400 x 14 float64 is 22 MB: 2 ms per evaluation at 10 GB/s",
    ),
    fit_case(
        "ctagc_joint",
        "CTA-1DC Galactic Centre, joint: 3 observations, 27 free parameters",
        partial(make, "ctagc_joint"),
        peer="fit_both",
        peer_repeat=1,
        target="warm 80 times faster than Gammapy's fast way",
        floor="three times the windows of the sources within 3.5 deg: 6 ms per evaluation",
    ),
)
