"""Train one fold: plain PyTorch on ragged batches; knows nothing of Ray or of files.

Every number is a function of (settings, data, seed): an interrupted fold that goes on from
its last epoch ends with the same weights as one that was never interrupted.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ser_platform.batches import collate, epoch_batches, share
from ser_platform.config.schema import Experiment
from ser_platform.dataset import Dataset, Rows, phonemes_of
from ser_platform.errors import TrainingError
from ser_platform.models import build_model
from ser_platform.models.inputs import Inputs
from ser_platform.normalisation import fitted, frame_statistics, functional_statistics
from ser_platform.results import Epoch
from ser_platform.train.adam import flatten, restore
from ser_platform.train.ranks import Ranks
from ser_platform.train.scoring import part_scores, predict
from ser_platform.train.seeding import seed_everything

if TYPE_CHECKING:
    from ser_platform.models import Network

Weights = dict[str, Tensor]
_PREFIX = {"validation": "val", "test": "test"}
"""Of a part's scores in an epoch."""


@dataclass
class Progress:
    """Where a fold stands after an epoch: all that going on needs."""

    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    """By validation; the last one where nothing validates."""
    best_weights: Weights = field(default_factory=dict)
    test_epoch: int = 0
    """The best on test, where that is asked for; 0 where it is not."""
    test_weights: Weights = field(default_factory=dict)
    weights: Weights = field(default_factory=dict)
    optimizer: Weights = field(default_factory=dict)
    step: int = 0


def loaded_model(experiment: Experiment, dataset: Dataset, weights: Weights) -> "Network":
    """A trained network: with its weights comes what it took from its training part."""
    network = build_model(experiment.model, _inputs(experiment, dataset))
    network.load_state_dict(weights)
    return network


def new_model(experiment: Experiment, dataset: Dataset, train: Rows, fold: int) -> "Network":
    """A freshly initialised network, normalised by the training part of its fold."""
    seed_everything(experiment.train.seed, fold)
    by = experiment.train.normalisation
    inputs = _inputs(experiment, dataset)
    of_frames = fitted(frame_statistics, dataset, train, by)
    inputs.set_normalisation(*map(torch.from_numpy, of_frames))
    if inputs.functional_dim:
        of_utterances = fitted(functional_statistics, dataset, train, by)
        inputs.set_functional_normalisation(*map(torch.from_numpy, of_utterances))
    inputs.set_known_phonemes(torch.from_numpy(phonemes_of(dataset, train)))
    return build_model(experiment.model, inputs)


def _inputs(experiment: Experiment, dataset: Dataset) -> Inputs:
    """Of the right sizes; nothing is taken from the frames yet."""
    by_speaker = experiment.train.normalisation == "speaker"
    return Inputs(
        frame_dim=dataset.frame_dim,
        word_vectors=torch.from_numpy(np.array(dataset.word_vectors)),
        trainable=experiment.embedding.trainable,
        functional_dim=dataset.functionals.shape[1],
        num_phonemes=len(dataset.phonemes),
        num_speakers=dataset.num_speakers if by_speaker else 0,
    )


def fit(
    experiment: Experiment,
    dataset: Dataset,
    fold: int,
    train: Rows,
    validation: Rows,
    ranks: Ranks,
    progress: Progress,
    save: Callable[[Progress], None],
    test: Rows | None = None,
) -> Progress:
    """Train until the last epoch, or until none was better for ``patience`` epochs.

    Args:
        experiment: the complete setting.
        dataset: the corpus, in memory or mapped.
        fold: number of the fold, from 1; part of every seed.
        train: rows that are learned from.
        validation: rows that choose the epoch; none: the last one is kept.
        ranks: this process among the workers.
        progress: where an earlier attempt stopped; a new one is empty.
        save: called after every epoch, on every rank.
        test: rows that choose a second epoch beside the honest one, which they change nothing
            of; None, unless the experiment is to show what choosing on test does.

    Raises:
        TrainingError: when the loss or its gradients are not finite, at that step; on all ranks
            alike. What ``save`` was given last is as it was.
    """
    settings = experiment.train
    model = new_model(experiment, dataset, train, fold).to(ranks.device)
    if progress.weights:
        model.load_state_dict(progress.weights)
    network = ranks.wrap(model)
    optimizer = torch.optim.Adam(
        model.parameters(), settings.learning_rate, weight_decay=settings.l2, fused=True
    )
    restore(optimizer, progress.optimizer)
    judged = {"validation": validation} if len(validation) else {}
    if test is not None:
        judged["test"] = test
    while len(progress.epochs) < settings.epochs and not _stalled(progress, settings.patience):
        number = len(progress.epochs) + 1
        started = time.perf_counter()
        seed_everything(settings.seed, fold, number, ranks.rank)
        batches = epoch_batches(
            dataset,
            train,
            settings.batch_size,
            np.random.default_rng([settings.seed, fold, number]),
        )
        try:
            train_loss, clipped = _train_epoch(
                experiment, network, optimizer, dataset, batches, ranks, progress
            )
        except FloatingPointError as e:
            raise _diverged(experiment, fold, f"epoch {number}, {e}") from e
        answers = {
            part: predict(experiment, model, dataset, rows, ranks) for part, rows in judged.items()
        }
        progress.weights = {name: value.cpu() for name, value in model.state_dict().items()}
        progress.optimizer = flatten(optimizer)
        if problem := _not_finite(train_loss, progress.weights, answers):
            raise _diverged(experiment, fold, f"epoch {number}: {problem}")
        scores: dict[str, float] = {}
        for part, probabilities in answers.items():
            scores |= part_scores(_PREFIX[part], probabilities, dataset.labels[judged[part]])
        seconds = time.perf_counter() - started
        progress.epochs.append(
            Epoch(train_loss=train_loss, clipped_steps=clipped, seconds=seconds, **scores)
        )
        if _is_better(progress.epochs, progress.best_epoch, "val"):
            progress.best_epoch = number
            progress.best_weights = {k: v.clone() for k, v in progress.weights.items()}
        if test is not None and _is_better(progress.epochs, progress.test_epoch, "test"):
            progress.test_epoch = number
            progress.test_weights = {k: v.clone() for k, v in progress.weights.items()}
        save(progress)
    return progress


def _train_epoch(
    experiment: Experiment,
    network: nn.Module,
    optimizer: torch.optim.Adam,
    dataset: Dataset,
    batches: list[Rows],
    ranks: Ranks,
    progress: Progress,
) -> tuple[float, int]:
    """Mean loss over the utterances of one epoch, and how many of its steps were clipped.

    Network and optimizer are stepped.

    Raises:
        FloatingPointError: when the gradients of a step are not finite.
    """
    settings = experiment.train
    network.train()
    clipped = 0
    total = torch.zeros((), device=ranks.device)
    for number, batch in enumerate(batches, 1):
        mine = share(batch, ranks.rank, ranks.world)
        # A rank without an utterance still joins the sum of gradients, with a weight of zero.
        weight = float(ranks.world) if len(mine) else 0.0
        rows = mine if len(mine) else batch[:1]
        part = collate(dataset, rows, experiment.model).to(ranks.device)
        loss = functional.cross_entropy(network(part), part.labels, reduction="sum")
        # DDP averages over ranks: times world gives the gradient of the whole batch's mean,
        # however unevenly a last batch is shared.
        optimizer.zero_grad(set_to_none=True)
        (loss * (weight / len(batch))).backward()
        # Of gradients that DDP has made the same everywhere: all ranks see the same norm.
        norm = float(nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm))
        if not math.isfinite(norm):
            raise FloatingPointError(
                f"step {number} of {len(batches)}: the norm of the gradients is {norm}"
            )
        clipped += norm > settings.clip_norm
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate / (
                1 + settings.learning_rate_decay * progress.step
            )
        optimizer.step()
        progress.step += 1
        total += loss.detach() * bool(len(mine))
    return float(ranks.sum(total)) / sum(len(batch) for batch in batches), clipped


def _diverged(experiment: Experiment, fold: int, found: str) -> TrainingError:
    settings = experiment.train
    return TrainingError(
        f"non-finite loss: fold {fold}, {found}; lower train.learning_rate (now "
        f"{settings.learning_rate:g}) or train.clip_norm (now {settings.clip_norm:g})"
    )


def _is_better(epochs: list[Epoch], best: int, part: Literal["val", "test"]) -> bool:
    """Whether the last epoch beats the best so far: higher UA, of equal ones the lower loss.

    Without such a part to score the last one always does.
    """
    if best == 0 or getattr(epochs[-1], f"{part}_ua") is None:
        return True
    new, old = (
        (getattr(e, f"{part}_ua"), -getattr(e, f"{part}_loss"))
        for e in (epochs[-1], epochs[best - 1])
    )
    return new > old


def _stalled(progress: Progress, patience: int | None) -> bool:
    return patience is not None and len(progress.epochs) - progress.best_epoch >= patience


def _not_finite(
    train_loss: float, weights: Weights, answers: dict[str, NDArray[np.float32]]
) -> str:
    """What is not finite after an epoch, on all ranks alike; empty when all is."""
    if not math.isfinite(train_loss):
        return f"the training loss is {train_loss}"
    for part, probabilities in answers.items():
        if not np.isfinite(probabilities).all():
            return f"the probabilities on {part} are not finite"
    # Answers would show it; where none are asked for, the weights do.
    if not answers and not all(torch.isfinite(value).all() for value in weights.values()):
        return "the weights are not finite"
    return ""
