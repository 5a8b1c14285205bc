"""Sources that a fit cannot change, or only in their spectrum: folded once.

A source with a frozen morphology becomes an image; one without any free parameter becomes counts.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np

from gjax.predict.fold import PreparedDataset, padded_shape, padding, source_flux, source_window
from gjax.predict.physics import Emission
from gjax.predict.reco import RecoSource
from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import AbstractSource, FixedSource, Stay, tidy

__all__ = ["constant_counts", "fixed_source"]


@jax.jit
def _image(source: AbstractSource, spatial: Any, grid: SkyGrid) -> Any:
    start = source.start(spatial, np.shape(grid.solid_angle))
    return source.image(spatial, grid, start), start


def fixed_source(
    source: AbstractSource, spatial: Any, grid: SkyGrid, is_exposed: bool
) -> AbstractSource:
    """Compute the image of a source whose morphology cannot change.

    Parameters
    ----------
    grid :
        Directions of the padded map.
    is_exposed :
        Whether the exposure applies; else the spectrum gives counts.
    """
    if isinstance(source, FixedSource):
        same = source.is_exposed == is_exposed
        return source if same else dataclasses.replace(source, is_exposed=is_exposed)
    image, (row, column) = jax.device_get(_image(source, spatial, grid))
    fixed = FixedSource(
        edisp=source.edisp,
        template=tidy(image),
        place=Stay(row, column),
        window=source.window,
        is_exposed=is_exposed,
    )
    if not isinstance(source, RecoSource):
        return fixed
    return RecoSource(edisp=source.edisp, inner=fixed, place=fixed.place, window=fixed.window)


@jax.jit
def _counts(
    source: AbstractSource, emission: Emission, spatial: Any, frame: PreparedDataset
) -> Any:
    return source_window(source, frame, source_flux(frame, emission, 1.0), spatial)


def constant_counts(
    source: AbstractSource, emission: Emission, spatial: Any, frame: PreparedDataset
) -> np.ndarray:
    """Predict a source without any free parameter on the map, shape ``(ereco, y, x)``."""
    window = jax.device_get(_counts(source, emission, spatial, frame))
    row, column = int(window.row), int(window.column)
    n_energy, ny, nx = frame.mask.shape
    padded = np.zeros((n_energy, *padded_shape(frame)))
    height, width = source.window.shape
    padded[:, row : row + height, column : column + width] = window.counts
    pad = padding(frame)
    return padded[:, pad : pad + ny, pad : pad + nx]
