r"""Flux points: the flux of a source in bands of energy, its spectral shape in each band assumed.

Here are the container `FluxPoints` and its estimation from binned counts. The bins of the bands are
collected in `gjax.estimate.bands`, the one-dimensional statistic is in `gjax.estimate.norm_profile`
and files are written by `gjax.io.flux_points`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import equinox as eqx
import numpy as np
from astropy import units as u

from gjax.dataset.dataset import Dataset
from gjax.errors import UnknownNameError
from gjax.estimate.bands import collect, count, find_bands, predict_source
from gjax.estimate.norm_profile import NormProfile, norm_profile
from gjax.model import Models, SkyModel
from gjax.predict.options import Folding

__all__ = ["SELECTION", "SQRT_TS_UL", "FluxPoints", "estimate_flux_points"]

#: What may be estimated besides norm, symmetric error and significance.
SELECTION = ("errn-errp", "ul", "scan")
#: Points below this significance are upper limits.
SQRT_TS_UL = 2.0

#: Norms at which the statistic is scanned.
_SCAN = np.geomspace(0.2, 5.0, 11)
_ERRORS = ("", "_err", "_errn", "_errp", "_ul")
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
    and are NaN in bands without a result; what was not estimated is None.

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
    stat, stat_null :
        Statistic at the best fit and without the source.
    npred, npred_excess, counts :
        Predicted counts in all, those of the source, and counts, shape ``(band, dataset)``.
    success :
        Whether there is a result.
    norm_scan, stat_scan :
        Norms of a scan and the statistic there, shapes ``(scan,)`` and ``(band, scan)``.
    is_limit :
        Which points a file calls upper limits; None where significance decides.
    n_sigma, n_sigma_ul :
        Widths of errors and limit.
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
    stat: np.ndarray | None = None
    stat_null: np.ndarray | None = None
    npred: np.ndarray | None = None
    npred_excess: np.ndarray | None = None
    counts: np.ndarray | None = None
    success: np.ndarray | None = None
    norm_scan: np.ndarray | None = None
    stat_scan: np.ndarray | None = None
    is_limit: np.ndarray | None = None
    n_sigma: float = eqx.field(static=True, default=1.0)
    n_sigma_ul: float = eqx.field(static=True, default=2.0)

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
        return None if ts is None else np.copysign(np.sqrt(np.clip(ts, 0.0, None)), self.norm)

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
        """List the columns of a kind that there are: value, errors and limit.

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


def estimate_flux_points(
    datasets: Dataset | Sequence[Dataset],
    models: Models,
    source: str,
    energy_edges: Any,
    *,
    n_sigma: float = 1.0,
    n_sigma_ul: float = 2.0,
    selection: Sequence[str] | str = ("ul",),
    folding: Folding | None = None,
) -> FluxPoints:
    r"""Estimate the flux of a source in bands of energy, everything else fixed.

    In each band the predicted counts are :math:`\mu_i = \max(0, x s_i + b_i)`, with the source
    :math:`s` and all other models :math:`b` as given, and the norm :math:`x` minimises the sum of
    the Cash statistic over the bins of all datasets,

    .. math:: C(x) = 2 \sum_i (\mu_i - n_i \ln \mu_i)

    which is convex. Bins of on/off data add the statistic with profiled background instead, see
    `gjax.estimate.onoff_profile`: in a single bin the best fit is the excess
    :math:`n_\mathrm{on} - \alpha n_\mathrm{off}` over the prediction. Errors are
    :math:`n_\sigma \sqrt{2 / C''}` (from half of the distance between the following roots where a
    prediction is clipped at zero) and the roots of :math:`C(x) = C(\hat{x}) + n_\sigma^2`; the
    upper limit is the upper root for :math:`n_{\sigma, \mathrm{ul}}^2`. The test statistic is
    :math:`C(0) - C(\hat{x})`. The best fit may be negative; without counts where the source is, it
    is that which takes away as much as the background there, and the upper limit is a number still.

    Parameters
    ----------
    datasets :
        One dataset or several with aligned energy axes, joined in each band; backgrounds may be
        modelled in some and measured in others.
    models :
        All models at their best fit.
    source :
        Name of the source among them; its spectrum is the reference.
    energy_edges :
        Edges of the bands in TeV or as a Quantity, increasing. Each is moved to the edge of the
        energy bins that is nearest in log energy; a band that then holds no bin has no result.
    n_sigma, n_sigma_ul :
        Widths of the errors and of the upper limit.
    selection :
        What to estimate besides norm, symmetric error and significance: any of ``"errn-errp"``,
        ``"ul"`` and ``"scan"``, or ``"all"``.
    folding :
        Numerical choices of the prediction; accurate by default.

    Raises
    ------
    ValueError
        For energies that do not increase, an unknown selection, datasets without counts or with
        energy axes that are not aligned, or a source that is no source on the sky.
    gjax.errors.UnknownNameError
        If there is no model of this name.

    References
    ----------
    W. Cash, ApJ 228 (1979) 939; T.-P. Li and Y.-Q. Ma, ApJ 272 (1983) 317; G. Cowan et al., Eur.
    Phys. J. C 71 (2011) 1554, for the test statistic.
    """
    listed = [datasets] if isinstance(datasets, Dataset) else list(datasets)
    wanted = _check_selection(selection)
    model = models[source]
    if not isinstance(model, SkyModel):
        raise ValueError(f"{source!r} is a background model; flux points are those of a source")
    bands = find_bands(listed, energy_edges)
    signal, background = predict_source(listed, models, source, folding)
    rows = [collect(listed, signal, background, band) for band in bands]
    valid = np.array([row.is_usable for row in rows], bool)
    columns: dict[str, Any] = {}
    norm = np.full(len(bands), np.nan)
    if valid.any():
        chosen = [row for row, usable in zip(rows, valid, strict=True) if usable]
        parts = ("signal", "background", "counts", "counts_off", "alpha")
        profile = norm_profile(
            *([np.concatenate(getattr(row, name)) for row in chosen] for name in parts)
        )
        found = _solve(profile, n_sigma, n_sigma_ul, wanted)
        columns = {name: _spread(values, valid) for name, values in found.items()}
        norm = columns.pop("norm")
    sums = count(rows, norm)
    low, high = (np.array([getattr(band, end) for band in bands]) for end in ("low", "high"))
    center = np.sqrt(low * high)
    return FluxPoints(
        source=source,
        e_ref=center,
        e_min=low,
        e_max=high,
        ref_dnde=np.asarray(model.spectral(center), float),
        ref_flux=np.asarray(model.spectral.integral(low, high), float),
        ref_eflux=np.asarray(model.spectral.energy_flux(low, high), float),
        norm=norm,
        success=valid,
        norm_scan=_SCAN if "scan" in wanted else None,
        n_sigma=float(n_sigma),
        n_sigma_ul=float(n_sigma_ul),
        **sums,
        **columns,
    )


def _check_selection(selection: Sequence[str] | str) -> tuple[str, ...]:
    names = (selection,) if isinstance(selection, str) else tuple(selection)
    for name in names:
        if name not in (*SELECTION, "all"):
            raise ValueError(
                f"{name!r} cannot be estimated; known: {', '.join(SELECTION)}, or all of them: all"
            )
    return SELECTION if "all" in names else names


def _solve(
    profile: NormProfile, n_sigma: float, n_sigma_ul: float, wanted: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Find best fits, errors and limits of all bands."""
    norm = profile.best_fit()
    found = {
        "norm": norm,
        "norm_err": profile.error(norm, n_sigma**2),
        "stat": profile.stat(norm),
        "stat_null": profile.stat(np.zeros_like(norm)),
    }
    if "errn-errp" in wanted:
        found["norm_errn"] = norm - profile.lower_limit(norm, n_sigma**2)
        found["norm_errp"] = profile.upper_limit(norm, n_sigma**2) - norm
    if "ul" in wanted:
        found["norm_ul"] = profile.upper_limit(norm, n_sigma_ul**2)
    if "scan" in wanted:
        scan = [profile.stat(np.full_like(norm, value)) for value in _SCAN]
        found["stat_scan"] = np.stack(scan, axis=1)
    return found


def _spread(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Put the results of some bands among all, with NaN for the others."""
    spread = np.full((len(valid), *values.shape[1:]), np.nan)
    spread[valid] = values
    return spread
