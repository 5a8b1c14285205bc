"""The internal unit table and the two conversions at the edges of gjax.

Inside, every number is a plain float in TeV, cm, s, deg and sr, or a product of them. Users pass
and get `astropy.units.Quantity`; a bare number given for a dimensional argument is already
internal. astropy is imported where it is first needed: it takes as long as a third of JAX does.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from astropy import units as u

__all__ = ["INTERNAL_UNITS", "internal_unit", "to_internal", "to_quantity"]

#: The base units; every internal unit is a product of powers of these with scale exactly one.
INTERNAL_UNITS = {
    "energy": "TeV",
    "length": "cm",
    "time": "s",
    "angle": "deg",
    "solid angle": "sr",
}


@lru_cache(maxsize=512)
def internal_unit(unit: str) -> str:
    """Give the internal unit of the same dimension as ``unit``, as a FITS string.

    Examples
    --------
    >>> internal_unit("m2 s"), internal_unit("1/(MeV s sr)"), internal_unit("erg")
    ('cm2 s', 'TeV-1 s-1 sr-1', 'TeV')
    """
    from astropy import units as u

    parsed = u.Unit(unit)
    if not parsed.bases:
        return ""
    target = u.dimensionless_unscaled
    for base, power in zip(parsed.bases, parsed.powers, strict=True):
        target = target * _internal_base(base) ** power
    # Bases of one kind (MeV and erg, say) may have met: combine, and drop the scale.
    target = target.decompose(bases=_base_units())
    return u.CompositeUnit(1.0, target.bases, target.powers).to_string("fits").strip()


@lru_cache(maxsize=1)
def _base_units() -> tuple[u.UnitBase, ...]:
    from astropy import units as u

    return tuple(u.Unit(unit) for unit in INTERNAL_UNITS.values())


def _internal_base(base: u.UnitBase) -> u.UnitBase:
    """Replace one irreducible factor of a unit by its internal counterpart."""
    from astropy import units as u

    for candidate in _base_units():
        if base.is_equivalent(candidate):
            return candidate
    if base.is_equivalent(u.dimensionless_unscaled):
        return u.dimensionless_unscaled
    return base


def to_internal(value: Any, unit: str, name: str = "value") -> Any:
    """Convert a Quantity to a plain float (array) in ``unit``; pass bare numbers on.

    Parameters
    ----------
    value :
        A Quantity, a string such as ``"0.1 TeV"``, or a bare number (taken as already in ``unit``).
    unit :
        The target unit.
    name :
        What the value is for; named in the error.

    Raises
    ------
    astropy.units.UnitConversionError
        If the unit of ``value`` is not that of the same dimension.
    """
    if not isinstance(value, str) and "astropy.units" not in sys.modules:
        return value  # nobody can have made a Quantity yet
    from astropy import units as u

    if isinstance(value, str):
        value = u.Quantity(value)
    if not isinstance(value, u.Quantity):
        return value
    try:
        converted = value.to_value(unit)
    except u.UnitConversionError:
        raise u.UnitConversionError(
            f"{name} has unit {value.unit.to_string()!r}, which cannot be converted to {unit!r}"
        ) from None
    return float(converted) if np.ndim(converted) == 0 else np.asarray(converted, float)


def to_quantity(value: Any, unit: str) -> u.Quantity:
    """Attach ``unit`` to internal numbers."""
    from astropy import units as u

    return u.Quantity(np.asarray(value), unit)
