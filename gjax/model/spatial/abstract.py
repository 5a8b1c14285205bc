"""What a spatial model is.

The models themselves live in the other modules of this package. Pixels, projections and the
instrument are not known here.
"""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx

from gjax.numerics.vector import from_lonlat
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["FRAMES", "AbstractSpatial", "check_frame"]

#: Sky frames in which a model may have its centre.
FRAMES = ("icrs", "galactic")


class AbstractSpatial(eqx.Module):
    """A morphology on the sky.

    Calling it gives the density per solid angle, whose integral over the sphere is one (except for
    constants, corrections and templates that are not to be normalised). All angles are in deg in
    the model's own ``frame``.
    """

    # Not deferred to a string (no annotations import here): equinox must see that it is no field.
    frame: eqx.AbstractVar[str]
    #: Whether the source has no extent, and so no density: its image is the point spread function.
    is_point: ClassVar[bool]
    #: Whether the density may depend on energy, so that one must be given.
    is_energy_dependent: ClassVar[bool] = False
    #: Whether the model is somewhere; if not, responses are those at the centre of a map.
    has_position: ClassVar[bool] = True
    #: Whether values are per pixel instead of per solid angle.
    is_per_pixel: ClassVar[bool] = False
    #: Whether the density has no edges, so that a sum over fine pixels is as good as an integral.
    is_smooth: ClassVar[bool] = False
    #: Whether values are looked up on the host, so that nothing in the model can be fitted.
    is_tabulated: ClassVar[bool] = False
    #: Whether the model is a table at each node of some parameters, which then can be fitted.
    has_nodes: ClassVar[bool] = False

    @property
    @abstractmethod
    def position(self) -> tuple[Scalar, Scalar]:
        """Longitude and latitude of the centre, in deg."""

    @property
    @abstractmethod
    def evaluation_radius(self) -> Scalar:
        """Radius in deg beyond which the density is negligible."""

    @property
    @abstractmethod
    def evaluation_bin_size(self) -> Scalar:
        """Largest size in deg of a sub-pixel that resolves the morphology; zero for a point."""

    def __call__(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the density in sr-1 at longitudes and latitudes; see `density`.

        Parameters
        ----------
        lon, lat :
            In deg in the model's frame, broadcast against each other.
        """
        return self.density(from_lonlat(lon, lat), resolution, energy)

    @abstractmethod
    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Evaluate the density in sr-1.

        Parameters
        ----------
        direction :
            Unit vectors in the model's frame, shape ``(..., 3)``; see `gjax.numerics.vector`.
        resolution :
            Root mean square size in deg of the cell over which the value is to be an average;
            edges sharper than that are softened to it. Smooth models may ignore it.
        energy :
            True energy in TeV, one number; only models that depend on energy look at it.
        """


def check_frame(frame: str) -> None:
    """Refuse a frame that is not one of `FRAMES`.

    Raises
    ------
    ValueError
        Naming the frame and the choices.
    """
    if frame not in FRAMES:
        raise ValueError(f"frame is {frame!r}, should be one of {', '.join(FRAMES)}")
