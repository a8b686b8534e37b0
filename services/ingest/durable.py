"""Writes small files so that a kill leaves what stood there before or what stands there now, never half of it."""

import os
from pathlib import Path


def written(path: Path, data: bytes, torn: Path) -> None:
    """The file holds these bytes, durably; they are gathered in `torn`, on the same file system. Blocks on the disk."""
    with torn.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    torn.replace(path)
    synced(path.parent)


def synced(folder: Path) -> None:
    """Make a folder's entries durable (fsync of the directory)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
