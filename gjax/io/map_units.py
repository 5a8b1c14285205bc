"""Units of maps in files, and the internal units that they become."""

from __future__ import annotations

from astropy import units as u

from gjax.units import internal_unit

__all__ = ["from_stored_unit", "to_stored_unit"]


def from_stored_unit(written: str) -> tuple[str, float]:
    """Give the internal unit of data with a unit as written, and the factor that leads to it.

    Squared angles become solid angles. A unit that is not known is kept.
    """
    unit = _parsed(written)
    if unit is None:
        return written, 1.0
    target = unit
    for base, power in zip(unit.bases, unit.powers, strict=True):
        if base.is_equivalent(u.deg) and abs(power) == 2:
            target = target / base**power * u.sr ** int(power / 2)  # the sky is not flat
    internal = internal_unit(target.to_string())
    return internal, float(unit.to(internal))


def to_stored_unit(unit: str, wanted: str | None = None) -> tuple[str, float]:
    """Give the unit in a file of data in an internal unit, and the factor that leads to it.

    Parameters
    ----------
    unit :
        Internal unit of the data.
    wanted :
        Unit in the file; by default that of the data, save that exposures (cm2 s) are stored in
        m2 s as Gammapy does.
    """
    if wanted is None:
        wanted = "m2 s" if _parsed(unit) == u.Unit("cm2 s") else unit
    if wanted == unit:
        return unit, 1.0
    return wanted, float(u.Unit(unit).to(wanted))


def _parsed(unit: str) -> u.UnitBase | None:
    try:
        return u.Unit(unit)
    except ValueError:
        return None
