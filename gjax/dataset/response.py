"""Instrument responses projected on the sky, as a dataset carries them.

Each map holds one response per coarse sky pixel, with the exposure that weights it when datasets
are stacked. How a response is looked up at a source and applied to a model is the business of
`gjax.predict`; how it is made from the response tables of an observation, of `gjax.reduce`.
"""

from __future__ import annotations

import equinox as eqx

from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.typing import ArrayLike

__all__ = ["EDispKernelMap", "EDispMap", "PSFMap", "RecoPSFMap"]


def _check(name: str, data: ArrayLike, expected: tuple[int, ...], axes: str) -> None:
    if tuple(data.shape) != expected:
        raise ValueError(f"{name} has shape {tuple(data.shape)}, expected {axes} = {expected}")


class PSFMap(eqx.Module):
    r"""The radial profile of the point spread function in each coarse pixel.

    Parameters
    ----------
    data :
        Probability per solid angle in sr-1, shape ``(etrue, rad, y, x)``. The integral
        :math:`\int 2\pi\,r\,f(r)\,dr` over the rad axis is one (zero where there is no
        response).
    exposure :
        Exposure in cm2 s that weights the map in a stack, shape ``(etrue, y, x)``.
    geom, energy_true, rad :
        The coarse geometry and the axes; ``rad`` in deg.
    """

    data: ArrayLike
    exposure: ArrayLike
    geom: WcsGeom | RegionGeom = eqx.field(static=True)
    energy_true: MapAxis = eqx.field(static=True)
    rad: MapAxis = eqx.field(static=True)

    def __check_init__(self) -> None:
        n_energy, shape = self.energy_true.nbin, self.geom.shape
        _check("psf", self.data, (n_energy, self.rad.nbin, *shape), "(etrue, rad, y, x)")
        _check("psf exposure", self.exposure, (n_energy, *shape), "(etrue, y, x)")


class RecoPSFMap(eqx.Module):
    """The radial profile of the point spread function per reconstructed energy.

    Instruments that sort events by their quality, as HAWC does, give their PSF in the energies in
    which events are counted: it is applied after the energy dispersion, not before it.

    Parameters
    ----------
    data :
        Probability per solid angle in sr-1, shape ``(ereco, rad, y, x)``; integrates to one over
        the rad axis, or is zero where there is no response.
    exposure :
        Exposure in cm2 s that tells where the map holds, shape ``(ereco, y, x)``; None where the
        file has none.
    geom, energy, rad :
        The coarse geometry and the axes; ``rad`` in deg.
    """

    data: ArrayLike
    exposure: ArrayLike | None
    geom: WcsGeom | RegionGeom = eqx.field(static=True)
    energy: MapAxis = eqx.field(static=True)
    rad: MapAxis = eqx.field(static=True)

    def __check_init__(self) -> None:
        n_energy, shape = self.energy.nbin, self.geom.shape
        _check("psf", self.data, (n_energy, self.rad.nbin, *shape), "(ereco, rad, y, x)")
        if self.exposure is not None:
            _check("psf exposure", self.exposure, (n_energy, *shape), "(ereco, y, x)")


class EDispMap(eqx.Module):
    """The distribution of migra = energy / energy_true in each coarse pixel.

    Parameters
    ----------
    data :
        Probability per unit migra, shape ``(etrue, migra, y, x)``.
    exposure :
        Exposure in cm2 s that weights the map in a stack, shape ``(etrue, y, x)``.
    geom, energy_true, migra :
        The coarse geometry and the axes.
    """

    data: ArrayLike
    exposure: ArrayLike
    geom: WcsGeom | RegionGeom = eqx.field(static=True)
    energy_true: MapAxis = eqx.field(static=True)
    migra: MapAxis = eqx.field(static=True)

    def __check_init__(self) -> None:
        n_energy, shape = self.energy_true.nbin, self.geom.shape
        _check("edisp", self.data, (n_energy, self.migra.nbin, *shape), "(etrue, migra, y, x)")
        _check("edisp exposure", self.exposure, (n_energy, *shape), "(etrue, y, x)")


class EDispKernelMap(eqx.Module):
    """The probability of each reconstructed energy bin in each coarse pixel.

    Parameters
    ----------
    data :
        Probability, shape ``(etrue, ereco, y, x)``. Rows may sum to less than one: events outside
        the reconstructed range are lost.
    exposure :
        Exposure in cm2 s that weights the map in a stack, shape ``(etrue, y, x)``.
    geom, energy_true, energy :
        The coarse geometry and the axes.
    """

    data: ArrayLike
    exposure: ArrayLike
    geom: WcsGeom | RegionGeom = eqx.field(static=True)
    energy_true: MapAxis = eqx.field(static=True)
    energy: MapAxis = eqx.field(static=True)

    def __check_init__(self) -> None:
        n_energy, shape = self.energy_true.nbin, self.geom.shape
        _check("edisp", self.data, (n_energy, self.energy.nbin, *shape), "(etrue, ereco, y, x)")
        _check("edisp exposure", self.exposure, (n_energy, *shape), "(etrue, y, x)")
