"""Results tell what made them."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from gjax.infer.provenance import provenance


def test_versions_device_and_time():
    found = provenance()
    assert found["jax"] == version("jax")
    assert found["numpy"] == version("numpy")
    assert found["device"]
    age = datetime.now(UTC) - datetime.fromisoformat(found["created"])
    assert -2 < age.total_seconds() < 60
    assert all(isinstance(value, str) for value in found.values())
