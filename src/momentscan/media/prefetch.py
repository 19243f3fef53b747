"""The next batch is decoded in a thread while this one is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from momentscan.stopping import held_back
from momentscan.values import Batch


@contextmanager
def prefetched(batches: Iterator[Batch]) -> Iterator[Iterator[Batch]]:
    """The same batches in the same order, one of them ahead; what decoding raises is raised where the batch
    is asked for.

    Leaving waits for the batch that is being decoded, so that nobody reads a file that was closed.
    """
    with ThreadPoolExecutor(1, "decode") as pool:
        yield _one_ahead(pool, batches)


def _one_ahead(pool: ThreadPoolExecutor, batches: Iterator[Batch]) -> Iterator[Batch]:
    with held_back():
        coming = pool.submit(next, batches, None)
    while (batch := coming.result()) is not None:
        coming = pool.submit(next, batches, None)
        yield batch
