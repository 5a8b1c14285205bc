r"""The models that act in one dataset, gathered and made one expression per source.

What a source sends into a true energy bin is its spectrum, averaged over the time of the
observation and changed by the modifiers of the instrument; where on the sky it appears is the
business of `gjax.predict.source`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.parameters import Layout
from gjax.predict.group import stack_trees
from gjax.typing import Array, ArrayLike, Theta

__all__ = [
    "Background",
    "Components",
    "Emission",
    "Intervals",
    "Members",
    "components",
    "components_at",
    "gather",
]


class Intervals(eqx.Module):
    """Good time intervals; those of no length are padding.

    Parameters
    ----------
    start, stop :
        In s since the reference, shape ``(interval,)``.
    reference :
        MJD (TT).
    """

    start: ArrayLike
    stop: ArrayLike
    reference: float = eqx.field(static=True)


class Emission(eqx.Module):
    """The photons of a source as one instrument sees them.

    Parameters
    ----------
    spectral :
        The spectrum.
    temporal :
        The light curve, or None.
    modifiers :
        What changes the instrument's response.
    """

    spectral: Any
    temporal: Any
    modifiers: tuple[Any, ...]

    def flux(self, low: ArrayLike, high: ArrayLike, intervals: Intervals | None) -> Array:
        """Integrate over true energy bins between ``low`` and ``high`` in TeV: cm-2 s-1 per bin."""
        low, high = jnp.asarray(low), jnp.asarray(high)
        flux = self.spectral.integral(self._unscaled(low), self._unscaled(high))
        return flux * self._factor(jnp.sqrt(low * high), intervals)

    def dnde(self, energy: ArrayLike, intervals: Intervals | None) -> Array:
        """Evaluate the spectrum that the instrument would publish, in cm-2 s-1 TeV-1."""
        energy = jnp.asarray(energy)
        factor = self._factor(energy, intervals)
        if all(modifier.energy is None for modifier in self.modifiers):
            return self.spectral(energy) * factor
        seen, slope = jax.jvp(self._unscaled, (energy,), (jnp.ones_like(energy),))
        return self.spectral(seen) * slope * factor

    def _unscaled(self, energy: Array) -> Array:
        """Give the true energies that the instrument takes for the given ones."""
        seen = energy
        for modifier in self.modifiers:
            if modifier.energy is not None:
                seen = seen / modifier.energy(energy)
        return seen

    def _factor(self, energy: Array, intervals: Intervals | None) -> Array:
        factor = jnp.ones_like(energy)
        for modifier in self.modifiers:
            if modifier.aeff is not None:
                factor = factor * modifier.aeff(energy)
        if self.temporal is not None and intervals is not None:
            mean = self.temporal.mean(intervals.start, intervals.stop, intervals.reference)
            factor = factor * mean
        return factor


class Background(eqx.Module):
    """The factor on one background of a dataset.

    Parameters
    ----------
    spectral :
        Norm spectrum of its model, or None.
    spatial :
        Factor on the sky of its model, if it can change; else None.
    modifiers :
        What changes the instrument's response.
    """

    spectral: Any
    spatial: Any
    modifiers: tuple[Any, ...]

    def factor(self, energy: ArrayLike) -> Array:
        """Evaluate at the centres of the reconstructed energy bins."""
        energy = jnp.asarray(energy)
        factor = jnp.ones_like(energy) if self.spectral is None else self.spectral(energy)
        for modifier in self.modifiers:
            if modifier.background is not None:
                factor = factor * modifier.background(energy)
        return factor

    def field(self, at: ArrayLike, energy: ArrayLike) -> Array:
        """Evaluate the factor on the sky, shape ``(1, y, x)`` or ``(ereco, y, x)``.

        Parameters
        ----------
        at :
            Longitude and latitude of the pixels in the frame of the model, shape ``(2, y, x)``.
        energy :
            Centres of the reconstructed energy bins, to which a factor may be different.
        """
        lon, lat = jnp.asarray(at)
        if not self.spatial.is_energy_dependent:
            return self.spatial(lon, lat)[None]
        return jax.vmap(lambda one: self.spatial(lon, lat, energy=one))(jnp.asarray(energy))


class Components(eqx.Module):
    """The physics that applies to one dataset (or a stack of them).

    Parameters
    ----------
    background :
        The factor on each background.
    sources :
        Per kind of source the stacked emissions and spatial models.
    """

    background: tuple[Background, ...]
    sources: tuple[tuple[Emission, Any], ...]


@dataclass(frozen=True)
class Members:
    """Which models act in a dataset, as positions among all models.

    Parameters
    ----------
    background :
        Of each background the position of its model; -1 without one.
    modifiers :
        Response modifiers.
    sources :
        Sources, per kind.
    fields :
        Of each background whether it has a factor on the sky that can change.
    moving :
        Per kind of sources, whether their morphology can change; all of them if empty.
    """

    background: tuple[int, ...]
    modifiers: tuple[int, ...]
    sources: tuple[tuple[int, ...], ...]
    fields: tuple[bool, ...] = ()
    moving: tuple[bool, ...] = ()


def gather(members: Members, models: Any) -> Components:
    """Gather the models of one dataset; those of one kind are stacked."""
    parts = models.members
    # To whom a modifier applies is settled, and must not keep equal structures apart.
    modifiers = tuple(dataclasses.replace(parts[i], datasets_names="*") for i in members.modifiers)
    moving = members.moving or (True,) * len(members.sources)
    sources = tuple(
        (
            stack_trees([Emission(parts[i].spectral, parts[i].temporal, modifiers) for i in kind]),
            stack_trees([parts[i].spatial for i in kind]) if moves else None,
        )
        for kind, moves in zip(members.sources, moving, strict=True)
    )
    background = tuple(
        Background(
            parts[i].spectral if i >= 0 else None, parts[i].spatial if changes else None, modifiers
        )
        for i, changes in zip(members.background, members.fields, strict=True)
    )
    return Components(background, sources)


def components(members: tuple[Members, ...], models: Any) -> Components:
    """Gather and stack the models of each dataset of a block.

    Datasets that see the same models share one expression.
    """
    found: dict[Members, Components] = {}
    for one in members:
        if one not in found:
            found[one] = gather(one, models)
    return stack_trees([found[one] for one in members])


def components_at(members: tuple[Members, ...], layout: Layout, theta: Theta) -> Components:
    """Gather and stack the models of each dataset of a block, at a point.

    What `components` gives for ``layout.models_at(theta)``. But every leaf is looked up among the
    values of the parameters at once, by an array of positions that is made on the host: the code
    does not grow with the number of models.
    """
    leaves, structure = jax.tree.flatten(layout.models)
    places: list[Any] = [np.asarray(-1)] * len(leaves)
    for position, leaf in enumerate(layout.leaves):
        places[leaf], leaves[leaf] = np.asarray(position), np.zeros(())
    where = components(members, jax.tree.unflatten(structure, places))
    others = components(members, jax.tree.unflatten(structure, leaves))
    frozen, values = jnp.asarray(layout.values), jnp.asarray(layout.all_values(theta))
    varying = {*layout.free, *(position for position, _, _ in layout.links)}

    def look_up(places: Any, other: Any) -> Any:
        positions = np.asarray(places)
        if (positions < 0).any():
            return other
        # As in `Layout.models_at`, what is frozen carries no derivative.
        source = values if varying & set(positions.ravel().tolist()) else frozen
        return source.at[positions].get(mode="promise_in_bounds")

    return jax.tree.map(look_up, where, others)
