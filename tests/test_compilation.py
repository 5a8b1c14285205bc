"""Compiled code is kept for the next process, where the user wants it and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from gjax.compilation import cache_folder, jit_on_host, make_room, prune, switch_cache_on

COMPILE = """
import json, sys
import gjax
assert "jax" not in sys.modules, "importing gjax imports JAX"
import jax, jax.numpy as jnp
saved = []
jax.monitoring.register_event_listener(lambda event, **_: saved.append(event))
jax.jit(lambda x: jnp.linalg.eigh(x @ x.T)[1].sum() + jnp.fft.rfft2(x).real.sum())(jnp.eye(8))
print(json.dumps({
    "folder": jax.config.jax_compilation_cache_dir,
    "hits": saved.count("/jax/compilation_cache/cache_hits"),
}))
"""


def environment(**changes: str) -> dict[str, str]:
    """Give an environment in which nothing about a cache is decided, but for the changes."""
    undecided = {k: v for k, v in os.environ.items() if "CACHE" not in k or "DIR" in k}
    undecided.pop("JAX_COMPILATION_CACHE_DIR", None)
    return undecided | changes


def run(**changes: str) -> subprocess.Popen[str]:
    """Compile something in a process of its own."""
    command = [sys.executable, "-W", "error", "-c", COMPILE]
    root = Path(__file__).parents[1]
    return subprocess.Popen(
        command, env=environment(**changes), cwd=root, text=True, stdout=-1, stderr=-1
    )


def outcome(process: subprocess.Popen[str]) -> dict:
    """Wait for a process; give what it says."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


def test_a_second_process_finds_what_the_first_compiled(tmp_path):
    folder = str(tmp_path / "cache")
    settings = {"GJAX_CACHE": folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    first = outcome(run(**settings))
    assert first == {"folder": folder, "hits": 0}
    assert outcome(run(**settings))["hits"] > 0


def test_processes_may_share_an_empty_cache(tmp_path):
    settings = {
        "GJAX_CACHE": str(tmp_path),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    at_once = [run(**settings) for _ in range(3)]
    assert all(outcome(process)["folder"] == str(tmp_path) for process in at_once)


def test_who_has_a_cache_keeps_it(tmp_path):
    own = outcome(run(JAX_COMPILATION_CACHE_DIR=str(tmp_path), GJAX_CACHE="/nowhere/else"))
    assert own["folder"] == str(tmp_path)
    assert outcome(run(GJAX_CACHE="off"))["folder"] is None


def test_jax_imported_first_is_configured_too(tmp_path, monkeypatch):
    import jax

    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.setenv("GJAX_CACHE", str(tmp_path / "cache"))
    before = jax.config.jax_persistent_cache_min_compile_time_secs
    assert jax.config.jax_compilation_cache_dir is None
    try:
        assert switch_cache_on() == str(tmp_path / "cache") == jax.config.jax_compilation_cache_dir
        assert switch_cache_on() is None, "in use already"
    finally:
        jax.config.update("jax_compilation_cache_dir", None)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", before)


def test_a_folder_that_cannot_be_made_leaves_the_cache_off(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.setenv("GJAX_CACHE", str(tmp_path / "file" / "cache"))
    assert switch_cache_on() is None


@pytest.mark.parametrize("word", ["off", "OFF", "0", ""])
def test_words_that_switch_it_off(word):
    assert cache_folder({"GJAX_CACHE": word}) is None


def test_folder_of_the_user():
    assert cache_folder({"GJAX_CACHE": "/fast/disk"}) == "/fast/disk"
    assert cache_folder({"XDG_CACHE_HOME": "/xdg"}, "linux") == "/xdg/gjax/compiled"
    assert "Library" in (cache_folder({}, "darwin") or "")
    assert "Local" in (cache_folder({}, "win32") or "")


def test_what_was_used_longest_ago_goes_first(tmp_path):
    for age, name in enumerate(["new", "middle", "old"]):
        (tmp_path / name).write_bytes(b"x" * 100)
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    assert prune(str(tmp_path), 250) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"new", "middle"}
    assert prune(str(tmp_path), 250) == 0
    assert prune(str(tmp_path / "missing")) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of memory maps")
def test_compiled_code_is_let_go_when_memory_maps_run_out():
    traced = []
    function = jax.jit(lambda x: traced.append(x) or jnp.sin(x) + 1.0)
    assert function(0.0) == 1.0
    assert not make_room(filled=1.0)
    assert (function(0.0), len(traced)) == (1.0, 1)
    assert make_room(filled=0.0)
    assert (function(0.0), len(traced)) == (1.0, 2)


def test_a_function_called_from_python_is_compiled_once():
    traced = []
    function = jit_on_host(lambda x: traced.append(x) or jnp.sin(x) + 1.0)
    assert [float(function(0.0)) for _ in range(3)] == [1.0] * 3
    assert len(traced) == 1
    with pytest.raises(ZeroDivisionError):
        jit_on_host(lambda x: 1 / 0)(0.0)


def test_a_compiler_that_does_not_know_the_options_is_used_without(monkeypatch):
    monkeypatch.setattr("gjax.compilation._OPTIONS", {"xla_cpu_no_such_option": False})
    function = jit_on_host(lambda x: jnp.sin(x) + 1.0)
    assert [float(function(0.0)) for _ in range(2)] == [1.0] * 2
