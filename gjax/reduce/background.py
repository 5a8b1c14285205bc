"""Background counts on the sky, and their scaling to the counts outside of sources.

Lives here: solid angle, time, the rotation of the field, and the scaling. Does not live here: the
rate in the field of view (`gjax.irf.background`) and its coordinates (`gjax.reduce.field`).
"""

from __future__ import annotations

import dataclasses
import logging

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.events.observation import Observation
from gjax.irf.background import Background2D, detector_lon, interpolate_missing, pad_offset
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.reduce.exposure import pixel_offsets, require
from gjax.reduce.field import celestial_field, horizontal_field, rotation_times

__all__ = ["background_cube", "exclusion_on", "fov_norm", "scale_fov_background"]

log = logging.getLogger(__name__)


def background_cube(
    observation: Observation,
    geom: WcsGeom | RegionGeom,
    energy: MapAxis,
    *,
    rotation_step: float = 1.0,
) -> np.ndarray:
    r"""Predict the background counts of an observation.

    .. math:: B_{ep} = t\,\Omega_p \int_e b(E, \vec\theta_p)\,dE

    with the good time t (dead time included, as the rate is defined), the solid angle of the pixel
    and the rate at its centre; within an energy bin the rate is a power law between its edges.
    Missing cells of the table are first filled along energy, and a rate tabulated in offset goes on
    flat beyond its outer bins. A rate aligned with the horizon is averaged over the rotation of the
    field, interval by interval.

    Parameters
    ----------
    observation :
        Where background rate, pointing and good time come from.
    geom :
        Sky geometry.
    energy :
        Axis of reconstructed energy.
    rotation_step :
        Largest rotation of the field between two evaluations in deg.

    Returns
    -------
    Counts, shape ``(ereco, y, x)``; zero in pixels outside the projection.

    Raises
    ------
    ValueError
        If the observation has no background, drifts, or its place on Earth is needed and unknown.
    """
    rate = require(observation.bkg, observation, "background")
    if observation.pointing.mode == "DRIFT":
        raise ValueError(
            f"observation {observation.obs_id}: a background map needs a fixed pointing"
        )
    rate = interpolate_missing(rate)
    edges = energy.edges
    if isinstance(rate, Background2D):
        offset = pixel_offsets(observation, geom)
        # Only the offset counts: any direction will do.
        counts = pad_offset(rate).integrate(edges, np.zeros(()), np.minimum(offset, 90.0))
        counts *= observation.ontime
    elif rate.fov_alignment != "ALTAZ":
        lon, lat = celestial_field(observation, geom)
        counts = rate.integrate(edges, detector_lon(rate, lon), lat) * observation.ontime
    else:
        counts = np.zeros((energy.nbin, *geom.shape))
        lon, lat = celestial_field(observation, geom)
        for start, stop in zip(observation.gti.start, observation.gti.stop, strict=True):
            times = rotation_times(observation, float(start), float(stop), rotation_step)
            weights = np.zeros(len(times))
            weights[:-1] += np.diff(times) / 2
            weights[1:] += np.diff(times) / 2
            for time, weight in zip(times, weights, strict=True):
                azimuthal, vertical = horizontal_field(observation, time, lon, lat)
                counts += weight * rate.integrate(edges, detector_lon(rate, azimuthal), vertical)
    return np.nan_to_num(counts * geom.solid_angle())


def exclusion_on(geom: WcsGeom | RegionGeom, exclusion_mask: Map | None) -> np.ndarray:
    """Look an exclusion mask up at the pixel centres of a geometry, shape ``(y, x)``.

    True where there is no source. Pixels outside the mask count as excluded, since nothing is known
    of them; without a mask nothing is excluded.

    Raises
    ------
    ValueError
        If the mask has an energy axis along which it varies.
    """
    if exclusion_mask is None:
        return np.ones(geom.shape, bool)
    other = exclusion_mask.geom
    ix, iy = other.coord_to_idx(*geom.coords_in(other.frame))
    inside = (ix >= 0) & (iy >= 0)
    data = np.asarray(exclusion_mask.data)
    planes = np.nan_to_num(data.reshape(-1, *data.shape[-2:])).astype(bool)
    image = planes[0]
    if (planes != image).any():
        raise ValueError("an exclusion mask that depends on energy is not supported")
    return image[np.where(inside, iy, 0), np.where(inside, ix, 0)] & inside


def fov_norm(dataset: Dataset, exclusion_mask: Map | None = None) -> tuple[float, float, float]:
    """Compare counts and background in the safe bins outside the exclusion mask.

    Returns
    -------
    norm, counts, background :
        The ratio (NaN or infinite if there is no background) and the two sums.
    """
    if dataset.counts is None or dataset.background is None:
        raise ValueError(f"dataset {dataset.name!r} has no counts or no background to scale")
    mask = dataset.mask & exclusion_on(dataset.geom, exclusion_mask)
    background = np.asarray(dataset.background)
    mask &= ~np.isnan(background)
    counts = float(np.asarray(dataset.counts)[mask].sum())
    predicted = float(background[mask].sum())
    norm = counts / predicted if predicted else (np.inf if counts else np.nan)
    return norm, counts, predicted


def scale_fov_background(
    dataset: Dataset,
    exclusion_mask: Map | None = None,
    *,
    method: str = "scale",
    min_counts: float = 0.0,
    min_npred_background: float = 0.0,
) -> Dataset:
    """Scale the background so that it matches the counts outside of sources.

    The norm is the ratio of counts and background summed over the safe bins outside the exclusion
    mask, which is also what a fit of the norm alone gives. Where that is impossible no bin is safe
    any more, and a warning names the dataset.

    Parameters
    ----------
    dataset :
        The reduced observation.
    exclusion_mask :
        An image, true where there is no source (see `exclusion_on`).
    method :
        ``"scale"`` or ``"fit"``; both give the same.
    min_counts, min_npred_background :
        Counts and background outside the exclusion mask must exceed these.

    Raises
    ------
    ValueError
        If there is no background, or the method is unknown.
    """
    if method not in ("scale", "fit"):
        raise ValueError(f"unknown method {method!r} to scale the background: scale or fit")
    norm, counts, background = fov_norm(dataset, exclusion_mask)
    problem = None
    if not np.isfinite(norm):
        problem = "there is no background outside the exclusion mask"
    elif background <= min_npred_background:
        problem = f"only {background:g} background counts outside the exclusion mask"
    elif counts <= min_counts:
        problem = f"only {counts:g} counts outside the exclusion mask"
    if problem:
        log.warning("background of %s not scaled, no bin is safe: %s", dataset.name, problem)
        return dataclasses.replace(dataset, mask_safe=np.zeros(dataset.shape, bool))
    log.info("background of %s scaled by %.4f", dataset.name, norm)
    return dataclasses.replace(dataset, background=np.asarray(dataset.background) * norm)
