"""The pictures of a run: which are drawn, of what, and under which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gjax.cli.products import Products, file_name
from gjax.cli.rows import background_counts, predicted_background
from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.estimate import FluxPoints
from gjax.infer.result import FitResult
from gjax.maps.frames import convert
from gjax.maps.wcs import WcsGeom
from gjax.model import SkyModel
from gjax.plot import (
    plot_corner,
    plot_counts_spectrum,
    plot_dataset,
    plot_flux_points,
    plot_onoff_spectrum,
    plot_spectrum,
    save,
)

__all__ = ["draw_corner", "draw_datasets", "draw_spectra", "energy_range", "source_positions"]


def source_positions(fit: FitResult) -> dict[str, tuple[float, float]]:
    """Give the ICRS position in deg of each source that has one."""
    found = {}
    for name, model in fit.models.items():
        if isinstance(model, SkyModel) and model.spatial is not None:
            lon, lat = (float(value) for value in model.spatial.position)
            lon, lat = convert(lon, lat, model.spatial.frame, "icrs")
            found[name] = (float(lon), float(lat))
    return found


def energy_range(datasets: Sequence[AnyDataset]) -> tuple[float, float]:
    """Give the ends in TeV of the energies that take part in the fit."""
    ends: list[float] = []
    for dataset in datasets:
        if isinstance(dataset, Dataset):
            used = np.flatnonzero(dataset.mask.any(axis=(1, 2)))
            edges = dataset.energy.edges
            ends += [*edges[used], *edges[used + 1]]
        else:
            ends += list(np.asarray(dataset.energy)[np.asarray(dataset.mask, bool)])
    return float(min(ends)), float(max(ends))


def draw_datasets(
    products: Products, datasets: Sequence[AnyDataset], npred: Sequence[np.ndarray], fit: FitResult
) -> Iterator[str]:
    """Draw the maps and the counts spectrum of each dataset; yield its name when done.

    Of on/off data the spectrum shows counts on and off the source and the excess. Flux points are
    drawn with the spectra of the sources.
    """
    positions = source_positions(fit)
    for dataset, prediction in zip(datasets, npred, strict=True):
        if not isinstance(dataset, Dataset) or not dataset.mask.any():
            continue
        name = file_name(dataset.name)
        if not dataset.is_region:
            total = prediction
            if dataset.is_onoff:
                total = prediction + predicted_background(dataset, prediction, fit.models)
            _draw_maps(products.path("pictures", f"maps-{name}.png"), dataset, total, positions)
        if dataset.is_onoff:
            figure = plot_onoff_spectrum(dataset, prediction)
        else:
            background = background_counts(dataset, fit.models)
            parts = {} if background is None else {"Background": background}
            figure = plot_counts_spectrum(dataset, prediction, components=parts)
        save(figure, products.path("pictures", f"counts-{name}.png"))
        yield dataset.name


def _draw_maps(
    path: Path,
    dataset: Dataset,
    prediction: np.ndarray,
    positions: Mapping[str, tuple[float, float]],
) -> None:
    """Draw counts, prediction and residuals of a map."""
    inside = {
        source: position
        for source, position in positions.items()
        if isinstance(dataset.geom, WcsGeom) and _is_inside(dataset.geom, position)
    }
    save(plot_dataset(dataset, prediction, positions=inside), path)


def _is_inside(geom: WcsGeom, position: tuple[float, float]) -> bool:
    lon, lat = convert(*position, "icrs", geom.frame)
    return min(int(index) for index in geom.coord_to_idx(lon, lat)) >= 0


def draw_spectra(
    products: Products,
    datasets: Sequence[AnyDataset],
    fit: FitResult,
    points: FluxPoints | None = None,
) -> Iterator[str]:
    """Draw the spectrum of each source with band and flux points; yield its name when done."""
    bounds = energy_range(datasets)
    keys = fit.parameters.keys
    for name, model in fit.models.items():
        if not isinstance(model, SkyModel):
            continue
        rows = [i for i, key in enumerate(keys) if key[:2] == (name, "spectral")]
        covariance = fit.covariance[np.ix_(rows, rows)]
        ax = plot_spectrum(
            model.spectral,
            bounds,
            covariance=covariance if np.isfinite(covariance).all() else None,
            names=[keys[i][2:] for i in rows],
            label=name,
        )
        if points is not None and points.source == name:
            plot_flux_points(points, ax, label="flux points")
        save(ax, products.path("pictures", f"spectrum-{file_name(name)}.png"))
        yield name


def draw_corner(
    products: Products, samples: Mapping[str, Any], truths: Mapping[str, float] | None = None
) -> None:
    """Draw the posterior of the free parameters in pairs."""
    labels = {name: name.replace(".", "\n", 1) for name in samples}
    figure = plot_corner(samples, truths=truths, labels=labels)
    save(figure, products.path("pictures", "corner.png"))
