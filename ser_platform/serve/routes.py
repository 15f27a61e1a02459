"""What a client may ask: one recording, several, whether all is well."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Response, Security, UploadFile
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from ser_platform.errors import SerError
from ser_platform.inference.answer import Answer, ModelName
from ser_platform.serve.desk import Desk
from ser_platform.serve.limits import TEXT_LETTERS
from ser_platform.serve.problems import Problem, ProblemBody, ServeError, problem_of
from ser_platform.utterance import Phoneme, Word

_PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemBody} for status in (401, 403, 408, 413, 422, 500, 503)
}
_JSON_LETTERS = 200_000
_Text = Annotated[str, StringConstraints(max_length=TEXT_LETTERS)]


class OneOfMany(BaseModel):
    """Of a batch: an answer, or why there is none."""

    recording: str
    answer: Answer | None = None
    error: Problem | None = None


class Batch(BaseModel):
    """In the order of the recordings."""

    answers: list[OneOfMany]


class Health(BaseModel):
    """That the server is there."""

    status: str = "ok"


class Ready(BaseModel):
    """That it can answer, and by which model."""

    status: str
    model: ModelName


def routes(desk: Desk) -> APIRouter:
    """Of a server with this desk."""
    # As OpenAPI describes it; the gate looks at it.
    router = APIRouter(dependencies=[Security(HTTPBearer(auto_error=False))])

    @router.post("/v1/emotion", responses=_PROBLEMS, summary="One recording")
    async def emotion(
        recording: Annotated[
            UploadFile, File(description="Sound that libsndfile reads: WAV, FLAC, OGG, MP3 ...")
        ],
        text: Annotated[
            _Text | None, Form(description="What was said; without it a recogniser listens")
        ] = None,
        words: Annotated[
            str | None,
            Form(
                description='In time: [{"text": "well", "start_s": 0.1, "end_s": 0.4}]',
                max_length=_JSON_LETTERS,
            ),
        ] = None,
    ) -> Answer:
        timed = None if words is None else _words(words)
        return await desk.answer(await recording.read(), _name(recording), text, timed)

    @router.post("/v1/emotions", responses=_PROBLEMS, summary="Several recordings")
    async def emotions(
        recordings: Annotated[list[UploadFile], File(description="As of one")],
        texts: Annotated[
            list[_Text] | None, Form(description="What was said in each; empty: nobody knows")
        ] = None,
    ) -> Batch:
        if len(recordings) > desk.limits.recordings:
            raise ServeError(
                422,
                "invalid",
                f"recordings: {len(recordings)}, not more than {desk.limits.recordings} at once",
            )
        if texts is not None and len(texts) != len(recordings):
            raise ServeError(
                422, "invalid", f"texts: {len(texts)} for {len(recordings)} recordings"
            )
        said = texts or [""] * len(recordings)
        # One after the other: a batch takes one place, and leaves the others to other clients.
        found = [
            await _one(desk, recording, text or None)
            for recording, text in zip(recordings, said, strict=True)
        ]
        return Batch(answers=found)

    @router.get("/healthz", summary="Whether the server is there")
    async def healthz() -> Health:
        return Health()

    @router.get("/readyz", summary="Whether it can answer")
    async def readyz() -> Ready:
        return Ready(status="ready", model=desk.listener.model)

    @router.get(
        "/metrics",
        summary="For Prometheus",
        response_class=PlainTextResponse,
        responses={401: {"model": ProblemBody}},
    )
    async def metrics() -> Response:
        return Response(generate_latest(desk.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _one(desk: Desk, recording: UploadFile, text: str | None) -> OneOfMany:
    name = _name(recording)
    try:
        return OneOfMany(
            recording=name, answer=await desk.answer(await recording.read(), name, text)
        )
    except SerError as e:
        return OneOfMany(recording=name, error=problem_of(e)[1])


def _name(recording: UploadFile) -> str:
    """What messages call it: the client's name for it, without folders."""
    name = (recording.filename or "recording").replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable())[:100] or "recording"


class _Spoken(BaseModel):
    model_config = ConfigDict(extra="forbid")
    start_s: Annotated[float, Field(ge=0, lt=1e6)]
    end_s: Annotated[float, Field(ge=0, lt=1e6)]

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "_Spoken":
        if self.end_s < self.start_s:
            raise ValueError("start_s <= end_s is needed, in seconds")
        return self


class _Phoneme(_Spoken):
    symbol: Annotated[str, StringConstraints(max_length=10)]


class _Word(_Spoken):
    text: Annotated[str, StringConstraints(max_length=100)]
    phonemes: tuple[_Phoneme, ...] = ()


_WORDS = TypeAdapter(tuple[_Word, ...])


def _words(text: str) -> tuple[Word, ...]:
    """Words in time, as a client gives them.

    Raises:
        ServeError: for anything else than words in time.
    """
    try:
        found = _WORDS.validate_json(text)
    except ValidationError as e:
        where = ".".join(map(str, ("words", *e.errors()[0]["loc"])))
        said = e.errors()[0]["msg"].removeprefix("Value error, ")
        raise ServeError(422, "invalid", f"{where}: {said}") from e
    return tuple(
        Word(
            word.text,
            word.start_s,
            word.end_s,
            tuple(Phoneme(p.symbol, p.start_s, p.end_s) for p in word.phonemes),
        )
        for word in found
    )
