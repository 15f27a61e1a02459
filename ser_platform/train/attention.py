"""Pictures of what a scored run attends to, in a few utterances of its first validation part."""

import logging
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import numpy as np

from ser_platform.batches import collate
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import CorruptObjectError, FeatureError, ObjectNotFoundError
from ser_platform.evidence.telling import picture_name, telling
from ser_platform.features.audio import load
from ser_platform.inference.attention_figure import draw_attention
from ser_platform.models.attention import attention
from ser_platform.results import Predictions, RunResult
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import read_or_put_aside
from ser_platform.storage.sealed import ZIP_COMMENT, seal_zip, unsealed_zip
from ser_platform.storage.zips import zipped_files
from ser_platform.train.checkpoint import load_weights
from ser_platform.train.loop import loaded_model
from ser_platform.train.runs import Run
from ser_platform.train.stored import FoldKeys
from ser_platform.utterance import Utterance

_log = logging.getLogger(__name__)


def pictures(
    run: Run, result: RunResult, store: ObjectStore, corpus: Sequence[Utterance]
) -> dict[str, bytes]:
    """PNGs by name, stored beside the fold's weights; none for a network without attention.

    What the store holds already is not drawn again. A recording or weights that are gone by now
    only cost the pictures. Where nothing validates there are none: nobody is shown the test part.
    """
    first = result.folds[0]
    if first.validation is None:
        _log.info("no pictures of attention of %s: it has no validation part", run.architecture)
        return {}
    key = FoldKeys(run.key, first.fold).attention
    stored = read_or_put_aside(store, key, lambda data: zipped_files(unsealed_zip(data)))
    if stored is None:
        try:
            drawn = dict(_draw(run, first.fold, first.validation, store, corpus))
        except (FeatureError, CorruptObjectError, ObjectNotFoundError) as e:
            _log.warning("no pictures of attention of %s: %s", run.architecture, e)
            return {}
        store.write(key, _zipped(drawn))
        return drawn
    return stored


def _zipped(files: dict[str, bytes]) -> bytes:
    """All or nothing: one object."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
        file.comment = ZIP_COMMENT
    return seal_zip(buffer.getvalue())


def _draw(
    run: Run,
    number: int,
    validation: Predictions,
    store: ObjectStore,
    corpus: Sequence[Utterance],
) -> Iterator[tuple[str, bytes]]:
    fold = next(fold for fold in run.prepared.folds if fold.number == number)
    chosen = list(telling(validation))
    ids = [validation.ids[i] for i in chosen]
    # Of them alone: the driver's machine may have no room for all frames, and trains nothing.
    dataset = run.prepared.sealed[fold.test].fetch_only(ids)
    network = loaded_model(
        run.experiment, dataset, load_weights(store, FoldKeys(run.key, fold.number).weights)
    )
    batch = collate(dataset, dataset.rows(ids), run.experiment.model)
    layers = attention(network, batch)
    if not layers:
        return
    by_id = {utterance.id: utterance for utterance in corpus}
    with TemporaryDirectory(prefix="ser-attention-") as folder:
        path = Path(folder) / "picture.png"
        for row, i in enumerate(chosen):
            utterance, probabilities = by_id[ids[row]], validation.probabilities[i]
            true, answer = validation.true[i], int(np.argmax(probabilities))
            draw_attention(
                load(Path(utterance.audio)),
                utterance.words,
                {name: weights[row] for name, weights in layers.items()},
                run.experiment.features,
                f"{utterance.id}: {EMOTIONS[true]}, answered {EMOTIONS[answer]} "
                f"({probabilities[answer]:.0%}); {run.architecture}, validation part of fold "
                f"{fold.number}",
                path,
            )
            yield picture_name(validation, i), path.read_bytes()
