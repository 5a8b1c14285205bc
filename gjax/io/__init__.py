"""The only code that opens files: readers and writers for the formats of the field.

Readers name the file, the HDU and the column that are wrong (`gjax.errors.FileFormatError`).
Writers write beside the target and rename, and never replace a file unless told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.io.checkpoint import CheckpointFile as CheckpointFile
    from gjax.io.datasets import read_dataset as read_dataset
    from gjax.io.datasets import write_dataset as write_dataset
    from gjax.io.datasets_yaml import read_datasets as read_datasets
    from gjax.io.datasets_yaml import write_datasets as write_datasets
    from gjax.io.ebl import read_ebl as read_ebl
    from gjax.io.fermi import read_fermi_events as read_fermi_events
    from gjax.io.fermi import read_fermi_psf as read_fermi_psf
    from gjax.io.fit import read_fit as read_fit
    from gjax.io.fit import write_fit as write_fit
    from gjax.io.flux_points import read_flux_points as read_flux_points
    from gjax.io.flux_points import read_flux_points_dataset as read_flux_points_dataset
    from gjax.io.flux_points import write_flux_points as write_flux_points
    from gjax.io.flux_points import write_flux_points_dataset as write_flux_points_dataset
    from gjax.io.flux_table import flux_points_from_table as flux_points_from_table
    from gjax.io.flux_table import flux_points_to_table as flux_points_to_table
    from gjax.io.gadf import DataStore as DataStore
    from gjax.io.healpix import read_healpix_map as read_healpix_map
    from gjax.io.light_curve import read_light_curve as read_light_curve
    from gjax.io.light_curve import write_light_curve as write_light_curve
    from gjax.io.maps import read_map as read_map
    from gjax.io.maps import read_mask as read_mask
    from gjax.io.maps import write_map as write_map
    from gjax.io.models import read_models as read_models
    from gjax.io.models import write_models as write_models
    from gjax.io.ogip import read_ogip as read_ogip
    from gjax.io.ogip import write_ogip as write_ogip
    from gjax.io.posterior import read_posterior as read_posterior
    from gjax.io.posterior import write_posterior as write_posterior
    from gjax.io.results import read_result as read_result
    from gjax.io.results import write_result as write_result
    from gjax.io.template import read_fermi_isotropic as read_fermi_isotropic
    from gjax.io.template import read_template as read_template

__all__ = [
    "CheckpointFile",
    "DataStore",
    "flux_points_from_table",
    "flux_points_to_table",
    "read_dataset",
    "read_datasets",
    "read_ebl",
    "read_fermi_events",
    "read_fermi_isotropic",
    "read_fermi_psf",
    "read_fit",
    "read_flux_points",
    "read_flux_points_dataset",
    "read_healpix_map",
    "read_light_curve",
    "read_map",
    "read_mask",
    "read_models",
    "read_ogip",
    "read_posterior",
    "read_result",
    "read_template",
    "write_dataset",
    "write_datasets",
    "write_fit",
    "write_flux_points",
    "write_flux_points_dataset",
    "write_light_curve",
    "write_map",
    "write_models",
    "write_ogip",
    "write_posterior",
    "write_result",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.io.checkpoint": ("CheckpointFile",),
        "gjax.io.datasets": ("read_dataset", "write_dataset"),
        "gjax.io.datasets_yaml": ("read_datasets", "write_datasets"),
        "gjax.io.ebl": ("read_ebl",),
        "gjax.io.fermi": ("read_fermi_events", "read_fermi_psf"),
        "gjax.io.fit": ("read_fit", "write_fit"),
        "gjax.io.flux_points": (
            "read_flux_points",
            "read_flux_points_dataset",
            "write_flux_points",
            "write_flux_points_dataset",
        ),
        "gjax.io.flux_table": ("flux_points_from_table", "flux_points_to_table"),
        "gjax.io.gadf": ("DataStore",),
        "gjax.io.healpix": ("read_healpix_map",),
        "gjax.io.light_curve": ("read_light_curve", "write_light_curve"),
        "gjax.io.maps": ("read_map", "read_mask", "write_map"),
        "gjax.io.models": ("read_models", "write_models"),
        "gjax.io.ogip": ("read_ogip", "write_ogip"),
        "gjax.io.posterior": ("read_posterior", "write_posterior"),
        "gjax.io.results": ("read_result", "write_result"),
        "gjax.io.template": ("read_fermi_isotropic", "read_template"),
    },
)
