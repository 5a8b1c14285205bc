"""The Crab Nebula of H.E.S.S.: four runs, as joint spectra and as one stacked map."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.case import Goal, fit_case
from benchmarks.floor import Work
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
        goals=(Goal("warm below 20 ms with covariance", "warm_s", 0.020),),
        floor="4 x 66 x 26 products: 14 kflop and 55 kB of matrices per evaluation, four times "
        "that with the derivatives",
        work=Work(read=55e3, flops=60e3, exps=2e3),
        compilations=3,
    ),
    fit_case(
        "crab3d",
        "H.E.S.S. Crab, stacked 3D fit",
        partial(make, "crab3d"),
        floor="per evaluation the window of one point source, 64 x 64 pixels in 16 energies, its "
        "exposure and kernel read once; counts are in 1% of the bins",
        work=Work(read=1.5e6, flops=4e6, exps=1e4),
        compilations=2,
    ),
)
