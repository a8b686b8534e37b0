"""Refusals of our HTTP doors: problem+json (RFC 9457) that says what to do next."""

from fastapi.responses import JSONResponse


def problem(status: int, title: str, detail: str, *, retry_after: int | None = None) -> JSONResponse:
    """The answer that refuses. `detail` is for people and holds no secret."""
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    body = {"type": "about:blank", "status": status, "title": title, "detail": detail}
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")
