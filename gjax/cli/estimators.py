"""The estimators of a run: what is made from datasets and models once they are fitted.

Which values of their keys can be used is checked by `gjax.cli.support` as the configuration is
read; whether the models have the source that is asked for, here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gjax.cli.products import Products, file_name
from gjax.cli.schema import FluxPoints as FluxPointsSection
from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.errors import ConfigError
from gjax.estimate import FluxPoints, estimate_flux_points
from gjax.io.flux_points import write_flux_points
from gjax.maps import MapAxis
from gjax.model import Models, SkyModel
from gjax.predict.options import Folding

__all__ = [
    "check_source",
    "flux_points_entry",
    "make_flux_points",
    "wants_flux_points",
    "write_products",
]

_COLUMNS = ("dnde", "dnde_err", "dnde_errn", "dnde_errp", "dnde_ul")


def wants_flux_points(section: FluxPointsSection) -> bool:
    """Tell whether a configuration asks for flux points: it names their energies."""
    return section.energy.min is not None


def check_source(section: FluxPointsSection, models: Models) -> None:
    """Check that the source of which flux points are wanted is among the models.

    Raises
    ------
    ConfigError
        If it is not; the message lists the sources that there are.
    """
    if not wants_flux_points(section):
        return
    sources = [name for name, model in models.items() if isinstance(model, SkyModel)]
    if section.source not in sources:
        known = ", ".join(sources) or "none"
        raise ConfigError(
            f"the models have no source named {section.source!r}; there are: {known}",
            key="flux_points.source",
        )


def make_flux_points(
    section: FluxPointsSection,
    datasets: Sequence[AnyDataset],
    models: Models,
    folding: Folding | None = None,
) -> FluxPoints:
    """Estimate the flux points that a configuration asks for, from all datasets with counts."""
    counted = [dataset for dataset in datasets if isinstance(dataset, Dataset)]
    names = [dataset.name for dataset in counted]
    # A source that only flux points see has no part in this.
    present = [
        (name, model)
        for name, model in models.items()
        if model.datasets_names is None or set(model.datasets_names) & set(names)
    ]
    low, high, nbins = section.energy.min, section.energy.max, section.energy.nbins
    assert nbins is not None  # checked when the configuration was read
    given = section.parameters
    return estimate_flux_points(
        counted,
        Models.create(present),
        section.source,
        MapAxis.from_energy_bounds(low, high, nbins).edges,
        n_sigma=float(given.get("n_sigma", 1.0)),
        n_sigma_ul=float(given.get("n_sigma_ul", 2.0)),
        selection=given.get("selection_optional") or (),
        folding=folding,
    )


def write_products(points: FluxPoints, products: Products) -> None:
    """Write flux points as FITS, which keeps everything, and as a table of fluxes to be read."""
    name = f"flux_points-{file_name(points.source)}"
    write_flux_points(points, products.path(f"{name}.fits"), overwrite=True)
    write_flux_points(points, products.path(f"{name}.ecsv"), sed_type="dnde", overwrite=True)


def flux_points_entry(points: FluxPoints) -> dict[str, Any]:
    """Say in ``result.json`` what the flux points are.

    Returns
    -------
    entry :
        ``source``; one value for each band: ``e_ref``, ``e_min`` and ``e_max`` in TeV, ``dnde``
        with those of its errors and limits that were estimated in cm-2 s-1 TeV-1, ``ts``,
        ``sqrt_ts``, ``is_ul`` and ``success``; ``n_sigma`` and ``n_sigma_ul``.
    """
    fluxes = {name: points.column(name).value for name in _COLUMNS if name in points.names()}
    return {
        "source": points.source,
        "e_ref": points.e_ref,
        "e_min": points.e_min,
        "e_max": points.e_max,
        **fluxes,
        "ts": points.ts,
        "sqrt_ts": points.sqrt_ts,
        "is_ul": points.is_ul,
        "success": points.success,
        "n_sigma": points.n_sigma,
        "n_sigma_ul": points.n_sigma_ul,
    }
