"""The table of a fit's choices: what is frozen or free, bounds, priors, links."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gjax.errors import UnknownNameError
from gjax.parameters.layout import Layout, make_layout
from gjax.parameters.spec import Key, ParameterSpec, parameter_leaves
from gjax.units import to_internal

__all__ = ["Link", "Parameters", "Prior", "fit_bounds"]


@dataclass(frozen=True)
class Link:
    """The value of a parameter as a function of other parameters.

    Parameters
    ----------
    targets :
        Keys of the parameters that it follows.
    function :
        Called with their values (internal units); None copies the single target.
    """

    targets: tuple[Key, ...]
    function: Callable[..., Any] | None = None


@dataclass(frozen=True, eq=False)
class Prior:
    """A probability density on one parameter, or a joint one on several.

    Parameters
    ----------
    keys :
        The parameters, in the order of the distribution's event.
    distribution :
        A `numpyro.distributions.Distribution` over the values in internal units.
    """

    keys: tuple[Key, ...]
    distribution: Any


@dataclass(frozen=True, eq=False)
class Parameters:
    """The parameters of a set of models, with the choices of a fit; immutable.

    Every method that changes something returns a new table. Parameters are named by their key (a
    tuple such as ``("crab", "spectral", "index")``) or by a glob pattern on the dotted text
    (``"crab.spectral.*"``); a pattern that matches nothing raises.

    Parameters
    ----------
    keys, specs :
        Key and declaration of each parameter, in the order of the models.
    values, minimum, maximum :
        Current value and bounds in internal units, shape ``(n,)``; infinite where unbounded.
    frozen :
        Whether each parameter is kept fixed.
    links :
        Parameters whose value follows others.
    priors :
        Prior densities.
    """

    keys: tuple[Key, ...]
    specs: tuple[ParameterSpec, ...]
    values: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    frozen: tuple[bool, ...]
    links: Mapping[Key, Link] = dataclasses.field(default_factory=dict)
    priors: tuple[Prior, ...] = ()

    @classmethod
    def from_models(cls, models: Any) -> Parameters:
        """Build the default table: what the model classes declare, at the models' values."""
        found = parameter_leaves(models)
        declared = tuple(spec for _, spec, _, _ in found)
        bound = [[s.min, s.max] for s in declared]
        bounds = np.array(
            [[-np.inf if lo is None else lo, np.inf if hi is None else hi] for lo, hi in bound],
            float,
        ).reshape(-1, 2)
        return cls(
            keys=tuple(key for key, _, _, _ in found),
            specs=declared,
            values=np.array([float(value) for _, _, value, _ in found]),
            minimum=bounds[:, 0],
            maximum=bounds[:, 1],
            frozen=tuple(spec.frozen for spec in declared),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Dotted text of each key, for display."""
        return tuple(".".join(key) for key in self.keys)

    @property
    def units(self) -> tuple[str, ...]:
        """Internal unit of each parameter."""
        return tuple(spec.unit for spec in self.specs)

    @property
    def free(self) -> tuple[int, ...]:
        """Positions of the parameters that a fit varies: neither frozen nor linked."""
        return tuple(
            i for i, key in enumerate(self.keys) if not self.frozen[i] and key not in self.links
        )

    def select(self, pattern: str | Key) -> tuple[int, ...]:
        """Find the positions of the parameters that a key or glob pattern names.

        Raises
        ------
        gjax.errors.UnknownNameError
            If nothing matches; the message lists all names.
        """
        if isinstance(pattern, tuple):
            found = tuple(i for i, key in enumerate(self.keys) if key == pattern)
        else:
            # An exact name wins, so that brackets in a source name need no escaping.
            found = tuple(i for i, name in enumerate(self.names) if name == pattern) or tuple(
                i for i, name in enumerate(self.names) if fnmatch.fnmatchcase(name, pattern)
            )
        if not found:
            known = ", ".join(self.names) or "none"
            raise UnknownNameError(f"no parameter matches {pattern!r}; there are: {known}")
        return found

    def freeze(self, *patterns: str | Key) -> Parameters:
        """Keep the matching parameters fixed."""
        return self._with_frozen(patterns, True)

    def thaw(self, *patterns: str | Key) -> Parameters:
        """Let the matching parameters vary."""
        return self._with_frozen(patterns, False)

    def bound(self, pattern: str | Key, min: Any = None, max: Any = None) -> Parameters:
        """Set the bounds of the matching parameters; None removes a bound.

        Raises
        ------
        ValueError
            If ``min`` is not below ``max``.
        """
        minimum, maximum = self.minimum.copy(), self.maximum.copy()
        for i in self.select(pattern):
            unit = self.specs[i].unit
            low = -np.inf if min is None else to_internal(min, unit, f"min of {self.names[i]}")
            high = np.inf if max is None else to_internal(max, unit, f"max of {self.names[i]}")
            if not low < high:
                raise ValueError(f"{self.names[i]}: min {low} is not below max {high}")
            minimum[i], maximum[i] = low, high
        return dataclasses.replace(self, minimum=minimum, maximum=maximum)

    def update(self, values: Mapping[str | Key, Any]) -> Parameters:
        """Set values by key or pattern; Quantities are converted."""
        new = self.values.copy()
        for pattern, value in values.items():
            for i in self.select(pattern):
                new[i] = to_internal(value, self.specs[i].unit, self.names[i])
        return dataclasses.replace(self, values=new)

    def prior(self, pattern: str | Key | list[Any], distribution: Any) -> Parameters:
        """Put a prior on each matching parameter; a list of names puts a joint prior on them.

        The distribution is over internal units. A second prior on the same parameters replaces the
        first. Where a density ends, as that of a uniform prior does, there is a bound for the fit.
        """
        if isinstance(pattern, (str, tuple)):
            groups = [(self.keys[i],) for i in self.select(pattern)]
        else:
            groups = [tuple(self.keys[i] for part in pattern for i in self.select(part))]
        kept = tuple(p for p in self.priors if p.keys not in groups)
        added = tuple(Prior(keys, distribution) for keys in groups)
        return dataclasses.replace(self, priors=kept + added)

    def link(
        self,
        pattern: str | Key,
        to: str | Key | list[Any],
        function: Callable[..., Any] | None = None,
    ) -> Parameters:
        """Let the matching parameters follow others: copies of one, or a function of several.

        Raises
        ------
        ValueError
            If a target is itself linked, a parameter would follow itself, or several targets come
            without a function.
        """
        patterns = [to] if isinstance(to, (str, tuple)) else list(to)
        targets = tuple(self.keys[i] for part in patterns for i in self.select(part))
        if function is None and len(targets) != 1:
            raise ValueError(f"a link to {len(targets)} parameters needs a function")
        links = dict(self.links)
        for i in self.select(pattern):
            links[self.keys[i]] = Link(targets, function)
        chained = [key for link in links.values() for key in link.targets if key in links]
        if chained:
            name = ".".join(chained[0])
            raise ValueError(f"cannot link to {name}: it is linked itself; link to its target")
        return dataclasses.replace(self, links=links)

    def layout(self, models: Any) -> Layout:
        """Compile the table into the map between free coordinates and ``models``."""
        position = {key: i for i, key in enumerate(self.keys)}
        return make_layout(
            models,
            keys=self.keys,
            specs=self.specs,
            values=self.values,
            bounds=fit_bounds(self),
            free=self.free,
            links=tuple(
                (position[key], tuple(position[t] for t in link.targets), link.function)
                for key, link in self.links.items()
            ),
            priors=tuple(prior.distribution for prior in self.priors),
            prior_indices=tuple(tuple(position[k] for k in p.keys) for p in self.priors),
        )

    def _with_frozen(self, patterns: tuple[str | Key, ...], value: bool) -> Parameters:
        chosen = {i for pattern in patterns for i in self.select(pattern)}
        frozen = tuple(value if i in chosen else old for i, old in enumerate(self.frozen))
        return dataclasses.replace(self, frozen=frozen)

    def __str__(self) -> str:
        width = max((len(name) for name in self.names), default=4)
        lines = [f"{'name':{width}}  {'value':>12} {'unit':16} {'min':>9} {'max':>9}  state"]
        for i, name in enumerate(self.names):
            link = self.links.get(self.keys[i])
            state = "frozen" if self.frozen[i] else "free"
            if link is not None:
                state = "linked to " + ", ".join(".".join(key) for key in link.targets)
            for prior in self.priors:
                if self.keys[i] in prior.keys:
                    state += f", prior {_describe(prior)}"
            lines.append(
                f"{name:{width}}  {self.values[i]:12.5g} {self.units[i]:16} "
                f"{self.minimum[i]:9.3g} {self.maximum[i]:9.3g}  {state}"
            )
        return "\n".join(lines)


def fit_bounds(parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Give the bounds of a fit: those of the table, cut to where the priors are defined.

    Returns
    -------
    minimum, maximum :
        Of all parameters, in internal units, shape ``(n,)``.

    Raises
    ------
    ValueError
        If nothing is left.
    """
    minimum, maximum = parameters.minimum.copy(), parameters.maximum.copy()
    for prior in parameters.priors:
        ends = _ends_of_support(prior.distribution, len(prior.keys))
        for key, low, high in zip(prior.keys, *ends, strict=True):
            i = parameters.keys.index(key)
            minimum[i], maximum[i] = max(minimum[i], low), min(maximum[i], high)
            if not minimum[i] < maximum[i]:
                raise ValueError(f"{parameters.names[i]}: nothing is within both bounds and prior")
    return minimum, maximum


def _describe(prior: Prior) -> str:
    """Write a prior as its class with its arguments, and how many parameters share it."""
    names = prior.distribution.arg_constraints
    values = [np.asarray(getattr(prior.distribution, name, np.nan)) for name in names]
    text = ", ".join(f"{value:g}" if value.ndim == 0 else "..." for value in values)
    shared = f" of {len(prior.keys)} parameters" if len(prior.keys) > 1 else ""
    return type(prior.distribution).__name__ + (f"({text})" if text else "") + shared


def _ends_of_support(distribution: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the ends of the interval on which a density of ``n`` parameters is defined."""
    support = distribution.support
    # A joint density may be a product: the interval is that of its factors.
    support = getattr(support, "base_constraint", support)
    low, high = (
        np.asarray(-limit if end is None else end, float)
        for end, limit in (
            (getattr(support, "lower_bound", None), np.inf),
            (getattr(support, "upper_bound", None), -np.inf),
        )
    )
    return np.broadcast_to(low, (n,)), np.broadcast_to(high, (n,))
