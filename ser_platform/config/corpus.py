"""Which recordings, and how they are cut into folds."""

from typing import Annotated, Literal

from pydantic import Field

from ser_platform.config.sections import Section, Seed

MissingAlignment = Literal["refuse", "even", "align"]
"""What becomes of an utterance whose words have no times.

``even`` spreads them evenly over its recording, ``align`` leaves them to the forced aligner
(section ``alignment``)."""


class Recordings(Section):
    """What every corpus says about recordings that cannot be used."""

    max_bad_share: Annotated[float, Field(ge=0, lt=1)] = 0.005
    """Share of the recordings that may be damaged, empty, or too short or long.

    Up to it they are left out before folds are made, with a note; beyond it nothing runs."""


class DemoCorpusConfig(Recordings):
    """Speech that this machine makes itself (espeak-ng); synthetic, its scores mean nothing."""

    kind: Literal["demo"] = "demo"
    size: Literal["full", "small"] = "full"
    """``full``: about 400 utterances; ``small``: for tests."""
    seed: Seed = 0
    root: str = ""
    """Where the corpus is made and read again.

    Empty: ``.ser/corpora/demo-<size>-<seed>-v<generator>``."""
    missing_alignment: MissingAlignment = "refuse"


class IemocapCorpusConfig(Recordings):
    """IEMOCAP's own release tree (licensed; ask USC SAIL for it)."""

    kind: Literal["iemocap"] = "iemocap"
    root: str
    """The folder that holds ``Session1`` to ``Session5``."""
    check_counts: bool = True
    """Refuse a tree whose counts per session and class differ from the published 5,531."""
    missing_alignment: MissingAlignment = "refuse"
    """The two utterances that IEMOCAP itself ships without alignment are always ``even``."""


class TableCorpusConfig(Recordings):
    """Your own recordings: a CSV manifest, with optional word and phoneme times."""

    kind: Literal["table"] = "table"
    root: str
    """The folder that file names in the manifest start from."""
    manifest: str = "manifest.csv"
    """Columns ``utterance_id, file, speaker, transcript`` and the label; ``session`` optional."""
    words: str = ""
    """CSV ``utterance_id, start_s, end_s, symbol``; empty: no word times."""
    phonemes: str = ""
    """CSV of the same columns; empty: no phoneme times."""
    label_column: str = "emotion"
    labels: dict[str, str] = Field(default_factory=dict)
    """The corpus's own label -> one of ang, hap, neu, sad; empty: labels are those already."""
    ignore_labels: tuple[str, ...] = ()
    """Labels whose utterances are left out; any other unknown label is an error."""
    session_column: str = "session"
    missing_alignment: MissingAlignment = "refuse"


CorpusConfig = Annotated[
    DemoCorpusConfig | IemocapCorpusConfig | TableCorpusConfig, Field(discriminator="kind")
]


class ValidationConfig(Section):
    """The part of each fold's training side that selects epochs and settings."""

    by: Literal["speaker", "session", "share"] = "speaker"
    """One speaker, one session, or a random share of the training speakers."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the training speakers, for ``by: share`` (at least one speaker)."""
    seed: Seed = 0


class SplitConfig(Section):
    """How the corpus is cut into folds; a speaker is never on two sides."""

    by: Literal["session", "speaker", "kfold"] = "session"
    """Leave one session out (both papers), leave one speaker out, or k groups of speakers."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Number of groups, for ``by: kfold``; ignored otherwise."""
    seed: Seed = 0
    """Draw of speakers into groups, for ``by: kfold``, and of scenarios into theirs."""
    scenarios: Annotated[int, Field(ge=2)] | None = None
    """Groups of scenarios, each held out from training when it is tested; null: not at all.

    Keeps the text of a scenario from being learned by heart with other speakers; pessimistic,
    because what a scenario makes people feel is held out too."""
    validation: ValidationConfig = ValidationConfig()
