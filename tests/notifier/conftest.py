"""What the notifier's tests share: a fresh database has its tables."""

import pytest

from services.notifier.service import MIGRATIONS


@pytest.fixture
def migrations() -> str:
    """The notifier's."""
    return MIGRATIONS
