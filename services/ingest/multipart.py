"""Multipart forms (RFC 7578), read as a stream: fields are bounded in memory, files go to disk as they come."""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.ingest.attachments import Incoming, Upload
from services.ingest.draft import MalformedError
from services.ingest.forms import MOST_FIELDS, Form
from services.ingest.holders import Held

LONGEST_FIELD = 64_000
MOST_FILES = 10


class MultipartReader:
    """Feed it the body in pieces, then `finish`. Raises `MalformedError` or `FileTooLargeError`; then `discard` it."""

    def __init__(self, content_type: str, store: Incoming) -> None:
        self._store = store
        self._fields: list[tuple[str, str]] = []
        self._uploads: list[Upload] = []
        self._header, self._value = bytearray(), bytearray()
        self._headers: dict[str, str] = {}
        self._name, self._data = "", bytearray()
        self._upload: Upload | None = None
        self._ended = False
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if not boundary:
            raise MalformedError("the content type names no boundary: let the browser or your library set it")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers,
                    "on_part_data": self._on_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as fault:
            raise MalformedError(f"the boundary cannot be used ({fault}): let your library choose it") from None

    def feed(self, chunk: bytes) -> None:
        """The next piece of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError as fault:
            raise MalformedError(f"the multipart body is broken: {fault}") from None

    def finish(self) -> Form:
        """Everything that came. Raises `MalformedError` where the last boundary is missing: it was cut short."""
        if not self._ended:
            raise MalformedError("the multipart body is cut short: its last boundary is missing")
        return Form(tuple(self._fields), tuple(upload.reference() for upload in self._uploads))

    def keep(self, held: Held) -> None:
        """Make the files durable, and whose they are. Blocks on the disk."""
        for upload in self._uploads:
            upload.keep(held)

    def discard(self) -> None:
        """Forget the files that came so far."""
        for upload in [*self._uploads, *filter(None, [self._upload])]:
            upload.discard()

    def _begin(self) -> None:
        self._headers, self._name, self._upload = {}, "", None
        self._data.clear()
        if len(self._fields) + len(self._uploads) >= MOST_FIELDS:
            raise MalformedError(f"more than {MOST_FIELDS} fields: send fewer")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._header.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            return
        if len(self._uploads) >= MOST_FILES:
            raise MalformedError(f"more than {MOST_FILES} files: send fewer")
        name = options[b"filename"].decode("utf-8", "replace")
        self._upload = self._store.upload(name, self._headers.get("content-type", ""))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._upload is not None:
            self._upload.write(data[start:end])
            return
        self._data += data[start:end]
        if len(self._data) > LONGEST_FIELD:
            raise MalformedError(f"a field is longer than {LONGEST_FIELD} bytes: send it as a file")

    def _on_part_end(self) -> None:
        if self._upload is None:
            self._fields.append((self._name, self._data.decode("utf-8", "replace")))
        elif self._upload.name or self._upload.size:
            self._uploads.append(self._upload)
        else:
            self._upload.discard()  # an input that the visitor left empty
        self._upload = None

    def _on_end(self) -> None:
        self._ended = True
