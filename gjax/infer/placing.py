r"""A new place for a source that a fit has lost: where it would raise the likelihood most.

Of two sources that overlap, one may grow until it describes both, and the other is left with next
to no flux: no small step leads out of there. What the model then leaves over still shows where a
source is missing. With the image :math:`s_i` of the source in bin :math:`i`, moved to a place and
as bright as at its start, counts :math:`n_i` and prediction :math:`\mu_i`, the score of its
amplitude and the expected information are

.. math:: U = \sum_i s_i (n_i / \mu_i - 1), \qquad I = \sum_i s_i^2 / \mu_i ,

and :math:`U^2 / I` is what the statistic would fall by. As functions of the place both are
correlations of images, found for all pixels at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.infer.moving import is_size, reach_in_degrees
from gjax.infer.objective import Objective, expand_from_host
from gjax.infer.problem import Minimum
from gjax.maps.frames import convert
from gjax.maps.wcs import WcsGeom
from gjax.model import Models
from gjax.numerics.sphere import separation
from gjax.parameters import Parameters
from gjax.predict import Folding, npred

__all__ = ["Place", "place_anew", "rank_sources"]

#: Sizes that are tried, in units of that at the start: what hides between others is small.
_SIZES = (1.0, 1.0 / 3.0)


class Place(NamedTuple):
    """A new place of a source.

    Parameters
    ----------
    table :
        The parameters with the source there.
    gain :
        What the statistic would fall by from where the source has no flux, to first order.
    """

    table: Parameters
    gain: float


def rank_sources(objective: Objective, minimum: Minimum, table: Parameters) -> list[str]:
    """Name the sources whose place and amplitude are free, those first that are good for least.

    Parameters
    ----------
    objective, minimum :
        Where a fit ended.
    table :
        Its parameters.

    Returns
    -------
    names :
        First the sources with a negative amplitude, which only takes back what others have too
        much; then by how much the statistic rises without them.
    """
    free = [table.keys[i] for i in table.free]
    found = []
    for j, key in enumerate(free):
        wanted = {(key[0], "spatial", "lon_0"), (key[0], "spatial", "lat_0")}
        if key[1:] == ("spectral", "amplitude") and wanted <= set(free):
            theta = np.array(minimum.theta)
            theta[j] = 0.0
            rise = float(expand_from_host(objective, theta).stat) - minimum.stat
            found.append((minimum.theta[j] >= 0, rise, key[0]))
    return [name for _, _, name in sorted(found)]


def place_anew(
    datasets: Sequence[AnyDataset],
    models: Any,
    start: Parameters,
    table: Parameters,
    name: str,
    folding: Folding | None = None,
) -> Place | None:
    """Put a source where it would raise the likelihood most.

    Its other parameters take their values from the start, save the amplitude, which is the most
    likely one there to first order; sizes that are free may be a third of that. Places are pixel
    centres within the reach of a step from the start (`gjax.infer.moving.reach_in_degrees`) and
    within the bounds.

    Parameters
    ----------
    datasets :
        The data; only maps of counts without off counts are looked at.
    models, table :
        Models and parameters where a fit ended, which give the prediction.
    start :
        The parameters at its start.
    name :
        The source.

    Returns
    -------
    place :
        None where nothing is missing.
    """
    maps = _maps(datasets, models[name])
    if not maps:
        return None
    own = np.array([key[0] == name for key in table.keys])
    values = np.where(own, start.values, table.values)
    amplitude = table.keys.index((name, "spectral", "amplitude"))
    others = _models_at(models, table, np.where(np.arange(values.size) == amplitude, 0.0, values))
    cubes = dict(zip([one.name for one in datasets], npred(datasets, others, folding), strict=True))
    predicted = [cubes[dataset.name] for dataset, _ in maps]
    room = reach_in_degrees(models[name].spatial, [dataset for dataset, _ in maps])
    best = None
    sizes = np.zeros(len(values), bool)
    sizes[list(table.free)] = is_size(table)
    for factor in _SIZES:
        scaled = np.where(own & sizes, factor * values, values)
        candidate = dataclasses.replace(table, values=scaled)
        found = _best_place(maps, predicted, models, candidate, name, room, folding)
        if found is not None and (best is None or found.gain > best.gain):
            best = found
    return best


def _best_place(
    maps: Sequence[tuple[Dataset, WcsGeom]],
    predicted: Sequence[np.ndarray],
    models: Any,
    table: Parameters,
    name: str,
    room: float,
    folding: Folding | None,
) -> Place | None:
    """Find the best place for a source of a given size and spectrum."""
    values = table.values.copy()
    at = [table.keys.index((name, "spatial", key)) for key in ("lon_0", "lat_0")]
    home_lon, home_lat = values[at]
    frame = models[name].spatial.frame
    looks = []
    for (dataset, geom), others in zip(maps, predicted, strict=True):
        middle = geom.pix_to_coord(geom.npix[0] // 2, geom.npix[1] // 2)
        lon, lat = convert(*middle, geom.frame, frame)
        values[at] = float(lon), float(lat)
        source = Models.create({name: _models_at(models, table, values)[name]})
        alone = dataclasses.replace(dataset, background=None)
        looks.append(_look(dataset, others, npred(alone, source, folding)))
    geoms = [geom for _, geom in maps]
    best, factor = 0.0, 0.0
    for geom in geoms:
        lon, lat = geom.coords_in(frame)
        lon = home_lon + np.remainder(lon - home_lon + 180.0, 360.0) - 180.0
        score, information = _together(geoms, looks, lon, lat, frame)
        near = separation(home_lon, home_lat, lon, lat) <= room
        allowed = near & (information > 0) & (score > 0)
        for i, coordinate in zip(at, (lon, lat), strict=True):
            allowed &= (table.minimum[i] <= coordinate) & (coordinate <= table.maximum[i])
        gain = np.where(allowed, score**2 / np.where(information > 0, information, 1.0), 0.0)
        peak = np.unravel_index(np.argmax(gain), gain.shape)
        if gain[peak] > best:
            best, factor = float(gain[peak]), score[peak] / information[peak]
            values[at] = lon[peak], lat[peak]
    if best == 0.0:
        return None
    values[table.keys.index((name, "spectral", "amplitude"))] *= factor
    return Place(dataclasses.replace(table, values=values), best)


class _Look(NamedTuple):
    """Score and information of the amplitude for a source at each pixel, shape ``(y, x)``."""

    score: np.ndarray
    information: np.ndarray


def _maps(datasets: Sequence[AnyDataset], source: Any) -> list[tuple[Dataset, WcsGeom]]:
    """List the maps of counts that a source is seen in, each with its pixels."""
    wanted = source.datasets_names
    return [
        (dataset, dataset.geom)
        for dataset in datasets
        if isinstance(dataset, Dataset)
        and isinstance(dataset.geom, WcsGeom)
        and dataset.counts is not None
        and not dataset.is_onoff
        and (wanted is None or dataset.name in wanted)
    ]


def _models_at(models: Any, table: Parameters, values: np.ndarray) -> Any:
    """Give the models at values of all parameters, on the host."""
    fixed = dataclasses.replace(table, values=values).freeze("*").layout(jax.device_get(models))
    return fixed.models_at(np.zeros(0))


def _look(dataset: Dataset, predicted: np.ndarray, image: np.ndarray) -> _Look:
    """Correlate what the model leaves over with the image of a source in the middle of the map."""
    used = dataset.mask & (predicted > 0)
    weight = used / np.where(used, predicted, 1.0)
    excess = np.asarray(dataset.counts) * weight - used
    return _Look(_correlate(excess, image), _correlate(weight, image**2))


def _correlate(cube: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Sum the product of a cube and an image, moved to each pixel, over all bins."""
    from scipy.signal import fftconvolve  # takes as long to import as JAX

    rows, columns = cube.shape[-2:]
    full = fftconvolve(cube, image[:, ::-1, ::-1], mode="full", axes=(-2, -1)).sum(axis=0)
    top, left = rows - 1 - rows // 2, columns - 1 - columns // 2
    return full[top : top + rows, left : left + columns]


def _together(
    geoms: Sequence[WcsGeom], looks: Sequence[_Look], lon: np.ndarray, lat: np.ndarray, frame: str
) -> _Look:
    """Add up the looks of several maps at positions; a map that does not show one adds nothing."""
    total = _Look(np.zeros(lon.shape), np.zeros(lon.shape))
    for geom, look in zip(geoms, looks, strict=True):
        x, y = geom.coord_to_idx(*convert(lon, lat, frame, geom.frame))
        seen = (x >= 0) & (y >= 0)
        for sums, part in zip(total, look, strict=True):
            sums[seen] += part[y[seen], x[seen]]
    return total
