"""The point source."""

from __future__ import annotations

from typing import ClassVar, NoReturn, final

import equinox as eqx

from gjax.model.spatial.abstract import AbstractSpatial, check_frame
from gjax.numerics.namespace import array_namespace
from gjax.parameters import param
from gjax.typing import ArrayLike, Scalar

__all__ = ["Point"]


@final
class Point(AbstractSpatial):
    """A source without extent.

    Its density is a delta function, so it has no value to evaluate: the forward folding puts the
    point spread function itself at `position`.

    Parameters
    ----------
    lon_0, lat_0 :
        Position in deg.
    frame :
        Sky frame of the position: ``"icrs"`` or ``"galactic"``.
    """

    lon_0: Scalar = param(0.0, unit="deg", scale=0.1)
    lat_0: Scalar = param(0.0, unit="deg", min=-90.0, max=90.0, scale=0.1)
    frame: str = eqx.field(static=True, default="icrs")
    is_point: ClassVar[bool] = True

    def __check_init__(self) -> None:
        check_frame(self.frame)

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """Longitude and latitude in deg."""
        return self.lon_0, self.lat_0

    @property
    def evaluation_radius(self) -> Scalar:
        """Zero: all of the source is at its position."""
        return array_namespace(self.lon_0).zeros_like(self.lon_0)

    @property
    def evaluation_bin_size(self) -> Scalar:
        """Zero: no sub-pixel resolves a point."""
        return array_namespace(self.lon_0).zeros_like(self.lon_0)

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> NoReturn:
        """Refuse: a delta function has no value.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError(
            "a point source has no density in sr-1 (its image is the PSF); check `is_point` first"
        )
