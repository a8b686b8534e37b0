"""The playbook that decides now, and those that decided before: a handoff keeps the play it was promised."""

from collections import OrderedDict
from collections.abc import Mapping

from services.router.domain.handoff import Handoff
from services.router.domain.playbook import Play, Playbook

_KEPT = 16


class Shelf:
    """The current playbook on top; a replaced one stays for a while."""

    def __init__(self, playbook: Playbook) -> None:
        self._books: OrderedDict[tuple[str, str], Playbook] = OrderedDict()
        self._current = playbook
        self.put(playbook)

    @property
    def current(self) -> Playbook:
        """The version that decides."""
        return self._current

    @property
    def books(self) -> Mapping[tuple[str, str], Playbook]:
        """(version, lists version) → playbook, of those still here."""
        return self._books

    def put(self, playbook: Playbook) -> bool:
        """From now on this one decides; tells whether that is a change."""
        edition = (playbook.version, playbook.lists_version)
        changed = edition not in self._books or edition != (self._current.version, self._current.lists_version)
        self._books[edition] = self._current = playbook
        self._books.move_to_end(edition)
        while len(self._books) > _KEPT:
            self._books.popitem(last=False)
        return changed

    def play_of(self, handoff: Handoff) -> Play:
        """The play of this handoff: from the version it was decided by, else by name, else the fallback.

        Raises `LookupError` where not even a fallback exists, which no checked playbook allows.
        """
        promised = [book for (version, _), book in self._books.items() if version == handoff.playbook]
        books = [*promised, self._current]
        for book in books:
            for play in book.plays:
                if play.name == handoff.play:
                    return play
        for play in self._current.plays:
            if play.fallback:
                return play
        raise LookupError(f"the playbook {self._current.version} has neither {handoff.play!r} nor a fallback play")
