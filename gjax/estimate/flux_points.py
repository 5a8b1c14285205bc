r"""Flux points: the flux of a source in bands of energy, its spectral shape in each band assumed.

Here is their estimation from binned counts. The container is in `gjax.estimate.points`, the bins of
the bands are collected in `gjax.estimate.bands`, the one-dimensional statistic is in
`gjax.estimate.norm_profile` and files are written by `gjax.io.flux_points`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.estimate.bands import collect, count, find_bands, predict_source, scale_acceptance
from gjax.estimate.norm_profile import NormProfile, norm_profile
from gjax.estimate.points import FluxPoints
from gjax.model import Models, SkyModel
from gjax.predict.options import Folding

__all__ = ["SELECTION", "estimate_flux_points"]

#: What may be estimated besides norm, symmetric error and significance.
SELECTION = ("errn-errp", "ul", "scan")
#: Norms at which the statistic is scanned.
_SCAN = np.geomspace(0.2, 5.0, 11)


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
        All models at their best fit; those of other datasets may be among them. Response modifiers
        act as in the fit, so that points are corrected for what they say of the instrument.
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
    listed = scale_acceptance(listed, models)
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
