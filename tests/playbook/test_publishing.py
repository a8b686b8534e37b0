"""Publishing: checked, signed by both sides, kept for good; and what was signed, on one page."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.router.adapters.playbook_faults import PlaybookFaultsError
from services.router.adapters.playbook_files import load
from services.router.adapters.playbook_store import Publication, PublishError, Store, pages_in
from services.router.adapters.playbook_watch import WatchedPlaybook

PLAYBOOK = Path(__file__).parents[2] / "playbook"
NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
WHY = "named accounts are asked sooner"


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PLAYBOOK, tmp_path / "draft"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "published")


def published(store: Store, draft: Path, *, reason: str = WHY, at: datetime = NOON) -> Publication:
    return store.publish(draft, reason=reason, marketing="Dana Reyes", sales="Tom Lindqvist", at=at)


def change(draft: Path, threshold: int) -> None:
    page = draft / "scoring.yaml"
    text = page.read_text("utf-8")
    line = next(one for one in text.splitlines() if one.startswith("threshold: "))
    page.write_text(text.replace(line, f"threshold: {threshold}"), "utf-8")


def test_what_is_published_decides_and_not_the_draft(store: Store, draft: Path) -> None:
    done = published(store, draft)
    change(draft, 140)

    assert load(pages_in(store.folder)).version == done.version != load(draft).version
    assert WatchedPlaybook(store.folder).current.version == done.version


def test_a_router_sees_the_next_publication(store: Store, draft: Path) -> None:
    published(store, draft)
    watched = WatchedPlaybook(store.folder)
    change(draft, 140)
    second = published(store, draft, reason="the threshold was too low")

    assert watched.reload() is True
    assert watched.current.version == second.version


def test_every_version_is_kept_as_it_was_signed(store: Store, draft: Path) -> None:
    first = published(store, draft)
    change(draft, 140)
    second = published(store, draft, reason="the threshold was too low", at=NOON + timedelta(days=1))

    assert store.history() == [first, second]
    assert store.book(first.version, first.lists).scoring.threshold == 100_000
    assert store.book(second.version, second.lists).scoring.threshold == 140_000
    with pytest.raises(PublishError, match="never published here"):
        store.book("another", "one")


def test_going_back_is_a_publication_of_its_own(store: Store, draft: Path) -> None:
    first = published(store, draft)
    change(draft, 140)
    published(store, draft, reason="the threshold was too low")
    change(draft, 100)
    third = published(store, draft, reason="it was too high after all")

    assert (third.version, third.number) == (first.version, 3)
    assert load(pages_in(store.folder)).version == first.version


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"reason": "fix", "marketing": "Dana", "sales": "Tom"}, "say in a few words why"),
        ({"reason": WHY, "marketing": "", "sales": "Tom"}, "both sign"),
        ({"reason": WHY, "marketing": "Dana", "sales": " "}, "both sign"),
        ({"reason": WHY, "marketing": "Dana", "sales": "dana"}, "cannot sign for both"),
    ],
)
def test_without_a_reason_and_both_signatures_nothing_is_published(
    store: Store, draft: Path, said: dict[str, str], told: str
) -> None:
    with pytest.raises(PublishError, match=told):
        store.publish(draft, at=NOON, **said)

    assert store.history() == []


def test_what_is_in_force_already_is_not_published_again(store: Store, draft: Path) -> None:
    published(store, draft)

    with pytest.raises(PublishError, match="is in force since 14 September 2026"):
        published(store, draft)


def test_a_draft_with_faults_is_not_published(store: Store, draft: Path) -> None:
    (draft / "rules" / "consultation.yaml").unlink()

    with pytest.raises(PlaybookFaultsError):
        published(store, draft)
    assert not store.folder.exists()


def test_of_two_who_publish_at_once_the_second_is_told(store: Store, draft: Path) -> None:
    first = published(store, draft)
    change(draft, 140)
    late = Late(store.folder, first)

    change(draft, 150)
    published(store, draft, reason="the threshold was too low")
    with pytest.raises(PublishError, match="somebody else has published meanwhile"):
        published(late, draft, reason="the threshold was far too low")


class Late(Store):
    """Somebody who looked at the store before the last publication came."""

    def __init__(self, folder: Path, seen: Publication) -> None:
        super().__init__(folder)
        self._seen = seen

    def current(self) -> Publication | None:
        return self._seen


def test_an_empty_store_decides_nothing(tmp_path: Path) -> None:
    (tmp_path / "published" / "publications").mkdir(parents=True)

    with pytest.raises(PublishError, match="nothing is published here yet"):
        pages_in(tmp_path / "published")


def test_the_agreement_is_one_page_in_plain_language(store: Store, draft: Path) -> None:
    done = published(store, draft)
    page = store.agreement_of(done).read_text("utf-8")

    assert f"Dana Reyes for marketing and Tom Lindqvist for sales, on 14 September 2026: {WHY}." in page
    assert "From 100 points on." in page
    assert "- Visited the website: 10, once a day, half of it after 30 days" in page
    assert "- The budget is approved: the lead's budget is yes." in page
    assert "looked at by a person first. Half of it is gone after 4 h." in page
    assert "- Nobody hears from us more than 3 times within 24 h, unless they ask to." in page
    assert "- Who wants crew planning: priority one letter higher" in page
    assert "{{" not in page
    assert len(page.splitlines()) < 110


def test_a_publication_that_cannot_be_read_is_named_and_the_last_good_one_decides(store: Store, draft: Path) -> None:
    done = published(store, draft)
    watched = WatchedPlaybook(store.folder)
    (store.folder / "publications" / "00002.json").write_text("{", "utf-8")

    with pytest.raises(PublishError, match=r"00002.json is no publication"):
        store.history()
    assert watched.reload() is False
    assert watched.current.version == done.version
