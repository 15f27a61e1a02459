"""The same application on Ray Serve: as many replicas as the requests need, on any node.

``serve run cluster/serve/config.yaml`` starts it; cluster/README.md has the steps.
"""

from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.serve import Application

from ser_platform.config.recognition import recogniser_from
from ser_platform.config.schema import TrackingConfig
from ser_platform.serve.app import make_app
from ser_platform.serve.limits import MB, Limits
from ser_platform.serve.server import ready, token_in
from ser_platform.tracking.download import pinned

APPLICATION, DEPLOYMENT = "ser_platform.serve.on_ray:application", "Answers"
"""What configurations of Ray Serve call it."""


class Settings(BaseModel):
    """``args`` of the application: what the options of ``serve`` say on one machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    """``models:/NAME@champion``, ``models:/NAME/3``, ``runs:/RUN/NAME``, or a folder of every
    node. An alias is followed when this is first deployed, for all replicas alike."""
    token_file: Path
    """Of every node: what requests have to bear. It has no default, for proxies of Serve may
    listen anywhere."""
    hosts: tuple[str, ...] = Field(min_length=1)
    """Names that it is called by."""
    uri: str = TrackingConfig().uri
    """Of MLflow."""
    recogniser: str | None = None
    """Hears words that nobody gives, as ``--recogniser`` of ``predict``."""
    max_mb: float = Field(Limits.body_bytes / MB, gt=0)
    """Of a request, in 10^6 bytes."""
    max_seconds: float = Field(Limits.sound_s, gt=0)
    """Of a recording."""
    at_once: int = Field(Limits.at_once, ge=1)
    """Recordings that a replica answers or that wait there."""


def application(settings: Settings) -> Application:
    """What Ray Serve deploys; replicas, CPUs and growth are said in its own configuration.

    Raises:
        ModelError: when MLflow does not know the model.
    """
    # An alias that moves would be another model to replicas that come later.
    model = pinned(settings.model, settings.uri)
    own = settings.model_copy(update={"model": model})

    def app() -> FastAPI:
        """Made by each replica for itself: a model does not travel."""
        return _app(own)

    return serve.deployment(name=DEPLOYMENT)(serve.ingress(app)()).bind()


def _app(settings: Settings) -> FastAPI:
    """The application of a replica.

    Raises:
        ConfigError: for a token that cannot be read, or a recogniser that is none.
        ModelError: when there is no such model.
    """
    token = token_in(settings.token_file)
    recogniser = None if settings.recogniser is None else recogniser_from(settings.recogniser)
    limits = Limits(
        body_bytes=round(settings.max_mb * MB),
        sound_s=settings.max_seconds,
        at_once=settings.at_once,
    )
    listener = ready(settings.model, settings.uri, recogniser)
    return make_app(listener, limits, settings.hosts, token)
