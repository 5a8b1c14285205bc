r"""Flux points as data: published spectra that join a fit.

Lives here: what the fit sees of flux points, and which of their values, errors, limits or profiles
enter the statistic. Does not live here: the statistic itself (`gjax.stats.chi2`), estimating flux
points (`gjax.estimate`) and reading them (`gjax.io`).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, final

import equinox as eqx
import numpy as np

from gjax.events.gti import GTI
from gjax.stats.chi2 import Points, points_stat
from gjax.stats.stat_profile import profile_table
from gjax.typing import Array, ArrayLike
from gjax.units import to_internal

if TYPE_CHECKING:
    from gjax.estimate.points import FluxPoints

__all__ = ["COMPARISONS", "STAT_TYPES", "FluxPointsDataset"]

#: How points enter the statistic.
STAT_TYPES = ("chi2", "distrib", "profile")
#: What of a model is compared with a point.
COMPARISONS = ("center", "band")

_FLUX = "cm-2 s-1 TeV-1"
_FLUXES = ("dnde", "dnde_err", "dnde_errn", "dnde_errp", "dnde_ul", "dnde_ref")
_ENERGIES = ("energy", "energy_min", "energy_max", "width")


@final
class FluxPointsDataset(eqx.Module):
    r"""Flux points that are fitted, with :math:`S = -2 \ln L` of each point.

    All arrays have shape ``(n,)`` unless said otherwise; NaN is where a number is not known, and
    None where none is. Energies are in TeV and fluxes in cm-2 s-1 TeV-1.

    - ``"chi2"``: :math:`S = (m - x)^2 / \sigma^2` with the symmetric error, or else the mean of the
      errors down and up. Upper limits are left out. This is Gammapy's default.
    - ``"distrib"``: the error up where the prediction :math:`m` is above the measured :math:`x`,
      the error down where it is below. An upper limit :math:`u` at :math:`z` standard deviations
      counts as

      .. math:: S = z^2 \left(\frac{m - x_0}{u - x_0}\right)^2 \text{ if } m > x_0, \text{ else } 0

      from the best fit :math:`x_0` that was published with it, or from zero: the statistic has
      risen by :math:`z^2` at the limit, which is what its confidence level means.
    - ``"profile"``: the likelihood profile of each point, interpolated as
      `gjax.stats.stat_profile.profile_table` says. Upper limits and errors play no part.

    Points without the numbers that their statistic needs are not used; nor are masked ones.

    Parameters
    ----------
    name :
        Name of the dataset; unique among those fitted together.
    energy :
        Reference energies.
    energy_min, energy_max :
        Ends of the energy bands.
    dnde, dnde_err, dnde_errn, dnde_errp, dnde_ul :
        Measured differential flux at the reference energy, symmetric error, errors down and up (of
        one standard deviation, positive), and upper limit.
    is_ul :
        Which points are upper limits; by default those with a limit and without a value.
    mask_safe, mask_fit :
        Points that may be used, and points that the user wants in the fit.
    dnde_ref, norm, stat, norm_scan, stat_scan :
        Reference flux of the profiles; best fit in its unit and the statistic there; norms, shape
        ``(m,)`` or ``(n, m)``, and statistic of the scans, shape ``(n, m)``.
    width :
        Integral of the spectrum that the points assume over their band, divided by its value at the
        reference energy, in TeV. Needed to compare with integrals of the model.
    n_sigma_ul :
        Standard deviations :math:`z` of the limits: 1.645 for 95% one-sided, 2 where a limit is the
        flux at which the statistic has risen by four (95.45% two-sided, as ``UL_CONF`` counts).
    stat_type :
        ``"chi2"``, ``"distrib"`` or ``"profile"``.
    compare :
        Whether the model is taken at the reference energy (``"center"``, as in Gammapy) or
        integrated over the band (``"band"``), see `predict`.
    gti :
        Time of the measurement, for models that vary.
    telescope, instrument :
        Where the points come from.

    Raises
    ------
    ValueError
        If shapes disagree, an energy is not positive, an error in use is not positive, a limit is
        not above its best fit, or the choice of statistic or comparison needs what is missing.
    """

    name: str = eqx.field(static=True)
    energy: ArrayLike
    dnde: ArrayLike
    energy_min: ArrayLike | None = None
    energy_max: ArrayLike | None = None
    dnde_err: ArrayLike | None = None
    dnde_errn: ArrayLike | None = None
    dnde_errp: ArrayLike | None = None
    dnde_ul: ArrayLike | None = None
    is_ul: ArrayLike | None = None
    mask_safe: ArrayLike | None = None
    mask_fit: ArrayLike | None = None
    dnde_ref: ArrayLike | None = None
    norm: ArrayLike | None = None
    stat: ArrayLike | None = None
    norm_scan: ArrayLike | None = None
    stat_scan: ArrayLike | None = None
    width: ArrayLike | None = None
    n_sigma_ul: float = eqx.field(static=True, default=2.0)
    stat_type: str = eqx.field(static=True, default="chi2")
    compare: str = eqx.field(static=True, default="center")
    gti: GTI | None = None
    telescope: str = eqx.field(static=True, default="")
    instrument: str = eqx.field(static=True, default="")

    def __check_init__(self) -> None:
        for names, allowed in (("stat_type", STAT_TYPES), ("compare", COMPARISONS)):
            if getattr(self, names) not in allowed:
                raise ValueError(
                    f"flux points {self.name!r}: {names} {getattr(self, names)!r} is none of "
                    f"{', '.join(allowed)}"
                )
        _check_shapes(self)
        if self.compare == "band" and any(
            a is None for a in (self.energy_min, self.energy_max, self.width)
        ):
            raise ValueError(
                f"flux points {self.name!r}: to compare integrals over bands, energy_min, "
                "energy_max and width are needed"
            )
        _ = self.points  # says what is wrong with errors, limits and profiles

    @classmethod
    def create(cls, name: str, energy: Any, dnde: Any, **fields: Any) -> FluxPointsDataset:
        """Make a dataset of arrays or quantities.

        Parameters
        ----------
        name, energy, dnde, **fields :
            As for the class; quantities are converted, bare numbers are internal.
        """
        values: dict[str, Any] = {"energy": energy, "dnde": dnde, **fields}
        for field, value in values.items():
            unit = _FLUX if field in _FLUXES else "TeV" if field in _ENERGIES else None
            if unit is not None and value is not None:
                values[field] = np.atleast_1d(np.asarray(to_internal(value, unit, field), float))
        return cls(name=name, **values)

    @classmethod
    def from_flux_points(
        cls, points: FluxPoints, name: str | None = None, **choices: Any
    ) -> FluxPointsDataset:
        """Make data of flux points that were estimated or read from a file.

        Parameters
        ----------
        points :
            The flux points.
        name :
            Name of the dataset; that of the source by default.
        **choices :
            ``stat_type``, ``compare``, masks and whatever else the class takes.
        """
        fields: dict[str, Any] = {
            "dnde" + error: getattr(points, "norm" + error) * points.ref_dnde
            for error in ("", "_err", "_errn", "_errp", "_ul")
            if getattr(points, "norm" + error) is not None
        }
        for error in ("dnde_err", "dnde_errn", "dnde_errp"):
            if error in fields:
                fields[error] = fields[error] / points.n_sigma
        has_bands = bool(np.isfinite(points.e_min).all() and np.isfinite(points.e_max).all())
        fields |= {
            "energy": points.e_ref,
            "energy_min": points.e_min if has_bands else None,
            "energy_max": points.e_max if has_bands else None,
            "is_ul": np.asarray(points.is_ul, bool),
            "dnde_ref": points.ref_dnde,
            "norm": points.norm,
            "stat": points.stat,
            "norm_scan": points.norm_scan,
            "stat_scan": points.stat_scan,
            "width": points.ref_flux / points.ref_dnde if has_bands else None,
            "n_sigma_ul": points.n_sigma_ul,
            "mask_safe": points.success,
            "gti": points.gti,
            "telescope": points.telescope,
            "instrument": points.instrument,
        }
        return cls(name=points.source if name is None else name, **(fields | choices))

    @property
    def mask(self) -> np.ndarray:
        """Points that enter the statistic."""
        return np.asarray(self.points.is_used)

    @property
    def points(self) -> Points:
        """What the statistic needs of each point."""
        return _profiles(self) if self.stat_type == "profile" else _errors(self)

    def predict(self, spectral: Any) -> Array:
        r"""Predict differential fluxes at the reference energies, shape ``(n,)``.

        With ``compare="band"`` these are the model's integral over each band divided by `width`:
        what a measurement that assumes the spectral shape of the points would give for the model.

        Parameters
        ----------
        spectral :
            A spectral model, of the sum of all sources.
        """
        if self.compare == "center":
            return spectral(self.energy)
        return spectral.integral(self.energy_min, self.energy_max) / self.width

    def stat_array(self, dnde: ArrayLike) -> Array:
        """Evaluate the statistic of each point for predicted fluxes, shape ``(n,)``."""
        return points_stat(self.points, dnde)

    def with_mask_fit(self, energy_min: Any = None, energy_max: Any = None) -> FluxPointsDataset:
        """Fit only points whose reference energy lies within a range (ends included).

        Parameters
        ----------
        energy_min, energy_max :
            The range in TeV or as a Quantity; None leaves that side open.
        """
        low = -np.inf if energy_min is None else to_internal(energy_min, "TeV", "energy_min")
        high = np.inf if energy_max is None else to_internal(energy_max, "TeV", "energy_max")
        return dataclasses.replace(self, mask_fit=(self.energy >= low) & (self.energy <= high))


def _check_shapes(data: FluxPointsDataset) -> None:
    """Refuse arrays that do not go together and energies that are not positive."""
    size = np.shape(data.energy)
    for field in (*_FLUXES, *_ENERGIES, "is_ul", "mask_safe", "mask_fit", "norm", "stat"):
        value = getattr(data, field)
        if value is not None and np.shape(value) != size:
            raise ValueError(
                f"flux points {data.name!r}: {field} has shape {np.shape(value)}, energy {size}"
            )
    if len(size) != 1 or not (np.asarray(data.energy) > 0).all():
        raise ValueError(f"flux points {data.name!r}: energies must be positive, in one dimension")


def _wanted(data: FluxPointsDataset) -> np.ndarray:
    wanted = np.ones(np.shape(data.energy), bool)
    for mask in (data.mask_safe, data.mask_fit):
        if mask is not None:
            wanted &= np.asarray(mask, bool)
    return wanted


def _column(data: FluxPointsDataset, field: str) -> np.ndarray:
    """Give a column as an array; NaN where there is none."""
    value = getattr(data, field)
    if value is None:
        return np.full(np.shape(data.energy), np.nan)
    return np.asarray(value, float)


def _limits(data: FluxPointsDataset) -> np.ndarray:
    if data.is_ul is not None:
        return np.asarray(data.is_ul, bool)
    return np.isfinite(_column(data, "dnde_ul")) & ~np.isfinite(_column(data, "dnde"))


def _errors(data: FluxPointsDataset) -> Points:
    """Turn values, errors and limits into weights on both sides."""
    value, limited = _column(data, "dnde"), _limits(data)
    symmetric, low, high = (_column(data, f"dnde_err{side}") for side in ("", "n", "p"))
    if data.stat_type == "chi2":
        symmetric = np.where(np.isfinite(symmetric), symmetric, (low + high) / 2.0)
        low = high = symmetric
    else:
        low, high = (np.where(np.isfinite(e), e, symmetric) for e in (low, high))
    used = np.isfinite(value) & np.isfinite(low) & np.isfinite(high) & ~limited & _wanted(data)
    _refuse(data, used & ((low <= 0) | (high <= 0)), "the error must be positive")
    weights = [np.where(used, 1.0 / np.where(used, e, 1.0), 0.0) for e in (low, high)]
    if data.stat_type == "distrib":
        limit = _column(data, "dnde_ul")
        value = np.where(limited & ~np.isfinite(value), 0.0, value)
        as_limit = limited & np.isfinite(limit) & _wanted(data)
        _refuse(data, as_limit & (limit <= value), "the limit must be above the best fit")
        above = np.where(as_limit, limit - value, 1.0)
        weights[1] = np.where(as_limit, data.n_sigma_ul / above, weights[1])
        used = used | as_limit
    return Points(np.where(used, value, 0.0), *weights, is_used=used)


def _profiles(data: FluxPointsDataset) -> Points:
    """Turn scans into functions of the flux."""
    if data.norm_scan is None or data.stat_scan is None or data.dnde_ref is None:
        raise ValueError(
            f"flux points {data.name!r}: the statistic 'profile' needs norm_scan, stat_scan and "
            "dnde_ref"
        )
    if np.shape(data.stat_scan)[:1] != np.shape(data.energy):
        raise ValueError(
            f"flux points {data.name!r}: stat_scan has shape {np.shape(data.stat_scan)}, "
            f"energy {np.shape(data.energy)}"
        )
    scale = np.asarray(data.dnde_ref, float)
    table = profile_table(data.norm_scan, data.stat_scan, data.norm, data.stat)
    used = np.asarray(table.is_usable) & _wanted(data)
    _refuse(data, used & ~(scale > 0), "the reference flux must be positive")
    none = np.zeros(used.shape)
    scale = np.where(used, scale, 1.0)
    return Points(none, none, none, is_used=used, profile=table, scale=scale)


def _refuse(data: FluxPointsDataset, wrong: np.ndarray, problem: str) -> None:
    """Name the first point with a problem."""
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"flux points {data.name!r}, point {row} at {data.energy[row]:.6g} TeV: {problem}; "
            "mask the point or correct it"
        )
