"""Hidden fields that pages add to forms: campaign, page, form, asset, and the analytics' anonymous id."""

from typing import Any

from schemas.fact import Trust
from services.ingest.gathering import Gathering
from services.ingest.pages import UTM
from services.ingest.vocabulary import words

ANONYMOUS = "segment"
"""The namespace of the analytics' anonymous id, the same wherever it is seen, so that behaviour meets the person."""
USER = "user"
"""The namespace of the analytics' user id."""

_ANONYMOUS_ID = frozenset({"anonymous id", "ajs anonymous id", "segment anonymous id", "rl anonymous id"})
_PAGE = frozenset({"page url", "page", "landing page", "source url", "url"})
_PROPERTIES = {
    "form id": "form_id",
    "form variant": "form_variant",
    "variant": "form_variant",
    "form name": "form_name",
    "page title": "page_title",
    "referrer": "referrer",
    "referer": "referrer",
    "asset": "asset",
    "gclid": "gclid",
    "fbclid": "fbclid",
}


def is_hidden(name: str) -> bool:
    """Is this the name of a field that a page adds, rather than a question?"""
    plain = words(name)
    return name.lower() in UTM or plain in _ANONYMOUS_ID or plain in _PAGE or plain in _PROPERTIES


def hidden_field(found: Gathering, name: str, value: Any, trust: Trust = Trust.CLAIMED) -> None:
    """Take one such field; any other is an answer, vouched for as `trust` says."""
    plain = words(name)
    if name.lower() in UTM:
        found.note(name.lower(), value)
    elif plain in _ANONYMOUS_ID:
        found.cookie(ANONYMOUS, value, trust)
    elif plain in _PAGE:
        found.page(value)
    elif plain in _PROPERTIES:
        found.note(_PROPERTIES[plain], value)
    else:
        found.answer(name, value, trust)
