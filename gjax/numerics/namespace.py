"""Choice of the array library by the arrays at hand.

One formula then serves the data reduction on the host (numpy, float64) and the traced likelihood
(jax.numpy). Nothing else lives here.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["array_namespace"]


def array_namespace(*arrays: Any) -> Any:
    """Give `jax.numpy` if any argument is a jax array or tracer, and `numpy` otherwise.

    Parameters
    ----------
    arrays :
        Arrays, scalars or sequences; anything that is not a jax array counts as host data.

    Examples
    --------
    >>> array_namespace(1.0, [2.0, 3.0]).__name__
    'numpy'
    """
    return jnp if any(isinstance(array, jax.Array) for array in arrays) else np
