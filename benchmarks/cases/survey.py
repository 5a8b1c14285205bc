"""A field of a survey: many sources of two kinds, many observations, simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Goal, fit_case
from benchmarks.floor import Work
from benchmarks.inputs import simulated_maps, write

__all__ = ["CASES"]


def models(n_sources: int, pointings: list[tuple[float, float]]) -> Any:
    """Scatter sources over the field, and give each observation a background model.

    A source is for the observations that see it, as one writes it for Gammapy.
    """
    from gjax.model import FoVBackground, Models, SkyModel
    from gjax.model.spatial import Gaussian, Point
    from gjax.model.spectral import PowerLaw

    rng = np.random.default_rng(1)
    names = [f"obs-{i + 1}" for i in range(len(pointings))]
    members: dict[str, Any] = {}
    for i in range(n_sources):
        near = pointings[i % len(pointings)]
        lon, lat = near[0] + rng.uniform(-1, 1), near[1] + rng.uniform(-1, 1)
        seen = [
            name
            for name, (x, y) in zip(names, pointings, strict=True)
            if np.hypot((lon - x) * np.cos(np.radians(lat)), lat - y) < 2.0
        ]
        spectrum = PowerLaw(
            index=rng.uniform(2.0, 2.6), amplitude=rng.uniform(2e-12, 1e-11), reference=1.0
        )
        shape = Gaussian(lon, lat, rng.uniform(0.1, 0.2)) if i % 5 == 0 else Point(lon, lat)
        members[f"source-{i}"] = SkyModel(spectrum, shape, datasets_names=tuple(seen))
    return Models.create(members | {f"{name}-bkg": FoVBackground(name) for name in names})


def make(folder: Path, quick: bool) -> None:
    """Simulate the field."""
    from gjax.parameters import Parameters

    n_sources, n_observations, npix = (6, 3, 50) if quick else (100, 50, 125)
    pointings = [(270.0 + 1.2 * (i // 5), -30.0 + 1.2 * (i % 5)) for i in range(n_observations)]
    every = models(n_sources, pointings)
    table = Parameters.from_models(every).freeze("*.lon_0", "*.lat_0", "*.reference")
    if n_sources > 4:
        table = table.freeze("*.sigma")
    write(folder, simulated_maps(every, pointings, npix=npix), every, table)


CASES = (
    fit_case(
        "survey",
        "survey field: 100 sources, 50 observations, spectra and backgrounds free",
        make,
        check=None,
        peer="evaluate_start",
        repeat=3,
        peer_repeat=3,
        goals=(Goal("compile below 20 s", "compile_s", 20.0),),
        optional=True,
        floor="per evaluation the templates of 100 sources, each in about 10 observations, are "
        "read once: 1000 windows of 48 x 48 pixels in 10 energies",
        work=Work(read=1.9e8, flops=4e8),
    ),
)
