"""What the door answers, and the problem documents (RFC 9457) that say what to do about a refusal."""

from http import HTTPStatus

import msgspec

from services.ingest.refusal import Refusal

Headers = tuple[tuple[bytes, bytes], ...]


class Answer(msgspec.Struct, frozen=True):
    """One HTTP response: status, headers without the length, body."""

    status: int
    headers: Headers = ()
    body: bytes = b""


def json_answer(body: bytes, status: int = 200, headers: Headers = ()) -> Answer:
    """An answer in JSON."""
    return Answer(status, ((b"content-type", b"application/json"), *headers), body)


ACCEPTED = Answer(200)
"""200, never 202 or 204: several senders take nothing else for success. They read no body, and sending one is dear."""
ACCEPTED_ALOUD = json_answer(b'{"status":"accepted"}')
"""The same for whoever reads answers: a page's script, a program of our own."""


class _Problem(msgspec.Struct, frozen=True):
    type: str
    title: str
    status: int
    detail: str


def problem(
    status: int, refusal: Refusal, detail: str, *, retry_after: int | None = None, more: Headers = ()
) -> Answer:
    """A refusal as problem+json; `detail` says what to do. `retry_after` is in seconds (RFC 9110, section 10.2.3)."""
    body = _Problem(f"urn:playcaller:problem:{refusal.value}", HTTPStatus(status).phrase, status, detail)
    headers: Headers = ((b"content-type", b"application/problem+json"), *more)
    if retry_after is not None:
        headers += ((b"retry-after", str(retry_after).encode()),)
    return Answer(status, headers, msgspec.json.encode(body))
