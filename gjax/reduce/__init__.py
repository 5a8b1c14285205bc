"""From observations to datasets: pure functions on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names
from gjax.reduce.safe_mask import safe_mask as safe_mask

if TYPE_CHECKING:
    from gjax.reduce.background import scale_fov_background as scale_fov_background
    from gjax.reduce.off_regions import reflected_regions as reflected_regions
    from gjax.reduce.off_regions import wobble_regions as wobble_regions
    from gjax.reduce.phase import phase_background as phase_background
    from gjax.reduce.pipeline import empty_dataset as empty_dataset
    from gjax.reduce.pipeline import reduce_map_dataset as reduce_map_dataset
    from gjax.reduce.pipeline import reduce_observations as reduce_observations
    from gjax.reduce.reflected import reflected_background as reflected_background
    from gjax.reduce.ring import adaptive_ring_background as adaptive_ring_background
    from gjax.reduce.ring import ring_background as ring_background
    from gjax.reduce.spectra import reduce_spectra as reduce_spectra
    from gjax.reduce.spectrum import reduce_spectrum_dataset as reduce_spectrum_dataset

__all__ = [
    "adaptive_ring_background",
    "empty_dataset",
    "phase_background",
    "reduce_map_dataset",
    "reduce_observations",
    "reduce_spectra",
    "reduce_spectrum_dataset",
    "reflected_background",
    "reflected_regions",
    "ring_background",
    "safe_mask",
    "scale_fov_background",
    "wobble_regions",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.reduce.background": ("scale_fov_background",),
        "gjax.reduce.off_regions": ("reflected_regions", "wobble_regions"),
        "gjax.reduce.phase": ("phase_background",),
        "gjax.reduce.pipeline": ("empty_dataset", "reduce_map_dataset", "reduce_observations"),
        "gjax.reduce.reflected": ("reflected_background",),
        "gjax.reduce.ring": ("adaptive_ring_background", "ring_background"),
        "gjax.reduce.spectra": ("reduce_spectra",),
        "gjax.reduce.spectrum": ("reduce_spectrum_dataset",),
    },
)
