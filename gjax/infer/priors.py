"""What is believed of each free parameter before the data, in words and as a test.

A parameter without a prior in the table is flat in its own value between its bounds: the posterior
is then the likelihood, and its mode the best fit. Without bounds such a prior cannot be normalised,
which does no harm where the data constrain the parameter; for evidence it must be normalised.
"""

from __future__ import annotations

import jax
import numpy as np

from gjax.parameters import Parameters, Prior

__all__ = ["describe_priors", "improper_priors"]


def describe_priors(parameters: Parameters) -> dict[str, str]:
    """Say for each free parameter which prior it has, in internal units.

    Returns
    -------
    priors :
        Dotted name and sentence, such as ``flat in [0, inf), improper`` or
        ``Normal(loc=2, scale=0.1) within [1, 3]``.
    """
    return {parameters.names[i]: _describe(parameters, i) for i in parameters.free}


def improper_priors(parameters: Parameters) -> tuple[str, ...]:
    """List the free parameters whose prior cannot be normalised: flat, and without a bound."""
    given = {key for prior in parameters.priors for key in prior.keys}
    return tuple(
        parameters.names[i]
        for i in parameters.free
        if parameters.keys[i] not in given
        and not np.isfinite(parameters.maximum[i] - parameters.minimum[i])
    )


def _describe(parameters: Parameters, i: int) -> str:
    key, low, high = parameters.keys[i], parameters.minimum[i], parameters.maximum[i]
    unit = f" {parameters.units[i]}" if parameters.units[i] else ""
    ends = f"{'[' if np.isfinite(low) else '('}{low:g}, {high:g}{']' if np.isfinite(high) else ')'}"
    bounded = np.isfinite(low) or np.isfinite(high)
    given = [_prior_text(prior, parameters) for prior in parameters.priors if key in prior.keys]
    if given:
        return " times ".join(given) + (f" within {ends}{unit}" if bounded else "")
    return f"flat in {ends}{unit}" + ("" if np.isfinite(high - low) else ", improper")


def _prior_text(prior: Prior, parameters: Parameters) -> str:
    distribution = prior.distribution
    found = {name: getattr(distribution, name, None) for name in distribution.arg_constraints}
    numbers = {name: np.asarray(value) for name, value in found.items() if _is_number(value)}
    arguments = ", ".join(f"{name}={value:g}" for name, value in numbers.items())
    text = f"{type(distribution).__name__}({arguments})"
    if len(prior.keys) == 1:
        return text
    return text + " of " + ", ".join(".".join(key) for key in prior.keys)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.ndarray, np.number, jax.Array)) and np.ndim(value) == 0
