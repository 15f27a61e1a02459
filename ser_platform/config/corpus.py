"""Which recordings, and how they are cut into folds."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ser_platform.config.paths import BelowRoot, LocalPath
from ser_platform.config.sections import Section, Seed

MissingAlignment = Literal["refuse", "even", "align"]
"""What becomes of an utterance whose words have no times.

``even`` spreads them evenly over its recording, ``align`` leaves them to the forced aligner
(section ``alignment``)."""
Style = Literal["all", "improvised", "scripted"]
"""Which dialogues: those the actors made up, those they learned by heart, or both."""


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
    root: LocalPath = ""
    """Where the corpus is made and read again.

    Empty: ``.ser/corpora/demo-<size>-<seed>-v<generator>``."""
    style: Style = "all"
    """Which of its dialogues."""
    missing_alignment: MissingAlignment = "refuse"


class IemocapCorpusConfig(Recordings):
    """IEMOCAP's own release tree (licensed; ask USC SAIL for it)."""

    kind: Literal["iemocap"] = "iemocap"
    root: LocalPath
    """The folder that holds ``Session1`` to ``Session5``."""
    check_counts: bool = True
    """Refuse a tree whose counts per session and class differ from the published 5,531."""
    style: Style = "all"
    """Which of its dialogues; counts are checked on all of them."""
    missing_alignment: MissingAlignment = "refuse"
    """With ``refuse``, the two utterances that IEMOCAP itself ships without alignment are
    ``even``."""


class TableCorpusConfig(Recordings):
    """Your own recordings: a manifest, with optional word and phoneme times."""

    kind: Literal["table"] = "table"
    root: LocalPath
    """The folder that file names in the manifest start from."""
    manifest: BelowRoot = "manifest.csv"
    """CSV, or an object a line where it ends in ``.jsonl``. Columns ``utterance_id, file,
    speaker, transcript`` and the label; optional: ``session, dialogue, scenario, style, sex``."""
    words: BelowRoot = ""
    """CSV ``utterance_id, start_s, end_s, symbol``, or NIST's CTM where it ends in ``.ctm``;
    empty: no word times."""
    phonemes: BelowRoot = ""
    """The same of phonemes; empty: no phoneme times."""
    alignments: BelowRoot = ""
    """In the place of both, a folder with a file for each utterance: see :class:`Aligned`."""
    label_column: str = "emotion"
    labels: dict[str, str] = Field(default_factory=dict)
    """The corpus's own label -> one of ang, hap, neu, sad; empty: labels are those already."""
    ignore_labels: tuple[str, ...] = ()
    """Labels whose utterances are left out; any other unknown label is an error."""
    session_column: str = "session"
    missing_alignment: MissingAlignment = "refuse"

    @model_validator(mode="after")
    def _one_source_of_times(self) -> "TableCorpusConfig":
        if self.alignments and (self.words or self.phonemes):
            raise ValueError(
                "alignments and words or phonemes both give the times of words; name one of them"
            )
        if self.phonemes and not self.words:
            raise ValueError("phonemes needs words: phonemes are given to words")
        return self


class Aligned(Recordings):
    """Times for a corpus that comes without: what an aligner has written for it."""

    alignments: BelowRoot = ""
    """A folder below ``root`` (or a full path) with a file for each utterance, named by its id:
    ``.TextGrid`` as the Montreal Forced Aligner writes it, or ``.wdseg`` and ``.phseg``."""
    missing_alignment: MissingAlignment = "refuse"
    """For utterances without a file, which are all of them when ``alignments`` is empty."""


class EmodbCorpusConfig(Aligned):
    """EmoDB: German, ten actors, ten fixed sentences (Burkhardt et al. 2005)."""

    kind: Literal["emodb"] = "emodb"
    root: LocalPath
    """The folder with ``03a01Fa.wav``, or with ``wav/`` of them."""


class RavdessCorpusConfig(Aligned):
    """RAVDESS: English, 24 actors, two fixed sentences; speech, not song (Livingstone 2018)."""

    kind: Literal["ravdess"] = "ravdess"
    root: LocalPath
    """The folder with ``Actor_01`` to ``Actor_24``."""
    calm: Literal["ignore", "neutral"] = "ignore"
    """What becomes of calm, which no other corpus has: left out, or merged into neutral."""


class CremadCorpusConfig(Aligned):
    """CREMA-D: English, 91 actors, twelve fixed sentences (Cao et al. 2014)."""

    kind: Literal["cremad"] = "cremad"
    root: LocalPath
    """The folder with ``AudioWAV``, and ``VideoDemographics.csv`` if you have it."""


class MeldCorpusConfig(Aligned):
    """MELD: dialogues of the series Friends (Poria et al. 2019)."""

    kind: Literal["meld"] = "meld"
    root: LocalPath
    """The folder with ``train_sent_emo.csv`` and its like, and a folder of recordings for each."""


class AudformatCorpusConfig(Aligned):
    """A database in audEERING's audformat; needs the extra ``audformat``."""

    kind: Literal["audformat"] = "audformat"
    root: LocalPath
    """The folder with ``db.yaml``."""
    table: str
    """The filewise table that holds the labels."""
    label_column: str = "emotion"
    files_table: str = ""
    """The filewise table that holds speakers and transcriptions; empty: the one of labels."""
    speaker_column: str = "speaker"
    transcript_column: str = ""
    """A text, or a code whose scheme lists the texts; empty: what was said is not known."""
    labels: dict[str, str] = Field(default_factory=dict)
    """The database's own label -> one of ang, hap, neu, sad; empty: labels are those already."""
    ignore_labels: tuple[str, ...] = ()
    """Labels whose files are left out; any other unknown label is an error."""


CorpusConfig = Annotated[
    DemoCorpusConfig
    | IemocapCorpusConfig
    | EmodbCorpusConfig
    | RavdessCorpusConfig
    | CremadCorpusConfig
    | MeldCorpusConfig
    | AudformatCorpusConfig
    | TableCorpusConfig,
    Field(discriminator="kind"),
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
