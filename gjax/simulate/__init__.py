"""Simulated data: instruments from formulas, events from models, counts from predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.simulate.counts import fake as fake
    from gjax.simulate.events import simulate_events as simulate_events
    from gjax.simulate.instruments import Instrument as Instrument
    from gjax.simulate.instruments import cta_like as cta_like
    from gjax.simulate.instruments import hess_like as hess_like
    from gjax.simulate.instruments import observation as observation

__all__ = ["Instrument", "cta_like", "fake", "hess_like", "observation", "simulate_events"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.simulate.counts": ("fake",),
        "gjax.simulate.events": ("simulate_events",),
        "gjax.simulate.instruments": ("Instrument", "cta_like", "hess_like", "observation"),
    },
)
