"""Sources that move during a fit: how far a step may lead, where responses no longer hold, loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.infer.covariance import Inverse, invert_hessian
from gjax.infer.objective import Objective
from gjax.infer.problem import Minimum, Status
from gjax.maps.wcs import WcsGeom
from gjax.model.sky import SkyModel
from gjax.numerics.sphere import separation
from gjax.parameters import Parameters

__all__ = [
    "choose_pinned",
    "find_negative",
    "find_shrunk",
    "find_unplaced",
    "has_drifted",
    "is_position",
    "is_size",
    "reach_in_degrees",
    "reach_of_steps",
]

#: A source that moved by more than this fraction of a response pixel is prepared again.
_MOVE = 0.0025

#: A source whose radius changed by more than this fraction is prepared again.
_RESIZE = 0.15

#: Sigmas below which a source is faint, and above which it has moved.
_FAINT = 3.0

#: Sigmas above which a source can be relied on to be where it is.
_STRONG = 20.0

#: How a search ends that led to no minimum.
_FAILED = (Status.MAX_EVALUATIONS, Status.STALLED, Status.NOT_CONVEX)

#: Pixels that a source may move in one step, besides its own radius.
_REACH = 10.0


def is_position(table: Parameters) -> np.ndarray:
    """Tell which free parameters are longitudes or latitudes of sources."""
    return np.array([table.keys[i][-1] in ("lon_0", "lat_0") for i in table.free], bool)


def is_size(table: Parameters) -> np.ndarray:
    """Tell which free parameters are sizes of sources: angles on the sky that are no positions."""
    names = ("lon_0", "lat_0", "phi")
    return np.array(
        [
            table.keys[i][1] == "spatial"
            and table.keys[i][-1] not in names
            and table.specs[i].unit == "deg"
            for i in table.free
        ],
        bool,
    )


def reach_of_steps(
    objective: Objective, table: Parameters, datasets: Sequence[AnyDataset]
) -> np.ndarray:
    """Give the largest step of each coordinate.

    An image changes in proportion to a shift only as long as the shift is small against the image:
    a faint source would be sent out of the map. It may move by ten pixels and its own radius.

    Returns
    -------
    reach :
        Infinite for all that is not a position, shape ``(free,)``.
    """
    keys = [table.keys[i] for i in table.free]
    reach = np.full(len(keys), np.inf)
    scale = np.asarray(objective.layout.scale)
    layout = jax.device_get(objective.layout)
    models = layout.models_at(layout.start)
    for j in np.flatnonzero(is_position(table)):
        spatial = getattr(models[keys[j][0]], "spatial", None)
        if spatial is None or not spatial.has_position:
            continue
        size = reach_in_degrees(spatial, datasets)
        latitude = float(np.squeeze(spatial.position[1]))
        reach[j] = size / (max(np.cos(np.radians(latitude)), 0.01) if keys[j][-1] == "lon_0" else 1)
    return reach / scale


def reach_in_degrees(spatial: Any, datasets: Sequence[AnyDataset]) -> float:
    """Give how far a source may move in one step, in deg: ten pixels and its own radius.

    The pixels are the largest of all maps; without a map there is no limit.
    """
    pixels = [
        float(np.min(dataset.geom.pixel_scale))
        for dataset in datasets
        if isinstance(dataset, Dataset) and isinstance(dataset.geom, WcsGeom)
    ]
    return _REACH * max(pixels) + float(np.squeeze(spatial.evaluation_radius)) if pixels else np.inf


def find_unplaced(
    inverse: Inverse, objective: Objective, table: Parameters, datasets: Sequence[AnyDataset]
) -> np.ndarray:
    """Tell which positions are known to no better than the reach of a step.

    Such a source is too faint to have a position: where it is found says more of the start than of
    the data, and there may be a better place.
    """
    errors = np.sqrt(np.abs(np.diag(inverse.covariance)))
    return is_position(table) & (errors > reach_of_steps(objective, table, datasets))


def find_negative(inverse: Inverse, minimum: Minimum, table: Parameters) -> np.ndarray:
    """Tell which amplitudes of sources that can move are negative by more than three sigma.

    Such a source takes back what others have too much. It may be a minimum, hardly the lowest.
    """
    keys = [table.keys[i] for i in table.free]
    movable = {key[0] for key, move in zip(keys, is_position(table), strict=True) if move}
    amplitudes = np.array([k[-1] == "amplitude" and k[0] in movable for k in keys], bool)
    errors = np.sqrt(np.abs(np.diag(inverse.covariance)))
    return amplitudes & (minimum.theta < -_FAINT * errors)


def find_shrunk(
    inverse: Inverse, minimum: Minimum, start: Parameters, table: Parameters
) -> np.ndarray:
    """Tell which sizes ended on their lower bound, of sources of less than 20 sigma.

    Such a source may fill a gap between others that describe what it should.
    """
    keys, free = [table.keys[i] for i in table.free], list(table.free)
    errors = np.sqrt(np.abs(np.diag(inverse.covariance)))
    weak = {
        key[0]
        for key, value, error in zip(keys, minimum.theta, errors, strict=True)
        if key[-1] == "amplitude" and abs(value) < _STRONG * error
    }
    # Not held there: the image is even in its size, and has no slope where that is zero.
    least = table.values[free] <= table.minimum[free]
    shrunk = is_size(table) & least & (start.values[free] > table.minimum[free])
    return shrunk & np.array([key[0] in weak for key in keys], bool)


def has_drifted(before: Any, after: Any, datasets: Sequence[AnyDataset]) -> bool:
    """Tell whether a source left the place, or outgrew the size, for which it was prepared."""
    pixels = [
        float(np.min(dataset.psf.geom.pixel_scale))
        for dataset in datasets
        if isinstance(dataset, Dataset)
        and dataset.psf is not None
        and isinstance(dataset.psf.geom, WcsGeom)
    ]
    for old, new in zip(before.members, after.members, strict=True):
        if not isinstance(new, SkyModel) or new.spatial is None or old.spatial is None:
            continue
        if not new.spatial.has_position:
            continue
        here, there = old.spatial.position, new.spatial.position
        moved = float(separation(here[0], here[1], there[0], there[1]))
        if pixels and moved > _MOVE * min(pixels):
            return True
        was, now = (float(np.squeeze(s.evaluation_radius)) for s in (old.spatial, new.spatial))
        if abs(now - was) > _RESIZE * max(was, 1e-3):
            return True
    return False


def choose_pinned(
    objective: Objective,
    minimum: Minimum,
    start: Parameters,
    table: Parameters,
    datasets: Sequence[AnyDataset],
) -> np.ndarray:
    """Choose what has to stay in a second try, until the rest is fitted.

    The positions of sources that moved away from their start and shine no more, are too faint to be
    placed, or out of sight of the data; and where the search led to no minimum, positions and
    shapes of all.

    Parameters
    ----------
    objective, minimum :
        Where a search ended.
    start, table :
        The parameters at its start and at its end.
    datasets :
        The data.

    Returns
    -------
    pinned :
        Mask of the free parameters; none where a second try is not called for.
    """
    free = np.array(table.free, int)
    places, keys = is_position(table), [table.keys[i] for i in table.free]
    change = np.abs(table.values - start.values)[free]
    if minimum.status is Status.LEFT:
        return places & minimum.without_effect & (change > 0)
    if minimum.status is Status.CONVERGED:
        inverse = invert_hessian(minimum.hessian, minimum.held | minimum.without_effect)
        scale = np.asarray(objective.layout.scale)
        errors = np.sqrt(np.abs(np.diag(inverse.covariance))) * scale
        faint = np.abs(table.values[free]) < _FAINT * errors
        dark = {key[0] for key, f in zip(keys, faint, strict=True) if key[-1] == "amplitude" and f}
        gone = {k[0] for k, m in zip(keys, places & (change > _FAINT * errors), strict=True) if m}
        lost = find_unplaced(inverse, objective, table, datasets)
        return lost | places & np.array([key[0] in gone & dark for key in keys], bool)
    spatial = np.array(["spatial" in key[1:-1] for key in keys], bool)
    return spatial if minimum.status in _FAILED and not spatial.all() else np.zeros_like(spatial)
