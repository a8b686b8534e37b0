"""How often people hear from us, as values: caps, and where they say when they want to be called."""

from services.router.adapters.playbook_book import Book, Sheet
from services.router.adapters.playbook_models import CapPage, TitlePage
from services.router.domain.contact import Cap, Contact
from services.router.domain.vocabulary import Vocabulary


def contact_of(book: Book, sheet: Sheet[TitlePage], vocabulary: Vocabulary) -> Contact:
    """What `contact` says in playbook.yaml; its faults are noted there."""
    model, told = sheet.model.contact, {path for path in vocabulary.paths if path.startswith(("event.", "lead."))}
    for at, path in enumerate(model.asked_for):
        book.known(sheet.page, ("contact", "asked_for", at), "field or property", path, told)
    return Contact(
        _cap(sheet, "per_person", model.per_person),
        _cap(sheet, "per_account", model.per_account),
        tuple(model.asked_for),
    )


def _cap(sheet: Sheet[TitlePage], name: str, model: CapPage | None) -> Cap | None:
    if model is None:
        return None
    if not model.within:
        sheet.page.fault(("contact", name, "within"), "a cap holds within some time, such as “1 day”")
    return Cap(model.most, model.within)
