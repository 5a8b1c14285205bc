"""The persistent cache of compiled code: what one process compiled, the next one loads.

Importing gjax switches JAX's own cache on, in a folder of the user, unless it is in use already (by
``JAX_COMPILATION_CACHE_DIR`` or JAX's configuration). ``GJAX_CACHE=off`` leaves it off, and
``GJAX_CACHE=/some/folder`` puts it elsewhere. JAX makes the key of each entry from the computation
itself, the versions of JAX and jaxlib, the options of the compiler and the kind of device; data are
no part of it. JAX is not imported here: ``gjax --help`` would have to wait for it.

Compiled code in memory has a limit too. Each program takes some tens of memory maps, of which Linux
allows a process 65530; at the limit the compiler ends the process. `make_room` lets go of what was
compiled before that happens.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from gjax.collector import uncollected

__all__ = ["cache_folder", "jit_on_host", "make_room", "prune", "switch_cache_on"]

#: Compilations shorter than this many seconds are not kept: reading a file takes as long.
_MIN_COMPILE_TIME = 0.05

#: The least recently used entries go when a folder holds more bytes than this.
_MAX_BYTES = 2**30

#: Part of the memory maps allowed to a process that compiled code may fill.
_FILLED = 0.5

_OFF = ("", "0", "off", "no", "false", "none")


def cache_folder(environment: Mapping[str, str], platform: str = sys.platform) -> str | None:
    """Choose the folder of the cache.

    Parameters
    ----------
    environment :
        The environment variables.
    platform :
        As `sys.platform`.

    Returns
    -------
    folder :
        None where the cache is off, or there is no home directory.
    """
    chosen = environment.get("GJAX_CACHE")
    if chosen is not None:
        return None if chosen.strip().lower() in _OFF else os.path.expanduser(chosen)
    home = os.path.expanduser("~")
    if home == "~":
        return None
    if platform == "win32":
        base = environment.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = environment.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "gjax", "compiled")


def switch_cache_on() -> str | None:
    """Switch JAX's cache on, whether JAX was imported before gjax or will be after.

    Returns
    -------
    folder :
        None where nothing was changed: the cache is off or in use already, or its folder cannot be
        written.
    """
    jax = sys.modules.get("jax")
    in_use = jax is not None and jax.config.jax_compilation_cache_dir is not None
    if in_use or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return None
    folder = cache_folder(os.environ)
    if folder is None or not _can_write(folder):
        return None
    settings = {
        "jax_compilation_cache_dir": folder,
        "jax_persistent_cache_min_compile_time_secs": _MIN_COMPILE_TIME,
    }
    for name, value in settings.items():
        if name.upper() in os.environ:
            continue
        if jax is None:
            os.environ[name.upper()] = str(value)
        else:
            jax.config.update(name, value)
    atexit.register(prune, folder)
    return folder


def prune(folder: str, max_bytes: int = _MAX_BYTES) -> int:
    """Remove the entries that were used longest ago, until the folder holds no more than allowed.

    Other processes may use the folder meanwhile: one that misses an entry compiles it again.

    Returns
    -------
    number :
        Of the entries removed.
    """
    try:
        with os.scandir(folder) as files:
            found = [(file.path, file.stat()) for file in files if file.is_file()]
    except OSError:
        return 0
    found.sort(key=lambda entry: max(entry[1].st_atime, entry[1].st_mtime))
    total, removed = sum(status.st_size for _, status in found), 0
    for path, status in found:
        if total <= max_bytes:
            break
        try:
            os.unlink(path)
        except OSError:  # another process was first
            continue
        total -= status.st_size
        removed += 1
    return removed


def make_room(filled: float = _FILLED) -> bool:
    """Let go of the compiled code of this process where its memory maps run out.

    What is needed again is compiled again, or read from the persistent cache. Called before a fit
    prepares its data; does nothing where the system does not tell of its maps (only Linux does).

    Parameters
    ----------
    filled :
        Part of the maps allowed from which on code is let go.

    Returns
    -------
    cleared :
        Whether code was let go.
    """
    jax = sys.modules.get("jax")
    if jax is None:
        return False
    try:
        with open("/proc/sys/vm/max_map_count", "rb") as file:
            allowed = int(file.read())
        with open("/proc/self/maps", "rb") as file:
            used = file.read().count(b"\n")
    except OSError:
        return False
    if used < filled * allowed:
        return False
    jax.clear_caches()
    return True


#: Options of the compiler for a processor: a quarter less time to compile, code as fast as without.
_OPTIONS = {"xla_cpu_use_fusion_emitters": False}


def jit_on_host(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that is only called from Python, never inside other compiled code.

    On a processor that takes less time than with `jax.jit`, whose options of the compiler are for
    outermost functions only. A compiler that does not know the options is used without.
    """
    compiled: list[Callable[..., Any]] = []

    def call(*args: Any) -> Any:
        import jax

        if compiled:
            with uncollected():
                return compiled[0](*args)
        plain = jax.jit(function)
        if jax.default_backend() == "cpu":
            quick = jax.jit(function, compiler_options=_OPTIONS)
            try:
                with uncollected():
                    found = quick(*args)
            except jax.errors.JaxRuntimeError as error:
                if "compile option" not in str(error):
                    raise
            else:
                compiled.append(quick)
                return found
        compiled.append(plain)
        return plain(*args)

    return call


def _can_write(folder: str) -> bool:
    """Make a folder that only its owner can change: what lies there is executed."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
