"""Who stands around a ring: a clock that can be moved on, and somebody who hears everything."""

import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID

from rich.console import Console

from playcaller.audience import Audience
from playcaller.terminal import Terminal
from services.router.domain.business_time import between
from services.router.domain.playbook import Playbook
from services.router.narration import Narration

_OPEN = timedelta(hours=4)


class RingClock:
    """Runs as the machine's does, but from the morning of a past working day on, and can be moved on."""

    def __init__(self, playbook: Playbook) -> None:
        hours = playbook.teams["inside_sales"].hours
        now = datetime.now(UTC)
        mornings = (now.replace(hour=15, minute=0, second=0) - timedelta(days=days) for days in range(7, 21))
        self._shift = next(one for one in mornings if between(hours, one, one + _OPEN) == _OPEN) - now

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def monotonic(self) -> float:
        return time.monotonic()

    def advance(self, by: timedelta) -> None:
        self._shift += by


class Witness(Audience):
    """Hears everything that the router says it did."""

    def __init__(self) -> None:
        super().__init__(Terminal(Console(file=StringIO(), width=120)))
        self.heard: list[Narration] = []

    def hear(self, narration: Narration) -> None:
        self.heard.append(narration)
        super().hear(narration)
        self._news.set()

    def verdict_on(self, event: UUID) -> Narration | None:
        return next((one for one in self.judged if one.event == event), None)
