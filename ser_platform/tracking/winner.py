"""A study's winner: its model, its card, its version in the registry, and what becomes of it."""

from functools import cache

from mlflow import MlflowClient

from ser_platform.cards.card import model_card
from ser_platform.tracking import layout
from ser_platform.tracking.champion import contest
from ser_platform.tracking.entries import ModelFiles
from ser_platform.tracking.model import CARD, log_model
from ser_platform.tracking.proof import Final
from ser_platform.tracking.registry import find_version, register


def log_winner(
    client: MlflowClient, name: str, run_id: str, files: ModelFiles, final: Final
) -> None:
    """Log the model of a run and register it, once, with its card; then it may become champion.

    Done again it finishes what is missing and changes nothing else.
    """

    @cache
    def card() -> str:
        address = f"runs:/{run_id}/{files.name}"
        return model_card(final.run, final.evidence, layout.warnings(final.run), address)

    model = log_model(client, run_id, files, card)
    version = find_version(client, name, model)
    if version is None:
        client.log_text(run_id, card(), CARD)
        version = register(client, name, model, final, card())
    contest(client, version, final.run)
