"""Array aliases with axis names, shared by the whole package.

Axis names: ``etrue`` true energy, ``ereco`` reconstructed energy, ``y x`` pixels, ``rad`` the
radial axis of a PSF, ``par`` free parameters.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Array, Bool, Float, Int

__all__ = [
    "Array",
    "ArrayLike",
    "Bool",
    "Cube",
    "CubeMask",
    "CubeTrue",
    "Float",
    "Image",
    "Int",
    "Kernel",
    "Scalar",
    "Theta",
]

#: Anything that numpy or jax takes as an array (host arrays included).
ArrayLike: TypeAlias = Any
#: A parameter: given as a number or Quantity, kept as a scalar array.
Scalar: TypeAlias = Float[Array, ""] | float
Image: TypeAlias = Float[Array, "y x"]
Cube: TypeAlias = Float[Array, "ereco y x"]
CubeTrue: TypeAlias = Float[Array, "etrue y x"]
CubeMask: TypeAlias = Bool[Array, "ereco y x"]
Kernel: TypeAlias = Float[Array, "etrue ereco"]
#: Free coordinates; from minimisers on the host as numpy arrays.
Theta: TypeAlias = Float[Array, " par"] | Float[np.ndarray, " par"]
