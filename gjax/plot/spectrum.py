"""Spectra with their error bands, alone or with flux points.

Lives here: propagating a covariance or a posterior to a curve, and drawing it. Does not live here:
measuring flux points (`gjax.estimate`) and drawing them (`gjax.plot.flux_points`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from astropy import units as u

from gjax.dataset.flux_points import FluxPointsDataset
from gjax.estimate.points import FluxPoints
from gjax.infer.posterior import Posterior
from gjax.infer.result import FitResult
from gjax.parameters import Key, parameter_leaves
from gjax.plot.flux_points import plot_flux_points
from gjax.plot.style import COLORS, energy_axis, finish_axes, flux_label, flux_unit, new_axes
from gjax.typing import ArrayLike
from gjax.units import to_internal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_sed", "plot_spectrum", "spectrum_band"]

_QUANTILES = (0.158655253931457, 0.841344746068543)
#: Colours and symbols of the flux points in one picture, told apart by either of them.
_POINT_COLORS = ("black", "orange", "green", "purple", "sky", "yellow")
_POINT_MARKERS = "osD^P*"


def spectrum_band(
    model: Any,
    energy: ArrayLike,
    *,
    covariance: ArrayLike | None = None,
    names: Sequence[str | Key] | None = None,
    samples: Mapping[str | Key, ArrayLike] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Differential flux of a model with the 68% interval that its parameters leave.

    From a covariance :math:`C` of parameters :math:`\theta`, the error is propagated linearly to
    the logarithm of the flux, with exact derivatives:

    .. math::
        \sigma^2 = J\,C\,J^T, \quad J = \partial \ln f / \partial \theta, \quad
        f_\pm = f \exp(\pm \sigma)

    so that the band of an amplitude times a power of energy is straight in the logarithm and never
    crosses zero. From posterior samples, the band is the central 68.3% interval at each energy, and
    the curve the median.

    Parameters
    ----------
    model :
        A spectral model.
    energy :
        Energies in TeV, shape ``(n,)``.
    covariance :
        Covariance of the parameters in internal units, shape ``(k, k)``.
    names :
        The parameters that the rows of the covariance belong to; by default all of the model, in
        its order. Those of a part of a composed model are named by their path, such as
        ``("first", "index")``.
    samples :
        Posterior samples by parameter name, each of shape ``(draws,)``. Parameters that are not
        there keep their values.

    Returns
    -------
    dnde, lower, upper :
        Differential flux in cm-2 s-1 TeV-1, shape ``(n,)`` each. Without covariance and samples
        the three are the same.

    Raises
    ------
    ValueError
        If both covariance and samples are given, a name is not a parameter of the model, or the
        covariance has another shape.
    """
    if covariance is not None and samples is not None:
        raise ValueError("give a covariance or samples, not both")
    energy = jnp.asarray(energy, float)
    leaves, tree = jax.tree_util.tree_flatten(model)
    places = {key[1:]: number for key, _, _, number in parameter_leaves({"": model})}
    given = names if names is not None else samples if samples is not None else places
    chosen = [_place(name, places) for name in given]

    def curve(theta: ArrayLike) -> Any:
        values = list(leaves)
        for row, place in enumerate(chosen):
            values[place] = theta[row]
        return jax.tree_util.tree_unflatten(tree, values)(energy)

    if samples is not None:
        draws = jnp.stack([jnp.ravel(jnp.asarray(samples[name], float)) for name in given], 1)
        curves = np.asarray(jax.jit(jax.vmap(curve))(draws))
        lower, middle, upper = np.quantile(curves, (_QUANTILES[0], 0.5, _QUANTILES[1]), axis=0)
        return middle, lower, upper
    theta = jnp.asarray([float(leaves[place]) for place in chosen])
    dnde = np.asarray(curve(theta))
    if covariance is None:
        return dnde, dnde, dnde
    covariance = np.asarray(covariance, float)
    if covariance.shape != (len(chosen), len(chosen)):
        raise ValueError(
            f"the covariance has shape {covariance.shape}, but there are {len(chosen)} parameters: "
            f"{list(given)}"
        )
    jacobian = np.asarray(jax.jit(jax.jacfwd(lambda point: jnp.log(curve(point))))(theta))
    sigma = np.sqrt(np.clip(np.einsum("ei,ij,ej->e", jacobian, covariance, jacobian), 0, None))
    return dnde, dnde * np.exp(-sigma), dnde * np.exp(sigma)


def _place(name: str | Key, places: Mapping[Key, int]) -> int:
    """Find the leaf of a model that a parameter is."""
    key = (name,) if isinstance(name, str) else tuple(name)
    if key not in places:
        known = ", ".join(".".join(place) for place in places)
        raise ValueError(f"{name!r} is no parameter of the model, which has {known}")
    return places[key]


def plot_spectrum(
    model: Any,
    energy_bounds: tuple[Any, Any],
    *,
    covariance: ArrayLike | None = None,
    names: Sequence[str | Key] | None = None,
    samples: Mapping[str | Key, ArrayLike] | None = None,
    ax: Axes | None = None,
    energy_power: float = 2,
    unit: str | None = None,
    label: str = "",
    color: str = COLORS["blue"],
    n_points: int = 120,
    **kwargs: Any,
) -> Axes:
    r"""Draw :math:`E^p\,dN/dE` of a spectral model with its 68% error band.

    Parameters
    ----------
    model :
        A spectral model.
    energy_bounds :
        Ends of the curve: Quantities, or TeV.
    covariance, names, samples :
        What the band comes from, see `spectrum_band`; with none of them there is no band.
    ax :
        Panel to draw in; None makes a figure.
    energy_power :
        The power :math:`p`.
    unit :
        Unit of the y axis; by default ``erg cm-2 s-1`` for a power of two.
    label, color, **kwargs :
        For the curve.
    n_points :
        Number of energies, equally spaced in the logarithm.

    Returns
    -------
    ax :
        The panel.
    """
    low, high = (float(to_internal(bound, "TeV", "energy bound")) for bound in energy_bounds)
    if not 0 < low < high:
        raise ValueError(f"energy bounds must be positive and increase, got {low} and {high} TeV")
    energy = np.geomspace(low, high, n_points)
    curves = spectrum_band(model, energy, covariance=covariance, names=names, samples=samples)
    internal = u.Unit("cm-2 s-1 TeV-1") * u.TeV**energy_power
    target = unit or flux_unit(energy_power)
    scale = energy**energy_power * internal.to(u.Unit(target))
    middle, lower, upper = (curve * scale for curve in curves)
    ax = new_axes() if ax is None else ax
    banded = covariance is not None or samples is not None
    if banded:
        ax.fill_between(energy, lower, upper, color=color, alpha=0.28, lw=0)
    style: dict[str, Any] = {"lw": 1.8} | kwargs
    ax.plot(energy, middle, color=color, label=label or None, **style)
    ax.set_yscale("log")
    energy_axis(ax)
    ax.set_ylabel(flux_label(energy_power, target))
    finish_axes(ax)
    ax.set_xlim(ax.dataLim.x0, ax.dataLim.x1)
    if label:
        ax.legend(frameon=False, fontsize="small")
    return ax


def plot_sed(
    result: FitResult | Posterior,
    source: str,
    energy_bounds: tuple[Any, Any],
    *,
    points: Mapping[str, FluxPoints | FluxPointsDataset] | None = None,
    ax: Axes | None = None,
    energy_power: float = 2,
    unit: str | None = None,
    label: str | None = None,
    **kwargs: Any,
) -> Axes:
    r"""Draw the spectral energy distribution of a fitted source, with flux points of any number.

    The band is the 68% interval of :math:`E^p\,dN/dE`: from the covariance of a fit, all that is
    not the spectrum of this source (backgrounds, other sources, responses of the instruments)
    profiled; or from the draws of a posterior, marginalised over it. See `spectrum_band`.

    Parameters
    ----------
    result :
        A fit or a posterior.
    source :
        Name of the source among the models.
    energy_bounds :
        Ends of the curve: Quantities, or TeV.
    points :
        Flux points by label, estimated, read, or data of the fit, such as those of each instrument.
    ax :
        Panel to draw in; None makes a figure.
    energy_power, unit :
        As for `plot_spectrum`.
    label :
        Of the curve; by default the name of the source.
    **kwargs :
        For `plot_spectrum`.

    Returns
    -------
    ax :
        The panel.

    Raises
    ------
    gjax.errors.UnknownNameError
        If there is no model of this name.
    ValueError
        If the model has no spectrum.
    """
    spectral = getattr(result.models[source], "spectral", None)
    if spectral is None:
        raise ValueError(f"{source!r} has no spectrum to draw")
    look: dict[str, Any] = {"energy_power": energy_power, "unit": unit}
    ax = plot_spectrum(
        spectral,
        energy_bounds,
        ax=ax,
        label=source if label is None else label,
        **_uncertainty(result, source),
        **look,
        **kwargs,
    )
    looks = zip(cycle(_POINT_COLORS), cycle(_POINT_MARKERS), strict=False)
    for (name, measured), (color, marker) in zip((points or {}).items(), looks, strict=False):
        plot_flux_points(measured, ax, label=name, color=COLORS[color], fmt=marker, ms=4, **look)
    return ax


def _uncertainty(result: FitResult | Posterior, source: str) -> dict[str, Any]:
    """Give what the band of a spectrum comes from, as `spectrum_band` takes it."""
    table = result.parameters
    rows = [
        i
        for i, key in enumerate(table.keys)
        if key[:2] == (source, "spectral") and (i in table.free or key in table.links)
    ]
    names = [table.keys[i][2:] for i in rows]
    if not rows:
        return {}
    if isinstance(result, Posterior):
        return {"samples": {n: result.values[..., i] for n, i in zip(names, rows, strict=True)}}
    return {"covariance": result.covariance[np.ix_(rows, rows)], "names": names}
