"""Free ports on loopback, and waiting until somebody answers there."""

import asyncio
import socket
from collections.abc import Callable

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on at this moment."""
    listeners = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    try:
        return [int(listener.getsockname()[1]) for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


async def answers(port: int, *, within: float, alive: Callable[[], bool]) -> bool:
    """Wait until `port` accepts connections; False if `within` seconds pass or `alive()` turns false before."""
    for _ in range(int(within / 0.05)):
        if not alive():
            return False
        try:
            _reader, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return True
    return False
