"""What a fit sees: datasets, their responses, and how they are cut and stacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.dataset.stack import stack as stack
from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.dataset.dataset import Dataset as Dataset
    from gjax.dataset.datasets import AnyDataset as AnyDataset
    from gjax.dataset.datasets import Datasets as Datasets
    from gjax.dataset.edit import cutout as cutout
    from gjax.dataset.edit import energy_mask as energy_mask
    from gjax.dataset.edit import slice_energy as slice_energy
    from gjax.dataset.edit import with_mask_fit as with_mask_fit
    from gjax.dataset.flux_points import FluxPointsDataset as FluxPointsDataset
    from gjax.dataset.from_maps import dataset_from_maps as dataset_from_maps
    from gjax.dataset.response import EDispKernelMap as EDispKernelMap
    from gjax.dataset.response import EDispMap as EDispMap
    from gjax.dataset.response import PSFMap as PSFMap
    from gjax.dataset.response import RecoPSFMap as RecoPSFMap

__all__ = [
    "AnyDataset",
    "Dataset",
    "Datasets",
    "EDispKernelMap",
    "EDispMap",
    "FluxPointsDataset",
    "PSFMap",
    "RecoPSFMap",
    "cutout",
    "dataset_from_maps",
    "energy_mask",
    "slice_energy",
    "stack",
    "with_mask_fit",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.dataset.dataset": ("Dataset",),
        "gjax.dataset.datasets": ("AnyDataset", "Datasets"),
        "gjax.dataset.edit": ("cutout", "energy_mask", "slice_energy", "with_mask_fit"),
        "gjax.dataset.flux_points": ("FluxPointsDataset",),
        "gjax.dataset.from_maps": ("dataset_from_maps",),
        "gjax.dataset.response": ("EDispKernelMap", "EDispMap", "PSFMap", "RecoPSFMap"),
    },
)
