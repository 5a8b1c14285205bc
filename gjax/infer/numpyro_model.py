"""The likelihood as an ordinary NumPyro model, to be used alone or inside a model of one's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro

from gjax.dataset.datasets import AnyDataset
from gjax.infer.numpyro_site import ScaledSite, scaled_support
from gjax.infer.objective import Objective, expand_from_host, make_objective
from gjax.parameters import Key, Layout, Parameters
from gjax.predict.options import Folding

__all__ = ["NumpyroModel", "numpyro_model"]


class NumpyroModel:
    """A NumPyro model of datasets: one site for each free parameter, and the likelihood.

    Sites have the dotted names of the parameters (``crab.spectral.index``); their values are in
    internal units. A parameter without a prior is flat between its bounds. Called inside a model of
    your own, it takes the parameters that you name there from you, for example drawn from a
    distribution that several sources share, and makes no site for them:

    .. code-block:: python

        crab = gjax.numpyro_model(dataset, models)

        def model(data):
            index = numpyro.sample("index", dist.Normal(2.3, 0.2))
            crab({"crab.spectral.index": index}, data=data)

        MCMC(NUTS(model), num_warmup=500, num_samples=500).run(key, crab.data)

    Samplers see each site in units of the width of the likelihood at the start, so that the
    defaults of NumPyro's samplers work.

    Parameters
    ----------
    data :
        The statistic of the data without priors.
    parameters :
        The table.
    sites :
        Each site of the model: the names of its parameters, and its distribution.
    prefix :
        Stands before the names of all sites.
    """

    def __init__(
        self,
        data: Objective,
        parameters: Parameters,
        sites: Sequence[tuple[tuple[str, ...], ScaledSite]],
        prefix: str = "",
    ) -> None:
        self.data = data
        self.parameters = parameters
        self.prefix = prefix
        self._sites = tuple(sites)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters, in the order of the table."""
        return tuple(self.parameters.names[i] for i in self.parameters.free)

    @property
    def start(self) -> dict[str, np.ndarray]:
        """Values of the table by name of the site, for `numpyro.infer.init_to_value`."""
        table = self.parameters
        return {self.prefix + table.names[i]: np.asarray(table.values[i]) for i in table.free}

    def __call__(
        self,
        values: Mapping[str | Key, Any] | None = None,
        *,
        data: Objective | None = None,
    ) -> dict[str, Any]:
        """Declare sites and likelihood.

        Parameters
        ----------
        values :
            Values of some free parameters in internal units, by name or key. They get no site, and
            no prior either: that is yours to give.
        data :
            `NumpyroModel.data` handed through the arguments of your model, so that it enters
            compiled code as arrays and not as constants. Needed for nothing but speed and memory.

        Returns
        -------
        values :
            All free parameters by name.

        Raises
        ------
        gjax.errors.UnknownNameError
            For a name that matches no parameter.
        ValueError
            For a parameter that is not free.
        """
        objective = self.data if data is None else data
        given = self._given(values or {})
        found = dict(given)
        for names, site in self._sites:
            if set(names) <= set(given):
                continue
            if held := sorted(set(names) & set(given)):
                raise ValueError(f"{held[0]} has a joint prior: give values of all its parameters")
            drawn = numpyro.sample(self.prefix + " and ".join(names), site)
            if len(names) == 1:
                found[names[0]] = drawn
                continue
            # A joint prior has one site for all of its parameters.
            for name, value in zip(names, drawn, strict=True):
                found[name] = numpyro.deterministic(self.prefix + name, value)
        ordered = {name: found[name] for name in self.names}
        theta = jnp.stack([jnp.asarray(v, float) for v in ordered.values()])
        theta = theta / objective.layout.scale
        numpyro.factor(self.prefix + "log_likelihood", -0.5 * objective(theta))
        return ordered

    def _given(self, values: Mapping[str | Key, Any]) -> dict[str, Any]:
        table = self.parameters
        given = {table.names[i]: v for pattern, v in values.items() for i in table.select(pattern)}
        if held := [name for name in given if name not in self.names]:
            raise ValueError(f"{held[0]} is frozen or linked: thaw it in the table of parameters")
        return given


def numpyro_model(
    datasets: AnyDataset | Sequence[AnyDataset],
    models: Any,
    parameters: Parameters | None = None,
    *,
    folding: Folding | None = None,
    prefix: str = "",
) -> NumpyroModel:
    """Make an ordinary NumPyro model of datasets and models.

    Parameters
    ----------
    datasets, models, parameters, folding :
        As for `gjax.infer.fit.fit`. Sources are prepared at the values of ``models``: pass those
        of a fit.
    prefix :
        Stands before the names of all sites, where several models are called in one.

    Returns
    -------
    model :
        A callable; see `NumpyroModel`.
    """
    table = Parameters.from_models(models) if parameters is None else parameters
    objective = make_objective(datasets, models, table, folding)
    curvature = 0.5 * np.diag(
        expand_from_host(objective, jnp.asarray(objective.layout.start)).positive
    )
    scale = np.asarray(objective.layout.scale)
    known = np.isfinite(curvature) & (curvature > 0)
    sigma = scale / np.sqrt(np.where(known, curvature, 1.0))
    sites = _sites(objective.layout, table, sigma)
    # Priors belong to the sites; their bounds stay in the layout.
    layout = dataclasses.replace(objective.layout, priors=(), prior_indices=())
    data = jax.device_put(dataclasses.replace(objective, layout=layout))
    return NumpyroModel(data, table, sites, prefix)


def _sites(
    layout: Layout, table: Parameters, sigma: np.ndarray
) -> list[tuple[tuple[str, ...], ScaledSite]]:
    """List names and distribution of each site, on the host: none of it is traced."""
    layout = jax.device_get(layout)
    start, lower, upper = (v * layout.scale for v in (layout.start, layout.lower, layout.upper))
    position = {table.keys[i]: n for n, i in enumerate(table.free)}
    priors = {key: prior for prior in table.priors for key in prior.keys if key in position}
    sites, done = [], set()
    for key in position:
        if key in done:
            continue
        prior = priors.get(key)
        together = (key,) if prior is None else prior.keys
        if done & set(together) or not set(together) <= set(position):
            raise ValueError(f"{'.'.join(key)}: a joint prior needs all of its parameters free")
        done |= set(together)
        at: Any = [position[one] for one in together]
        at = at[0] if len(at) == 1 else at
        support = scaled_support(start[at], sigma[at], (lower[at], upper[at]))
        site = ScaledSite(None if prior is None else prior.distribution, support)
        sites.append((tuple(".".join(one) for one in together), site))
    return sites
