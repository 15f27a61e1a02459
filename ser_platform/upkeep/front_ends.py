"""The front ends of an experiment file, each with the shards that hold its corpus."""

from dataclasses import dataclass

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.signature import signature
from ser_platform.corpora.base import Corpus
from ser_platform.features import make_extractor
from ser_platform.features.plan import Shard, plan_shards
from ser_platform.features.recordings import RecordingDigests


@dataclass(frozen=True)
class FrontEnd:
    """An extractor with its settings, and what it stores of a corpus."""

    kind: str
    signature: str
    """Eight hex digits over its settings."""
    shards: tuple[Shard, ...]


def front_ends(
    file: ExperimentFile, corpus: Corpus, digests: RecordingDigests | None
) -> list[FrontEnd]:
    """Each front end of the file once, in its order.

    Raises:
        FeatureError: for recordings that are missing or unreadable, all of them at once.
    """
    configs = [
        config
        for architecture in file.architectures.values()
        for config in (architecture.features, architecture.functionals)
        if config is not None
    ]
    return [
        FrontEnd(
            config.kind,
            signature(config),
            tuple(plan_shards(corpus.utterances, make_extractor(config), digests)),
        )
        for config in dict.fromkeys(configs)
    ]
