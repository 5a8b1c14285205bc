"""What a temporal model is: a dimensionless factor on a source's flux that depends on time.

The models themselves live in the other modules of this package. Which good time intervals a dataset
has is not known here.
"""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp

from gjax.typing import Array, ArrayLike

__all__ = ["AbstractTemporal"]


class AbstractTemporal(eqx.Module):
    """A light curve: the factor on the flux of a source as a function of time.

    Times of data are in s since a reference epoch, which is an MJD in TT. The parameters are in
    the units in which light curves are told: days, and MJD for epochs, which are in the model's own
    time ``scale`` (by default UTC, as in Gammapy's models files). Differences of times are elapsed
    time, leap seconds included.
    """

    # Not deferred to a string (no annotations import here): equinox must see that it is no field.
    scale: eqx.AbstractVar[str]

    @abstractmethod
    def __call__(self, time: ArrayLike, reference: float) -> Array:
        """Evaluate the factor.

        Parameters
        ----------
        time :
            Time in s since ``reference``, any shape.
        reference :
            Reference epoch of the data, MJD in TT.
        """

    @abstractmethod
    def integral(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        """Integrate the factor over time, in s.

        Parameters
        ----------
        start, stop :
            Limits in s since ``reference``, broadcast against each other.
        reference :
            Reference epoch of the data, MJD in TT.
        """

    def mean(self, start: ArrayLike, stop: ArrayLike, reference: float) -> Array:
        r"""Average the factor over good time intervals.

        .. math:: \bar f = \frac{\sum_k \int_{a_k}^{b_k} f(t)\,dt}{\sum_k (b_k - a_k)}

        Parameters
        ----------
        start, stop :
            Beginnings :math:`a_k` and ends :math:`b_k` in s since ``reference``, shape ``(n,)``. An
            interval of no length is padding and adds nothing.
        reference :
            Reference epoch of the data, MJD in TT.

        Returns
        -------
        mean :
            A number; zero if there is no time at all.
        """
        total = jnp.sum(jnp.asarray(stop) - jnp.asarray(start))
        has_time = total > 0
        integral = jnp.sum(self.integral(start, stop, reference))
        return jnp.where(has_time, integral / jnp.where(has_time, total, 1.0), 0.0)
