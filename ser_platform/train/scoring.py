"""What a network answers, and how well: probabilities of any rows, scores of a part."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ser_platform.batches import collate, share
from ser_platform.config.schema import Experiment
from ser_platform.dataset import Dataset, Rows
from ser_platform.emotions import EMOTIONS
from ser_platform.metrics import confusion, unweighted_accuracy, weighted_accuracy
from ser_platform.train.ranks import Ranks

_AT_ONCE = 32
"""Utterances of one batch: attention takes memory by its longest utterance."""


def predict(
    experiment: Experiment, model: nn.Module, dataset: Dataset, rows: Rows, ranks: Ranks
) -> NDArray[np.float32]:
    """Class probabilities ``[rows, emotions]`` in the order of ``rows``, on every rank.

    Each rank scores its share and the shares are summed, so no utterance is counted twice.
    """
    model.eval()
    by_length = np.argsort(dataset.lengths[rows], kind="stable")
    probabilities = torch.zeros(len(rows), len(EMOTIONS), device=ranks.device)
    with torch.inference_mode():
        for batch in np.array_split(by_length, math.ceil(len(rows) / _AT_ONCE)):
            mine = share(batch, ranks.rank, ranks.world)
            if len(mine):
                logits = model(collate(dataset, rows[mine], experiment.model).to(ranks.device))
                probabilities[torch.from_numpy(mine)] = logits.softmax(dim=1)
    return ranks.sum(probabilities).cpu().numpy()


def part_scores(
    part: str, probabilities: NDArray[np.float32], true: NDArray[np.int64]
) -> dict[str, float]:
    """Loss, WA and UA of a part by the names they have in an epoch: ``val_loss`` and so on."""
    matrix = confusion(true, probabilities.argmax(axis=1), len(EMOTIONS))
    of_true = probabilities[np.arange(len(true)), true]
    return {
        f"{part}_loss": float(-np.log(np.maximum(of_true, np.finfo(np.float32).tiny)).mean()),
        f"{part}_wa": weighted_accuracy(matrix),
        f"{part}_ua": unweighted_accuracy(matrix),
    }
