"""The event sampler: an observation with events drawn from models and the background rate.

Its parts are the morphology (`gjax.simulate.morphology`), the instrument (`gjax.simulate.response`)
and the background (`gjax.simulate.background`). Binned simulations are in `gjax.simulate.counts`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from gjax.events.event_list import EventList
from gjax.events.observation import Observation
from gjax.maps.frames import convert
from gjax.model.background import FoVBackground
from gjax.model.models import Model, Models
from gjax.model.sky import SkyModel
from gjax.numerics.quadrature import segments_loglog
from gjax.numerics.sphere import separation
from gjax.simulate.background import draw_background
from gjax.simulate.draw import draw_log_cells
from gjax.simulate.morphology import draw_directions
from gjax.simulate.response import blur_directions, disperse_energies
from gjax.simulate.times import draw_even_times, draw_times, mean_factor

__all__ = ["simulate_events"]

# Nodes of true energy per decade: a power law in between is right to 1e-5 for any smooth spectrum.
_NODES_PER_DECADE = 200


def simulate_events(
    observation: Observation,
    models: Models | Mapping[str, Model] | None,
    seed: int | np.random.Generator,
    *,
    dataset: str | None = None,
) -> Observation:
    r"""Fill an observation with simulated events.

    The number of photons of a source with spectrum :math:`\Phi` and morphology :math:`S` is Poisson
    with the expectation

    .. math:: T \int \Phi(E)\,S(\Omega)\,A(E, \theta(\Omega))\,dE\,d\Omega

    with the live time :math:`T` and the effective area :math:`A` at the offset :math:`\theta`,
    times the mean of the light curve over good time if the source varies. It is reached by
    thinning: photons are drawn for the largest area at each energy, and kept with probability
    :math:`A(E, \theta) / A_\mathrm{max}(E)`, which needs no integral over the morphology. Their
    directions are then blurred and their energies dispersed. Background events come from the
    background rate. Times are drawn from the light curve within the good time, evenly where there
    is none, and events are in order of time.

    Parameters
    ----------
    observation :
        The observation; needs an effective area if there are sources. Without point spread function
        or energy dispersion, directions or energies are exact. Events that it has are replaced.
    models :
        Sources, and background models for the field of view, by name; None for background alone.
    seed :
        Seed or generator. The same seed and models give the same events; one more model at the end
        changes nothing in what is drawn for the others.
    dataset :
        Models that are for certain datasets apply if they are for this one; ``obs-<obs_id>`` by
        default.

    Returns
    -------
    observation :
        The same observation with ``events``.

    Raises
    ------
    ValueError
        If the pointing drifts, a source has no morphology, a light curve is negative, or a response
        that is needed is missing or not supported.
    """
    if observation.pointing.mode != "POINTING":
        raise ValueError(
            f"observation {observation.obs_id} is in mode {observation.pointing.mode}: simulating "
            f"events needs a fixed pointing"
        )
    members = dict(Models.create({} if models is None else models).items())
    name = dataset or f"obs-{observation.obs_id}"
    streams = np.random.default_rng(seed).spawn(2 + len(members))
    background, parts, times = None, [], []
    for (label, model), stream in zip(members.items(), streams[2:], strict=True):
        if not model.applies_to(name):
            continue
        if isinstance(model, FoVBackground):
            background = model
        elif not isinstance(model, SkyModel):
            raise ValueError(f"{label!r}: events of a {type(model).__name__} cannot be simulated")
        else:
            parts.append(_draw_source(observation, label, model, stream))
            times.append(_draw_source_times(observation, model, parts[-1][0].size, stream))
    parts.insert(0, draw_background(observation, background, streams[0]))
    times.insert(0, None)
    energy, lon, lat = (np.concatenate(column) for column in zip(*parts, strict=True))
    time = _together(observation, [part[0].size for part in parts], times, streams[1])
    order = np.argsort(time, kind="stable")
    events = EventList(
        energy=energy[order],
        lon=lon[order],
        lat=lat[order],
        time=time[order],
        event_id=np.arange(1, energy.size + 1),
        reference=observation.gti.reference,
    )
    return dataclasses.replace(observation, events=events)


def _draw_source(
    observation: Observation, name: str, source: SkyModel, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw reconstructed energies and directions of one source."""
    if source.spatial is None:
        raise ValueError(f"source {name!r} has no morphology: give it a spatial model")
    energy, lon, lat, offset = _draw_photons(observation, name, source, rng)
    known = np.ones(energy.size, bool)
    reconstructed = energy
    if observation.edisp is not None and energy.size:
        reconstructed, has_edisp = disperse_energies(observation.edisp, energy, offset, rng)
        known &= has_edisp
    if observation.psf is not None and energy.size:
        lon, lat, has_psf = blur_directions(observation.psf, energy, offset, lon, lat, rng)
        known &= has_psf
    return reconstructed[known], lon[known], lat[known]


def _draw_photons(
    observation: Observation, name: str, source: SkyModel, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw true energies, directions and offsets of the photons that the instrument records."""
    aeff, spatial = observation.aeff, source.spatial
    if aeff is None or spatial is None:
        raise ValueError(f"observation {observation.obs_id} has no effective area")
    low, high = aeff.table.axis("energy_true").edges[[0, -1]]
    count = int(np.ceil(_NODES_PER_DECADE * np.log10(high / low)))
    nodes = np.clip(np.geomspace(low, high, count + 1), low, high)
    try:
        mean = mean_factor(source.temporal, observation.gti)
    except ValueError as error:
        raise ValueError(f"source {name!r}: {error}") from None
    flux = np.asarray(source.spectral(nodes), float) * mean
    if not (np.isfinite(flux).all() and (flux >= 0).all()):
        raise ValueError(f"the spectrum of {name!r} is negative or not finite between its energies")
    largest = _largest_area(observation, spatial, nodes)
    rate = flux * largest
    drawn = rng.poisson(segments_loglog(nodes, rate).sum() * observation.livetime)
    energy = draw_log_cells(nodes, rate, drawn, rng)
    lon, lat = draw_directions(spatial, drawn, rng)
    pointing = observation.pointing
    offset = np.asarray(separation(pointing.lon, pointing.lat, lon, lat))
    area = aeff.evaluate(energy, offset)
    # What was drawn for is a power law between nodes. The area may exceed it by 2e-4 on the way.
    envelope = np.exp(np.interp(np.log(energy), np.log(nodes), np.log(np.maximum(largest, 1e-300))))
    kept = rng.random(drawn) * envelope < area
    return energy[kept], lon[kept], lat[kept], offset[kept]


def _largest_area(observation: Observation, spatial: Any, energy: np.ndarray) -> np.ndarray:
    """Give the largest effective area that a source sees, at each energy."""
    aeff, pointing = observation.aeff, observation.pointing
    assert aeff is not None
    lon_0, lat_0 = (float(value) for value in spatial.position)
    center = convert(lon_0, lat_0, spatial.frame, "icrs")
    distance = float(separation(pointing.lon, pointing.lat, *center))
    radius = 0.0 if spatial.is_point else float(spatial.evaluation_radius)
    reach = max(distance - radius, 0.0), distance + radius
    axis = aeff.table.axis("offset")
    # A piecewise linear function is largest at a node or at an end of the range.
    offsets = np.concatenate([axis.center, axis.edges[[0, -1]]])
    offsets = np.concatenate([offsets[(offsets >= reach[0]) & (offsets <= reach[1])], reach])
    return aeff.evaluate(energy[:, None], offsets).max(axis=1)


def _draw_source_times(
    observation: Observation, source: SkyModel, count: int, rng: np.random.Generator
) -> np.ndarray | None:
    """Draw the arrival times of a source; None if it does not vary."""
    if source.temporal is None or count == 0:
        return None
    return draw_times(source.temporal, observation.gti, count, rng)


def _together(
    observation: Observation,
    sizes: list[int],
    times: list[np.ndarray | None],
    rng: np.random.Generator,
) -> np.ndarray:
    """Put the times of all parts one behind the other; those that do not vary get even ones."""
    even = draw_even_times(
        observation.gti,
        sum(size for size, own in zip(sizes, times, strict=True) if own is None),
        rng,
    )
    found, used = [], 0
    for size, own in zip(sizes, times, strict=True):
        if own is None:
            found.append(even[used : used + size])
            used += size
        else:
            found.append(own)
    return np.concatenate(found)
