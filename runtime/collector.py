"""A calm garbage collector: what start-up made is no garbage, and looking through it again and again is dear."""

import contextlib
import gc
from collections.abc import Iterator

_GARBAGE = 50_000
"""New objects after which the youngest are looked through; a pause of the collector is a pause of every request."""


@contextlib.contextmanager
def calm_collector() -> Iterator[None]:
    """Keep everything that exists now out of later collections, and collect rarely, while the block runs."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE, 50, 50)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
