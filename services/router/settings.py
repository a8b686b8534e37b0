"""The router's settings, on top of what every role needs."""

from pathlib import Path

from pydantic import Field

from runtime.settings import Settings


class RouterSettings(Settings):
    """Environment names wear the prefix: `PLAYCALLER_PLAYBOOK`, `PLAYCALLER_DEDUP_DAYS`, …"""

    playbook: Path = Path("playbook")
    """The folder with the marketers' pages; reloaded when it changes, the last good version stays."""
    dedup_days: int = 4
    """How long a redelivery is recognised: the longest retry window of the senders."""
    behaviour_batch: int = 1000
    """Events of the behaviour lane in one transaction, at most; a fifth of it while urgent events come in."""
    behaviour_linger: float = Field(default=0.2, ge=0)
    """Seconds for which a batch of the behaviour lane fills itself while events keep coming; the urgent lane never."""
    urgent_batch: int = 200
    behaviour_at_once: int = 2
    """Partitions of the behaviour lane worked on side by side (one on SQLite, which has one writer)."""
    anonymous_days: int = 90
    """Visitors nobody knows are forgotten after so many days without a visit."""
    verdict_days: int = 400
    """How long verdicts and their receipts are kept."""
    batch_days: int = 40
    """How long batches are kept for replay: longer than the log keeps its records."""
    snapshot_days: float = 7
    """How often the state is kept as a snapshot, so that the past can begin there; 0 for never."""
    park_after: int = 20
    """Poisoned attested events of one source, more than half of its recent ones, that park it."""
    timer_poll: float = 0.5
    """Seconds between two looks at the timers that are due."""
    offer_poll: float = 5.0
    """Seconds between two looks at what waits to be offered."""
