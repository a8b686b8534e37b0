"""Which pages' scripts may read our answers: the CORS protocol of the Fetch standard."""

from services.ingest.answer import Answer, Headers
from services.ingest.gate import Gate
from services.ingest.origins import OPEN
from services.ingest.source import Cors

_ANY: Headers = ((b"access-control-allow-origin", b"*"),)
_PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-type, anonymousid"),
    (b"access-control-max-age", b"600"),
)


def allowed_origin(gate: Gate, origin: bytes) -> Headers:
    """The header that lets this page's script read the answer, or none."""
    match gate.source.cors:
        case Cors.ANY:
            return _ANY
        case Cors.CONFIGURED if OPEN in gate.site.options:
            return _ANY
        case Cors.CONFIGURED if origin.decode("latin-1").lower() in gate.site.origins:
            return ((b"access-control-allow-origin", origin), (b"vary", b"origin"))
        case _:
            return ()


def preflight(gate: Gate, origin: bytes) -> Answer:
    """What a browser is told when it asks before it posts."""
    allowed = allowed_origin(gate, origin)
    return Answer(204, _PREFLIGHT if allowed else ())
