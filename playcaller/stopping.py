"""Turns SIGTERM and SIGINT into the wish to stop; a second one ends the process at once."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 130
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stops(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on the first signal, while the block runs; nothing under way is cut short by it."""

    def asked() -> None:
        if stop.is_set():
            os._exit(AT_ONCE)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
