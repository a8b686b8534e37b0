"""Sample payloads, and how their vendors would sign and send them: for the story, for `explain`, for tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.ingest.forms import MULTIPART, URLENCODED
from services.ingest.reading import source_named
from services.ingest.webhook import Site, Webhook

FOLDER = Path(__file__).parent / "samples"
MEDIA_TYPES = {".json": "application/json", ".txt": URLENCODED, ".multipart": MULTIPART, ".csv": "text/csv"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: its file, and the path it is posted to."""

    source: str
    file: Path
    path: str

    @property
    def body(self) -> bytes:
        """The bytes, as the vendor would send them."""
        return self.file.read_bytes()

    @property
    def media_type(self) -> str:
        """The content type, with the boundary of a multipart body."""
        return media_type(self.file, self.body)


def media_type(file: Path, body: bytes) -> str:
    """What a file of this name and content would be sent as."""
    known = MEDIA_TYPES.get(file.suffix, "application/json")
    if known != MULTIPART:
        return known
    boundary = body.partition(b"\r\n")[0].removeprefix(b"--").decode("latin-1")
    return f"{MULTIPART}; boundary={boundary}"


def samples(source: str) -> tuple[Sample, ...]:
    """A source's samples, by file name. `page.pricing.json` goes to a further door `/v1/page`, if there is one."""
    doors = {path.rpartition("/")[2]: path for path in source_named(source).doors}
    found = sorted(one for one in (FOLDER / source).iterdir() if one.suffix in MEDIA_TYPES)
    return tuple(Sample(source, one, _path(source, one, doors)) for one in found)


def _path(source: str, file: Path, doors: Mapping[str, str]) -> str:
    door, _, _what = file.stem.partition(".")
    return doors[door] if "." in file.stem and door in doors else f"/webhooks/{source}"


def signed(
    source: str,
    payload: bytes,
    secret: str,
    now: datetime,
    *,
    public_url: str = "http://127.0.0.1:8080",
    path: str = "",
    media_type: str = "application/json",
    site: Site | None = None,
) -> tuple[dict[str, str], bytes]:
    """(headers, body) of this payload as its vendor would sign it at `now` (UTC) with `secret`, posting to `path`.

    `path` defaults to `/webhooks/<source>`; `public_url` must be the one that the door is configured with.
    """
    found = source_named(source)
    place = path or f"/webhooks/{source}"
    webhook = Webhook(
        received_at=now,
        body=payload,
        content=payload,
        path=place,
        door=found.doors.get(place, ""),
        site=site or Site(public_url=public_url),
    )
    signature: Mapping[str, str] = found.verification.sign(webhook, secret.encode())
    return {"Content-Type": media_type, **signature}, payload
