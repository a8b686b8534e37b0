"""Settings for commands that look at what is known already."""

import os
from pathlib import Path

from playcaller.ring import RingError
from runtime.settings import Settings


def known(data: Path | None = None) -> Settings:
    """The settings, with this data directory where one is named. Raises `RingError` where there is no state yet."""
    if data is not None:
        os.environ["PLAYCALLER_DATA"] = str(data)
    settings = Settings.load()
    if settings.database_url is None and not (settings.data / "state.db").exists():
        raise RingError(
            f"{settings.data} holds no state yet: start `playcaller up` first, or name a folder with --data"
        )
    return settings
