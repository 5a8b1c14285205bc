"""The collector of garbage is put off, and on again afterwards."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from gjax.collector import uncollected


def test_it_is_off_inside_and_as_before_afterwards():
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_it_is_on_again_after_an_error():
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()


def test_importing_looks_for_no_garbage_and_leaves_the_collector_on():
    code = """
import gc
found = []
gc.callbacks.append(lambda phase, info: found.append(info["generation"]))
import gjax
found.clear()
gjax.fit
assert gc.isenabled()
print(found.count(2))
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "0"
