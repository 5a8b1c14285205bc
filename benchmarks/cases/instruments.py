"""Other instruments: the Crab Nebula as HAWC and Fermi-LAT see it, from published datasets."""

from __future__ import annotations

from pathlib import Path

from benchmarks.case import fit_case
from benchmarks.floor import Work
from benchmarks.inputs import data_folder, write

__all__ = ["CASES"]


def make_hawc(folder: Path, quick: bool) -> None:
    """Read five bins of hits; a log parabola at a known place, and a norm of each background."""
    from gjax.io import read_datasets
    from gjax.model import FoVBackground, Models, SkyModel
    from gjax.model.spatial import Point
    from gjax.model.spectral import LogParabola
    from gjax.parameters import Parameters

    datasets = list(read_datasets(data_folder("hawc", "DL4") / "HAWC_pass4_public_Crab.yaml"))
    spectrum = LogParabola(amplitude=2.3e-13, reference=7.0, alpha=2.7, beta=0.1)
    members = {"crab": SkyModel(spectrum, Point(83.63, 22.02))}
    backgrounds = {f"{one.name}-bkg": FoVBackground(one.name) for one in datasets}
    models = Models.create(members | backgrounds)
    write(folder, datasets, models, Parameters.from_models(models).freeze("crab.spatial.*"))


def make_fermi(folder: Path, quick: bool) -> None:
    """Read the data of the third catalog of hard sources, with the models of the file."""
    from gjax.io import read_datasets, read_models

    root = data_folder("fermi-3fhl-crab")
    contents = read_models(root / "Fermi-LAT-3FHL_models.yaml")
    datasets = list(read_datasets(root / "Fermi-LAT-3FHL_datasets.yaml"))
    write(folder, datasets, contents.models, contents.parameters)


CASES = (
    fit_case(
        "hawc",
        "HAWC Crab, joint fit of 5 maps",
        make_hawc,
        peer_repeat=1,
        optional=True,
        floor="per evaluation the windows of a point source in 5 maps: 5 x 100 x 100 pixels",
        work=Work(read=3e6, flops=1e7),
    ),
    fit_case(
        "fermi",
        "Fermi-LAT 3FHL Crab, diffuse emission and a point source",
        make_fermi,
        peer_repeat=1,
        optional=True,
        floor="per evaluation the window of a point source and the folded diffuse emission",
        work=Work(read=2e6, flops=1e7),
    ),
)
