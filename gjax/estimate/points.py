r"""Flux points in memory: fluxes of a source in bands of energy, with errors, limits and profiles.

Here are the container `FluxPoints` and its conversion to another reference spectrum. Estimating
flux points is in `gjax.estimate.flux_points`, files are in `gjax.io.flux_points`, and flux points
as data of a fit in `gjax.dataset.flux_points`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, final

import equinox as eqx
import numpy as np
from astropy import units as u

from gjax.dataset.flux_points import FluxPointsDataset
from gjax.errors import UnknownNameError
from gjax.events.gti import GTI

__all__ = ["SQRT_TS_UL", "FluxPoints", "of_dataset", "with_reference"]

#: Points below this significance are upper limits.
SQRT_TS_UL = 2.0

_ERRORS = ("", "_err", "_errn", "_errp", "_ul", "_sensitivity")
_UNITS = {
    "norm": "",
    "dnde": "cm-2 s-1 TeV-1",
    "flux": "cm-2 s-1",
    "eflux": "erg cm-2 s-1",
    "e2dnde": "erg cm-2 s-1",
}


@final
class FluxPoints(eqx.Module):
    r"""Fluxes of a source in bands of energy, as norms :math:`x` of a reference spectrum.

    .. math::

        \frac{dN}{dE}(E_\mathrm{ref}) = x\,f(E_\mathrm{ref}), \quad
        F = x \int f\,dE, \quad G = x \int E f\,dE

    with their errors and limits likewise. All arrays have shape ``(band,)`` unless said otherwise
    and are NaN in bands without a result; what was not estimated is None. In light curves all but
    the energies have shape ``(time, band)``.

    Parameters
    ----------
    source :
        Name of the source.
    e_ref, e_min, e_max :
        Geometric centre and ends of the bands in TeV.
    ref_dnde, ref_flux, ref_eflux :
        The reference spectrum: at ``e_ref`` in cm-2 s-1 TeV-1, and integrated over the band in
        cm-2 s-1 and, weighted with energy, in TeV cm-2 s-1.
    norm, norm_err, norm_errn, norm_errp, norm_ul :
        Best fit; error from the curvature of the statistic; errors down and up, and upper limit,
        where the statistic has risen by ``n_sigma**2`` and ``n_sigma_ul**2`` above its minimum. The
        error down is NaN without counts.
    norm_sensitivity :
        Norm that would be significant.
    stat, stat_null :
        Statistic at the best fit and without the source.
    npred, npred_excess, counts :
        Predicted counts in all, those of the source, and counts, shape ``(band, dataset)``.
    success :
        Whether there is a result.
    n_dof :
        Degrees of freedom of `ts`.
    norm_scan, stat_scan :
        Norms of a scan, shape ``(scan,)`` or ``(band, scan)``, and the statistic there, shape
        ``(band, scan)``.
    is_limit :
        Which points a file calls upper limits; None where significance decides.
    n_sigma, n_sigma_ul :
        Widths of errors and limit.
    sed_type :
        How a file holds the fluxes, and how they are written unless told otherwise.
    gti :
        Time of the measurement.
    telescope, instrument :
        Where the points come from.
    """

    source: str = eqx.field(static=True)
    e_ref: np.ndarray
    e_min: np.ndarray
    e_max: np.ndarray
    ref_dnde: np.ndarray
    ref_flux: np.ndarray
    ref_eflux: np.ndarray
    norm: np.ndarray
    norm_err: np.ndarray | None = None
    norm_errn: np.ndarray | None = None
    norm_errp: np.ndarray | None = None
    norm_ul: np.ndarray | None = None
    norm_sensitivity: np.ndarray | None = None
    stat: np.ndarray | None = None
    stat_null: np.ndarray | None = None
    npred: np.ndarray | None = None
    npred_excess: np.ndarray | None = None
    counts: np.ndarray | None = None
    success: np.ndarray | None = None
    n_dof: np.ndarray | None = None
    norm_scan: np.ndarray | None = None
    stat_scan: np.ndarray | None = None
    is_limit: np.ndarray | None = None
    n_sigma: float = eqx.field(static=True, default=1.0)
    n_sigma_ul: float = eqx.field(static=True, default=2.0)
    sed_type: str = eqx.field(static=True, default="likelihood")
    gti: GTI | None = None
    telescope: str = eqx.field(static=True, default="")
    instrument: str = eqx.field(static=True, default="")

    @property
    def ts(self) -> np.ndarray | None:
        """Difference of the statistic without and with the source."""
        if self.stat is None or self.stat_null is None:
            return None
        return self.stat_null - self.stat

    @property
    def sqrt_ts(self) -> np.ndarray | None:
        """Root of `ts` with the sign of the norm: the significance in sigma."""
        ts = self.ts
        if ts is None:
            return None
        root = np.sqrt(np.clip(ts, 0.0, None))
        return np.where(self.norm > 0, root, -root)

    @property
    def is_ul(self) -> np.ndarray:
        """Whether a point is an upper limit: less than two sigma, or no value."""
        if self.is_limit is not None:
            return self.is_limit
        if self.norm_ul is None:
            return np.isnan(self.norm)
        significance = self.sqrt_ts
        if significance is None:
            return np.isfinite(self.norm_ul) & np.isnan(self.norm)
        return significance < SQRT_TS_UL

    @property
    def dnde(self) -> u.Quantity:
        """Differential flux at ``e_ref``."""
        return self.column("dnde")

    @property
    def flux(self) -> u.Quantity:
        """Photon flux of each band."""
        return self.column("flux")

    @property
    def eflux(self) -> u.Quantity:
        """Energy flux of each band."""
        return self.column("eflux")

    @property
    def e2dnde(self) -> u.Quantity:
        """Differential flux times the square of ``e_ref``."""
        return self.column("e2dnde")

    def names(self, kind: str = "dnde") -> tuple[str, ...]:
        """List the columns of a kind that there are: value, errors, limit and sensitivity.

        Parameters
        ----------
        kind :
            ``"norm"``, ``"dnde"``, ``"flux"``, ``"eflux"`` or ``"e2dnde"``.
        """
        if kind not in _UNITS:
            raise UnknownNameError(
                f"no kind of flux named {kind!r}; there are: {', '.join(_UNITS)}"
            )
        return tuple(kind + e for e in _ERRORS if getattr(self, "norm" + e) is not None)

    def column(self, name: str) -> u.Quantity:
        """Give a flux, its error or its limit with units, shape ``(band,)``.

        Parameters
        ----------
        name :
            Such as ``"dnde"``, ``"dnde_err"``, ``"e2dnde_ul"`` or ``"norm_errp"``.

        Raises
        ------
        gjax.errors.UnknownNameError
            If there is no such column, or it was not estimated.
        """
        kind = name.split("_")[0]
        if kind not in _UNITS or name not in self.names(kind):
            known = ", ".join(column for kind in _UNITS for column in self.names(kind))
            raise UnknownNameError(f"no column {name!r}; there are: {known}")
        factor = {
            "norm": 1.0 * u.dimensionless_unscaled,
            "dnde": self.ref_dnde * u.Unit("cm-2 s-1 TeV-1"),
            "flux": self.ref_flux * u.Unit("cm-2 s-1"),
            "eflux": self.ref_eflux * u.Unit("TeV cm-2 s-1"),
            "e2dnde": self.e_ref**2 * self.ref_dnde * u.Unit("TeV cm-2 s-1"),
        }[kind]
        return (getattr(self, "norm" + name[len(kind) :]) * factor).to(_UNITS[kind])

    def __str__(self) -> str:
        limited = self.norm_ul is not None
        dnde, unit = self.dnde.value, _UNITS["dnde"]
        none = np.full(dnde.shape, np.nan)
        error = self.column("dnde_err").value if self.norm_err is not None else none
        limit = self.column("dnde_ul").value if limited else none
        significance = none if self.sqrt_ts is None else self.sqrt_ts
        lines = [
            f"Flux points of {self.source}, dnde in {unit}",
            f"{'e_ref TeV':>10} {'dnde':>11} {'error':>10} {'limit':>10} {'sqrt_ts':>8}",
        ]
        rows = zip(self.e_ref, dnde, error, limit, significance, strict=True)
        lines += [f"{e:10.4g} {f:11.3e} {s:10.2e} {ul:10.2e} {ts:8.2f}" for e, f, s, ul, ts in rows]
        return "\n".join(lines)


def with_reference(points: FluxPoints, spectral: Any, keep: str = "dnde") -> FluxPoints:
    """Express flux points with another reference spectrum, one kind of flux staying as it is.

    Points that were measured as fluxes of bands get other differential fluxes with another
    spectral shape, and the other way round.

    Parameters
    ----------
    points :
        The flux points.
    spectral :
        The spectral model that becomes their reference.
    keep :
        What was measured and does not change: ``"dnde"``, ``"e2dnde"``, ``"flux"`` or ``"eflux"``.

    Raises
    ------
    gjax.errors.UnknownNameError
        If there is no such kind of flux.
    """
    if keep not in _UNITS or keep == "norm":
        known = ", ".join(kind for kind in _UNITS if kind != "norm")
        raise UnknownNameError(f"no kind of flux named {keep!r}; there are: {known}")
    references = {
        "ref_dnde": np.asarray(spectral(points.e_ref), float),
        "ref_flux": np.asarray(spectral.integral(points.e_min, points.e_max), float),
        "ref_eflux": np.asarray(spectral.energy_flux(points.e_min, points.e_max), float),
    }
    name = "ref_dnde" if keep == "e2dnde" else f"ref_{keep}"
    factor = getattr(points, name) / references[name]
    names = ["norm" + error for error in _ERRORS]
    norms = {n: getattr(points, n) * factor for n in names if getattr(points, n) is not None}
    if points.norm_scan is not None and points.stat_scan is not None:
        scan = points.norm_scan * factor[..., None]
        norms["norm_scan"] = np.broadcast_to(scan, points.stat_scan.shape)
    return dataclasses.replace(points, **references, **norms)


def of_dataset(dataset: FluxPointsDataset) -> FluxPoints:
    """Give the flux points that a dataset holds, to be drawn or written.

    Parameters
    ----------
    dataset :
        The dataset. Without a reference flux its points refer to a power law of index 2.
    """
    energy = np.asarray(dataset.energy, float)
    none = np.full(energy.shape, np.nan)
    has_reference = dataset.dnde_ref is not None
    reference = np.asarray(dataset.dnde_ref if has_reference else 1e-12 * energy**-2.0, float)
    columns: dict[str, Any] = {
        "norm" + error: np.asarray(value, float) / reference
        for error in ("_err", "_errn", "_errp", "_ul")
        if (value := getattr(dataset, "dnde" + error)) is not None
    }
    low, high = dataset.energy_min, dataset.energy_max
    return FluxPoints(
        source=dataset.name,
        e_ref=energy,
        e_min=none if low is None else np.asarray(low, float),
        e_max=none if high is None else np.asarray(high, float),
        ref_dnde=reference,
        ref_flux=none if dataset.width is None else reference * dataset.width,
        ref_eflux=none,
        norm=np.asarray(dataset.dnde, float) / reference,
        stat=dataset.stat,
        norm_scan=dataset.norm_scan,
        stat_scan=dataset.stat_scan,
        is_limit=None if dataset.is_ul is None else np.asarray(dataset.is_ul, bool),
        n_sigma_ul=dataset.n_sigma_ul,
        sed_type="likelihood" if has_reference else "dnde",
        gti=dataset.gti,
        telescope=dataset.telescope,
        instrument=dataset.instrument,
        **columns,
    )
