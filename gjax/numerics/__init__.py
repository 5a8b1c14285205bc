"""Pure array functions without nouns of astronomy (save the sphere): interpolation, quadrature, ...

What lives here takes arrays and gives arrays, is differentiable, and works for numpy and jax arrays
alike where data reduction on the host needs it too (see `gjax.numerics.namespace`). Geometry of
maps, units and files live elsewhere.
"""

from __future__ import annotations

__all__ = []
