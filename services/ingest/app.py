"""The app behind the door: everything people read, and the form by which a rep brings a lead."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from fastapi import FastAPI, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from services.ingest.answer import Answer, problem
from services.ingest.control import Absence, Control, Erasure
from services.ingest.correcting import Correction
from services.ingest.gate import Gate
from services.ingest.refusal import Refusal

SALES = "sales"
Forward = Callable[[str, Request, bytes], Awaitable[Answer]]
"""Hands a checked body to a source, as if it had come by its door."""


_REASONS = {404: Refusal.UNKNOWN_PATH, 405: Refusal.METHOD, 413: Refusal.TOO_LARGE}


class BroughtLead(BaseModel):
    """A lead that sales brings itself: judged by exactly the rules that judge everybody's."""

    model_config = ConfigDict(extra="allow")

    email: str = Field("", examples=["ada@acme.example"], max_length=254)
    phone: str = Field("", examples=["+49 30 901820"], max_length=40, description="with its country code")
    first_name: str = Field("", max_length=100)
    last_name: str = Field("", max_length=100)
    title: str = Field("", examples=["Vice President, Sales"], max_length=200)
    company: str = Field("", max_length=200)
    product: str = Field("", max_length=200)
    budget: str = Field("", examples=["yes"], description="Is a budget approved? yes or no", max_length=40)
    time_frame: str = Field("", examples=["this_quarter"], max_length=60)
    contact_way: str = Field("", examples=["phone"], max_length=40)
    consultation: str = Field("", examples=["yes"], description="Did they ask to talk to somebody?", max_length=40)
    message: str = Field("", max_length=4000)
    id: str = Field("", description="your own id: sending the lead again with it does no harm", max_length=200)


class Taken(BaseModel):
    """It is durable; what becomes of it is decided next."""

    status: str = "accepted"


class Recorded(Taken):
    """It is durable; `id` is the fact's."""

    id: UUID


class SourceState(BaseModel):
    """One source, as it is configured here."""

    name: str
    title: str
    on: bool
    door: str
    docs: list[str]
    attested: str
    claimed: str


def build_app(gates: Mapping[str, Gate], forward: Forward, control: Control) -> FastAPI:
    """The FastAPI app. Its own OpenAPI stands at `/openapi.json`, for people at `/docs`."""
    app = FastAPI(
        title="Playcaller: the door",
        description="Marketing tools post to `/webhooks/<source>`; sales brings its own leads to `/leads`.",
        version="1",
        redoc_url=None,
    )
    _people(app, gates)
    if SALES in gates:
        _sales(app, forward)
    _operators(app, control)
    _problems(app)
    return app


def _people(app: FastAPI, gates: Mapping[str, Gate]) -> None:
    @app.get("/", response_class=PlainTextResponse, include_in_schema=False)
    async def home() -> str:
        return "Playcaller takes webhooks here. GET /sources says which; GET /docs describes what people may send.\n"

    @app.get("/sources", summary="Which senders are known, and which are on")
    async def sources() -> list[SourceState]:
        return [_state(gate) for _, gate in sorted(gates.items())]


def _state(gate: Gate) -> SourceState:
    source = gate.source
    return SourceState(
        name=source.name,
        title=source.title,
        on=gate.on,
        door=f"/webhooks/{source.name}",
        docs=list(source.docs),
        attested=source.attested,
        claimed=source.claimed,
    )


def _sales(app: FastAPI, forward: Forward) -> None:
    bearer = Security(HTTPBearer(auto_error=False, description="your own token"))
    refusals: dict[int | str, dict[str, str]] = {
        400: {"description": "It is not a lead: the detail says what is missing."},
        401: {"description": "The token belongs to no rep."},
        503: {"description": "Nothing was kept: send it again."},
    }

    @app.post(
        "/leads", summary="Bring a lead of your own", response_model=Taken, responses=refusals, dependencies=[bearer]
    )
    async def bring(lead: BroughtLead, request: Request) -> Response:
        body = lead.model_dump_json(exclude_defaults=True).encode()
        return _response(await forward(SALES, request, body))


def _operators(app: FastAPI, control: Control) -> None:
    """What is said of the record: nothing is rewritten, each is one more fact on the log."""
    bearer = Security(HTTPBearer(auto_error=False, description="an operator's token"))
    refusals: dict[int | str, dict[str, str]] = {
        400: {"description": "It says nothing that could be corrected: the detail says what is missing."},
        401: {"description": "The token belongs to no operator."},
        404: {"description": "The log does not hold this event (any more)."},
        413: {"description": "The corrected event does not fit on the log."},
        503: {"description": "Nothing was kept: send it again; or no operator is configured."},
    }

    @app.post(
        "/control/corrections",
        summary="Take back, un-mark or amend one event",
        response_model=Recorded,
        responses=refusals,
        dependencies=[bearer],
    )
    async def correct(correction: Correction, request: Request) -> Response:
        return _response(await control.correct(request.headers.get("authorization", ""), correction))

    @app.post(
        "/control/erasures",
        summary="Forget a person",
        response_model=Recorded,
        responses={code: said for code, said in refusals.items() if code not in (404, 413)},
        dependencies=[bearer],
    )
    async def erase(erasure: Erasure, request: Request) -> Response:
        return _response(await control.erase(request.headers.get("authorization", ""), erasure))

    @app.post(
        "/control/absences",
        summary="Say that a rep is away, or back",
        response_model=Recorded,
        responses={code: said for code, said in refusals.items() if code not in (404, 413)},
        dependencies=[bearer],
    )
    async def absent(absence: Absence, request: Request) -> Response:
        return _response(await control.absent(request.headers.get("authorization", ""), absence))


def _problems(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, fault: RequestValidationError) -> Response:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return _response(problem(400, Refusal.MALFORMED, f"{where}: {first['msg']}"))

    @app.exception_handler(HTTPException)
    async def refused(_request: Request, fault: HTTPException) -> Response:
        reason = _REASONS.get(fault.status_code, Refusal.MALFORMED)
        mend = fault.detail if reason is Refusal.TOO_LARGE else "GET /docs says what there is"
        return _response(problem(fault.status_code, reason, mend))


def _response(answer: Answer) -> Response:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
    return Response(answer.body, answer.status, headers)
