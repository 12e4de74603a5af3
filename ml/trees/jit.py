"""numba's compiler, with its result kept on disk where a disk can be written.

The result is kept beside the source, else in the user's cache folder, else in NUMBA_CACHE_DIR
if that is set. On a read-only machine without any of these it is compiled anew in each process.
"""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first call; the result releases the GIL and contracts no operations."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return njit(nogil=True)(function)
