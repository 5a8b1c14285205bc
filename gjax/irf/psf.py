"""Point spread functions: tabulated profiles, triple Gaussians and King profiles.

All give the probability per solid angle in sr-1 as a function of the angle ``rad`` from the source.
How they are projected on a sky map lives in `gjax.reduce`.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from gjax.irf.table import Table, finite, interpolate
from gjax.maps.axis import MapAxis
from gjax.typing import ArrayLike

__all__ = ["PSF3Gauss", "PSFKing", "PSFTable"]

#: Square degrees in one sr: angles are in deg, densities per sr.
DEG2_PER_SR = (180.0 / np.pi) ** 2


def _parameter(values: Any) -> np.ndarray:
    return np.asarray(values, float)


def _check_shapes(psf: Any, names: tuple[str, ...]) -> None:
    expected = (psf.energy_true.nbin, psf.offset.nbin)
    for name in names:
        shape = getattr(psf, name).shape
        if shape != expected:
            raise ValueError(
                f"{name} has shape {shape}, expected (energy_true, offset) = {expected}"
            )


def _parameters(psf: Any, names: tuple[str, ...], energy_true: Any, offset: Any) -> list[Any]:
    """Interpolate the parameters of a profile; they go on linearly beyond the table.

    Unlike tabulated responses, parameters are not cut at the edges of the axes (nor are they in
    Gammapy): what lies outside is weighted with an exposure of zero.
    """
    axes = (psf.energy_true, psf.offset)
    coords = (energy_true, offset)
    return [np.maximum(interpolate(getattr(psf, name), axes, coords), 0.0) for name in names]


class PSFTable(eqx.Module):
    """A tabulated radial profile.

    Parameters
    ----------
    table :
        Axes ``(energy_true, offset, rad)`` in TeV, deg and deg; values in sr-1.
    is_pointlike :
        Whether a cut on the direction has been applied.
    """

    table: Table
    is_pointlike: bool = eqx.field(static=True, default=False)

    def evaluate(self, energy_true: Any, offset: Any, rad: Any) -> np.ndarray:
        """Give the probability per solid angle in sr-1; zero outside the axes.

        Parameters
        ----------
        energy_true, offset, rad :
            TeV, deg and deg; they broadcast.
        """
        return self.table.evaluate(energy_true=energy_true, offset=offset, rad=rad)

    def containment(self, rad: Any, energy_true: Any, offset: Any) -> np.ndarray:
        r"""Give the probability within ``rad``.

        .. math:: C(r) = \int_0^r 2\pi\,r' f(r')\,dr'

        with the profile constant in each bin of the rad axis, and the cumulative sum linear between
        its edges. It is not forced to reach one.

        Parameters
        ----------
        rad, energy_true, offset :
            deg, TeV and deg; they broadcast.
        """
        axis = self.table.axis("rad")
        edges, center = np.asarray(axis.edges, float), np.asarray(axis.center, float)
        steps = self.table.data * (2 * np.pi * center * np.diff(edges) / DEG2_PER_SR)
        cumulative = np.cumsum(steps, axis=-1)
        cumulative = np.concatenate([np.zeros_like(cumulative[..., :1]), cumulative], axis=-1)
        table = Table(
            cumulative,
            (*self.table.axes[:2], MapAxis.from_nodes(edges, "rad")),
        )
        rad = np.clip(np.asarray(rad, float), edges[0], edges[-1])
        return table.evaluate(energy_true=energy_true, offset=offset, rad=rad)


class PSF3Gauss(eqx.Module):
    r"""A sum of three two-dimensional Gaussians whose parameters are tabulated.

    .. math::
        f(r) = \sum_i \frac{n_i}{2\pi\sigma_i^2} e^{-r^2 / 2\sigma_i^2}, \qquad
        n_i = \frac{S A_i \sigma_i^2}{\sum_j S A_j \sigma_j^2}, \qquad A_1 = 1.

    The parameters are interpolated, not the profile. A width written as zero means that there is no
    such component.

    Parameters
    ----------
    sigma_1, sigma_2, sigma_3 :
        Widths in deg, shape ``(energy_true, offset)``.
    scale, ampl_2, ampl_3 :
        Amplitude of the first Gaussian, and of the others relative to it, same shape.
    energy_true, offset :
        The axes, in TeV and deg.
    is_pointlike :
        Whether a cut on the direction has been applied.
    """

    sigma_1: ArrayLike = eqx.field(converter=_parameter)
    sigma_2: ArrayLike = eqx.field(converter=_parameter)
    sigma_3: ArrayLike = eqx.field(converter=_parameter)
    scale: ArrayLike = eqx.field(converter=_parameter)
    ampl_2: ArrayLike = eqx.field(converter=_parameter)
    ampl_3: ArrayLike = eqx.field(converter=_parameter)
    energy_true: MapAxis = eqx.field(static=True)
    offset: MapAxis = eqx.field(static=True)
    is_pointlike: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        _check_shapes(self, ("sigma_1", "sigma_2", "sigma_3", "scale", "ampl_2", "ampl_3"))

    def _components(self, energy_true: Any, offset: Any) -> list[tuple[np.ndarray, np.ndarray]]:
        """Give norm and squared width in deg2 of the three Gaussians; the norms sum to one."""
        names = ("sigma_1", "sigma_2", "sigma_3", "scale", "ampl_2", "ampl_3")
        sigma_1, sigma_2, sigma_3, scale, ampl_2, ampl_3 = _parameters(
            self, names, energy_true, offset
        )
        sigmas2 = [sigma**2 for sigma in (sigma_1, sigma_2, sigma_3)]
        # The missing parameters of a component (NaN) must not hide the other two.
        norms = [
            finite(scale * ampl * sigma2)
            for ampl, sigma2 in zip((1.0, ampl_2, ampl_3), sigmas2, strict=True)
        ]
        total = norms[0] + norms[1] + norms[2]
        safe = np.where(total > 0, total, 1.0)
        return [
            (norm / safe, np.where(norm > 0, sigma2, 1.0))
            for norm, sigma2 in zip(norms, sigmas2, strict=True)
        ]

    def evaluate(self, energy_true: Any, offset: Any, rad: Any) -> np.ndarray:
        """Give the probability per solid angle in sr-1.

        Parameters
        ----------
        energy_true, offset, rad :
            TeV, deg and deg; they broadcast. The parameters go on linearly beyond the axes.
        """
        rad2 = np.asarray(rad, float) ** 2
        terms = [
            norm * DEG2_PER_SR / (2 * np.pi * sigma2) * np.exp(-0.5 * rad2 / sigma2)
            for norm, sigma2 in self._components(energy_true, offset)
        ]
        return terms[0] + terms[1] + terms[2]

    def containment(self, rad: Any, energy_true: Any, offset: Any) -> np.ndarray:
        r"""Give the probability within ``rad``, :math:`\sum_i n_i (1 - e^{-r^2/2\sigma_i^2})`.

        Parameters
        ----------
        rad, energy_true, offset :
            deg, TeV and deg; they broadcast.
        """
        rad2 = np.asarray(rad, float) ** 2
        terms = [
            -norm * np.expm1(-0.5 * rad2 / sigma2)
            for norm, sigma2 in self._components(energy_true, offset)
        ]
        return terms[0] + terms[1] + terms[2]


class PSFKing(eqx.Module):
    r"""A King profile whose parameters are tabulated.

    .. math::
        f(r) = \frac{1}{2\pi\sigma^2} \left(1 - \frac{1}{\gamma}\right)
               \left(1 + \frac{r^2}{2\gamma\sigma^2}\right)^{-\gamma}

    The parameters are interpolated, not the profile. Where the profile cannot be normalised
    (:math:`\gamma \le 1`) it is zero.

    Parameters
    ----------
    gamma, sigma :
        Slope, and width in deg; shape ``(energy_true, offset)``.
    energy_true, offset :
        The axes, in TeV and deg.
    is_pointlike :
        Whether a cut on the direction has been applied.
    """

    gamma: ArrayLike = eqx.field(converter=_parameter)
    sigma: ArrayLike = eqx.field(converter=_parameter)
    energy_true: MapAxis = eqx.field(static=True)
    offset: MapAxis = eqx.field(static=True)
    is_pointlike: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        _check_shapes(self, ("gamma", "sigma"))

    def _profile(self, energy_true: Any, offset: Any, rad: Any) -> tuple[np.ndarray, ...]:
        """Give where there is a profile, gamma, sigma^2 and 1 + r^2 / (2 gamma sigma^2)."""
        gamma, sigma = _parameters(self, ("gamma", "sigma"), energy_true, offset)
        valid = (gamma > 1) & (sigma > 0)
        gamma, sigma2 = np.where(valid, gamma, 2.0), np.where(valid, sigma, 1.0) ** 2
        return valid, gamma, sigma2, 1 + np.asarray(rad, float) ** 2 / (2 * gamma * sigma2)

    def evaluate(self, energy_true: Any, offset: Any, rad: Any) -> np.ndarray:
        """Give the probability per solid angle in sr-1.

        Parameters
        ----------
        energy_true, offset, rad :
            TeV, deg and deg; they broadcast. The parameters go on linearly beyond the axes.
        """
        valid, gamma, sigma2, base = self._profile(energy_true, offset, rad)
        values = DEG2_PER_SR / (2 * np.pi * sigma2) * (1 - 1 / gamma) * base**-gamma
        return np.where(valid, values, 0.0)

    def containment(self, rad: Any, energy_true: Any, offset: Any) -> np.ndarray:
        r"""Give the probability within ``rad``, :math:`1 - (1 + r^2/2\gamma\sigma^2)^{1-\gamma}`.

        Parameters
        ----------
        rad, energy_true, offset :
            deg, TeV and deg; they broadcast.
        """
        valid, gamma, _, base = self._profile(energy_true, offset, rad)
        return np.where(valid, 1 - base ** (1 - gamma), 0.0)
