"""What goes wrong, as clients are told: a kind to act upon, a message to read, nothing else."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from ser_platform.errors import EngineError, FeatureError, SerError

_log = logging.getLogger(__name__)


class Problem(BaseModel):
    """Why there is no answer."""

    kind: str
    """``unreadable``: the recording; ``invalid``: the request; ``too_large``; ``busy``: later;
    ``forbidden``; ``not_found``; ``unavailable``: an engine that is needed; ``internal``."""
    message: str


class ProblemBody(BaseModel):
    """The body of every answer that is none."""

    error: Problem


class ServeError(SerError):
    """A request that is not answered.

    Attributes:
        status: of HTTP.
        kind: of the problem.
        retry_s: when it may be tried again; None: never as it is.
    """

    def __init__(self, status: int, kind: str, message: str, retry_s: int | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.retry_s = status, kind, retry_s


def problem_of(error: Exception) -> tuple[int, Problem]:
    """Status and words for what was raised; nothing of the inside of the server."""
    match error:
        case ServeError():
            return error.status, Problem(kind=error.kind, message=str(error))
        case FeatureError():
            return 422, Problem(kind="unreadable", message=str(error))
        case EngineError():
            # Its words are for who runs the server: they name folders, or say what a service said.
            _log.warning("an engine cannot be used: %s", error)
            said = "no engine finds words or their times here; send them in time, as 'words'"
            return 503, Problem(kind="unavailable", message=said)
        case HTTPException():
            kind = {404: "not_found", 413: "too_large"}.get(error.status_code, "invalid")
            return error.status_code, Problem(kind=kind, message=str(error.detail))
        case RequestValidationError():
            said = "; ".join(
                f"{'.'.join(str(part) for part in e['loc'][1:])}: {e['msg']}"
                for e in error.errors()
            )
            return 422, Problem(kind="invalid", message=said)
        case _:
            _log.error("a request failed", exc_info=error)
            return 500, Problem(kind="internal", message="the server failed; its log says why")


def as_response(error: Exception) -> JSONResponse:
    """The same as an answer of HTTP."""
    status, problem = problem_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if isinstance(error, ServeError) and error.retry_s is not None:
        headers["Retry-After"] = str(error.retry_s)
    body = ProblemBody(error=problem).model_dump()
    return JSONResponse(body, status_code=status, headers=headers)


def handle_problems(app: FastAPI) -> None:
    """Let every error of an application end as a problem."""

    def handler(_request: Request, error: Exception) -> JSONResponse:
        return as_response(error)

    for kind in (SerError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, handler)
