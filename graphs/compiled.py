"""One way to compile a numeric kernel.

Kernels are plain Python functions over arrays; ``kernel.py_func`` runs the same text uncompiled, which tests use.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
import platformdirs

# A whole number in a kernel, whether the language's own or an element of an array.
Whole = int | np.int64
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def _kernels_hash() -> str:
    """Return a hash of the text of every module here: kernels use constants of others."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()[:16]


# Compiled code is kept in the user's cache, never beside the sources, which may be read-only or under version control.
# The library compiles a kernel again when its own module changes, not when one that it calls does: each state of the
# sources has a folder of its own.
if not os.environ.get("NUMBA_CACHE_DIR"):
    cache_folder = platformdirs.user_cache_path("nearest-first").joinpath("numba", _kernels_hash()).as_posix()
    setattr(numba.config, "CACHE_DIR", cache_folder)  # noqa: B010 - made at import, so that no checker knows it


def compiled(function: Kernel) -> Kernel:
    """Compile a kernel at first use, without the interpreter lock, and keep the result on disk."""
    return cast("Kernel", numba.njit(cache=True, nogil=True)(function))
