"""An even pace: requests leave when their moment has come, over a few connections, however long one takes."""

import asyncio
import time
from collections.abc import Sequence


async def paced(port: int, requests: Sequence[bytes], rate: float, connections: int = 16) -> list[float]:
    """Send so many a second; when each was answered 200 (`perf_counter`), in order. Raises on any other answer."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    answered = [0.0] * len(requests)

    async def send(index: int) -> None:
        reader, writer = await free.get()
        writer.write(requests[index])
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_length(head))
        answered[index] = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"refused: {head[:80]!r}")
        free.put_nowait((reader, writer))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as sending:
        for index in range(len(requests)):
            await asyncio.sleep(max(0.0, began + index / rate - time.perf_counter()))
            sending.create_task(send(index))
    while not free.empty():
        free.get_nowait()[1].close()
    return answered


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"an answer without a length: {head[:120]!r}")
