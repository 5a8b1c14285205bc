"""The Crab Nebula; the numbers of all references are compared in tests/registry."""

from __future__ import annotations

import pytest

from gjax.errors import UnknownNameError
from gjax.model.spectral import MeyerCrab, create_crab_spectral_model


def test_flux_above_one_tev():
    """Meyer et al. give about 2.1e-11 cm-2 s-1, as all instruments do."""
    assert float(MeyerCrab().integral(1.0, 100.0)) == pytest.approx(2.1e-11, rel=0.05)
    half = create_crab_spectral_model("meyer")(3.0) / 2
    assert float(MeyerCrab(norm=0.5)(3.0)) == pytest.approx(float(half))


def test_unknown_references_are_named():
    with pytest.raises(UnknownNameError, match="magic_ecpl"):
        create_crab_spectral_model("hess")
