"""Simulated data: instruments from formulas, events from models, counts from predictions."""

from gjax.simulate.counts import fake as fake
from gjax.simulate.events import simulate_events as simulate_events
from gjax.simulate.instruments import Instrument as Instrument
from gjax.simulate.instruments import cta_like as cta_like
from gjax.simulate.instruments import hess_like as hess_like
from gjax.simulate.instruments import observation as observation

__all__ = ["Instrument", "cta_like", "fake", "hess_like", "observation", "simulate_events"]
