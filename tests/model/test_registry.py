"""The registry's answers to names it does not know; the rest is in tests/registry."""

from __future__ import annotations

import pytest

from gjax.errors import UnknownNameError
from gjax.model.registry import entry_of, lookup
from gjax.model.spectral import LogParabola, PowerLaw


def test_lookup_by_any_name():
    assert lookup("spectral", "PowerLawSpectralModel") is PowerLaw
    assert lookup("spectral", "lp") is LogParabola


def test_unknown_names_give_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'PowerLawSpectralModel'"):
        lookup("spectral", "PowrLawSpectralModel")
    with pytest.raises(UnknownNameError, match=r"GaussianSpatialModel \(gauss\)"):
        lookup("spatial", "banana")
    with pytest.raises(UnknownNameError, match="there are: spectral"):
        lookup("optical", "const")


def test_composed_models_have_no_entry():
    with pytest.raises(UnknownNameError, match="Sum"):
        entry_of("spectral", PowerLaw() + PowerLaw())
