"""From observations to datasets: pure functions on the host."""

from __future__ import annotations

from gjax.reduce.background import scale_fov_background as scale_fov_background
from gjax.reduce.pipeline import empty_dataset as empty_dataset
from gjax.reduce.pipeline import reduce_map_dataset as reduce_map_dataset
from gjax.reduce.pipeline import reduce_observations as reduce_observations
from gjax.reduce.safe_mask import safe_mask as safe_mask

__all__ = [
    "empty_dataset",
    "reduce_map_dataset",
    "reduce_observations",
    "safe_mask",
    "scale_fov_background",
]
