"""What momentscan sets in a process of its own; that of a host is left, or given back, as it was."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

T = TypeVar("T")

OWN = {
    "OMP_NUM_THREADS": "1",  # BLAS threads that wait for small matrices burn ten times the CPU
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",  # OpenCV and the decoder both taking all cores costs minutes
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # the others keep what they once had, which grows with the video
}
"""Environment that the libraries read when they are loaded, so that nothing heavy is imported to set it."""


def own() -> None:
    """Settles a process that is momentscan's, the sooner the better. What the user has set stays."""
    unset = {name: value for name, value in OWN.items() if name not in os.environ}
    os.environ.update(unset)
    loaded = sys.modules  # a worker has loaded what the script of its host imports
    if "pyarrow" in loaded and "ARROW_DEFAULT_MEMORY_POOL" in unset:
        loaded["pyarrow"].set_memory_pool(loaded["pyarrow"].system_memory_pool())
    if "cv2" in loaded and "OPENCV_FOR_THREADS_NUM" in unset:
        loaded["cv2"].setNumThreads(1)
    if "numpy" in loaded and "OMP_NUM_THREADS" in unset:
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, user_api="blas")


def own_worker(then: Callable[[T], None], what: T) -> None:
    """As `own`, in a worker that has just started; `then(what)` comes after it."""
    own()
    then(what)


class _Guests:
    lock = threading.Lock()
    inside = 0
    back = ExitStack()


@contextmanager
def as_guest() -> Iterator[None]:
    """One thread for OpenCV and BLAS inside, as in our own process; what the host had afterwards.

    Calls may overlap in several threads: the first sets, the last gives back.
    """
    with _Guests.lock:
        if not _Guests.inside:
            _Guests.back.enter_context(_one_thread())
        _Guests.inside += 1
    try:
        yield
    finally:
        with _Guests.lock:
            _Guests.inside -= 1
            if not _Guests.inside:
                _Guests.back.close()


@contextmanager
def _one_thread() -> Iterator[None]:
    import cv2
    from threadpoolctl import threadpool_limits

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1, user_api="blas"):
            yield
    finally:
        cv2.setNumThreads(before)
