"""Facts of a dozen lines for tests of conditions."""

from collections.abc import Mapping
from typing import Any


class SomeFacts:
    """Facts over a plain mapping; `counts` holds (signal → days ago, each time it happened)."""

    def __init__(self, values: Mapping[str, Any] | None = None, counts: Mapping[str, list[int]] | None = None) -> None:
        self._values, self._counts = values or {}, counts or {}

    def value(self, path: str) -> Any:
        return self._values.get(path)

    def possible(self, path: str) -> tuple[Any, ...] | None:
        return None if path in self._values else ()

    def count(self, signal: str, within_days: int | None) -> int:
        return sum(1 for ago in self._counts.get(signal, []) if within_days is None or ago < within_days)
