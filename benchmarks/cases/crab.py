"""The Crab Nebula of H.E.S.S.: four runs, as joint spectra and as one stacked map."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.case import fit_case
from benchmarks.inputs import cases_folder, from_configuration

__all__ = ["CASES"]


def make(name: str, folder: Path, quick: bool) -> None:
    """Reduce the runs as Gammapy's high-level interface does."""
    cases = cases_folder()
    from_configuration(folder, cases / f"{name}.yaml", cases / f"{name}_models.yaml")


CASES = (
    fit_case(
        "crab1d",
        "H.E.S.S. Crab, joint 1D fit of 4 runs",
        partial(make, "crab1d"),
        target="warm below 20 ms",
        floor="4 x 66 x 26 products: 14 kflop and 55 kB of matrices per evaluation, a few us",
    ),
    fit_case(
        "crab3d",
        "H.E.S.S. Crab, stacked 3D fit",
        partial(make, "crab3d"),
        floor="the window of one point source, and counts in 1% of the bins: below 1 ms",
    ),
)
