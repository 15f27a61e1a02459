"""What every corpus reader gives, and the checks that every one goes through."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from ser_platform.config.corpus import MissingAlignment
from ser_platform.corpora.problems import collected, listed, refuse_if_any
from ser_platform.corpora.recordings import BadRecording, bad_recordings
from ser_platform.corpora.words import UNKNOWN_PHONEME, clean_words, overlap_s, spread_words
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

TOLERANCE_S = 0.5
"""How far words may reach beyond their recording before the times are taken to be wrong."""
OVERLAP_S = 0.05
"""How far a word may reach into the next one before it is noted."""


@dataclass(frozen=True)
class Corpus:
    """A corpus as read and checked.

    Attributes:
        name: tells it from other corpora in every result.
        utterances: in the order of their ids; every word has at least one phoneme.
        synthetic: True for the demo corpus, whose scores mean nothing.
        notes: what was mended or left out, with counts and ids; for logs.
    """

    name: str
    utterances: tuple[Utterance, ...]
    synthetic: bool
    notes: tuple[str, ...]
    bad: tuple[BadRecording, ...] = ()
    """Left out of ``utterances``: their recordings cannot be used."""


def finish(
    name: str,
    utterances: Iterable[Utterance],
    *,
    root: Path,
    missing_alignment: MissingAlignment,
    always_even: Collection[str] = (),
    problems: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Corpus:
    """Check what a reader found, and see to the utterances whose words have no times.

    Recordings that cannot be used are put aside in ``bad``; how many may be is not decided here.
    An utterance without a word in its transcript (only laughter, say) keeps no words.

    Args:
        name: of the corpus.
        utterances: in any order.
        root: what an error names first.
        missing_alignment: whether words without times are refused, spread evenly, or left out,
            for a forced aligner to find.
        always_even: utterances known to lack times: never refused, but spread evenly.
        problems: what the reader found wrong, reported with what is found here.
        notes: what the reader mended or left out.

    Raises:
        CorpusError: listing all problems at once.
    """
    ordered = sorted(map(found_on_disk, utterances), key=lambda u: u.id)
    problems = [*problems, *_contradictions(ordered)]
    if not ordered and not problems:
        problems.append(f"no utterance labelled {', '.join(EMOTIONS)} in it")
    problems += filter(None, map(_missing, ordered))
    bad = bad_recordings([u for u in ordered if Path(u.audio).is_file()])
    aside = {b.id for b in bad}
    total, ordered = len(ordered), [u for u in ordered if u.id not in aside]
    untimed = [u for u in ordered if not u.words and clean_words(u.transcript)]
    refused = [u.id for u in untimed if u.id not in always_even]
    if refused and missing_alignment == "refuse":
        problems.append(
            f"no word times for {len(refused)} of {len(ordered)} utterances: {listed(refused)}; "
            "add them to the alignment, have them found (corpus.missing_alignment: align), or "
            "spread the words evenly over each recording with corpus.missing_alignment: even"
        )
    if problems:
        problems += [f"{b.id}: {b.fault}" for b in bad]
    refuse_if_any(problems, root)
    left = untimed if missing_alignment == "align" else []
    spread, unreadable = _spread([] if left else untimed)
    refuse_if_any(unreadable, root)
    return Corpus(
        name=name,
        utterances=tuple(spread.get(u.id, u) for u in ordered),
        synthetic=False,
        notes=(
            *notes,
            *_left_out(bad, total),
            *_remarks(ordered, spread, [u.id for u in left]),
        ),
        bad=bad,
    )


def refuse_too_many_bad(corpus: Corpus, share: float) -> None:
    """Raise CorpusError when more than ``share`` of the recordings had to be put aside."""
    total = len(corpus.utterances) + len(corpus.bad)
    if len(corpus.bad) <= share * total:
        return
    where = (
        f"{corpus.name}: {len(corpus.bad)} of {total} recordings cannot be used, more than "
        f"corpus.max_bad_share: {share:g} lets be left out"
    )
    refuse_if_any([f"{b.id}: {b.fault}" for b in corpus.bad], where)


def found_on_disk(utterance: Utterance) -> Utterance:
    """The utterance with the name that its file really has.

    A letter such as an umlaut may be one character or two (NFC, NFD): manifests mostly have one,
    file systems that were copied from macOS the other.
    """
    if Path(utterance.audio).is_file():
        return utterance
    for form in ("NFC", "NFD"):
        audio = unicodedata.normalize(form, utterance.audio)
        if Path(audio).is_file():
            return replace(utterance, audio=audio)
    return utterance


def duration_s(utterance: Utterance) -> float:
    """Length of its recording, from the header.

    Raises:
        CorpusError: naming the utterance and the file when it is no recording, or an empty one.
    """
    try:
        found_s = float(soundfile.info(utterance.audio).duration)
    except soundfile.SoundFileError as error:
        raise CorpusError(f"{utterance.id}: its recording cannot be read: {error}") from None
    if found_s == 0:
        raise CorpusError(f"{utterance.id}: its recording holds no samples: {utterance.audio}")
    return found_s


def too_late(utterances: Iterable[Utterance]) -> list[str]:
    """What is wrong with utterances whose words end behind their recordings, one line each."""
    problems: list[str] = []
    for utterance in utterances:
        with collected(problems):
            end_s, recorded_s = max(w.end_s for w in utterance.words), duration_s(utterance)
            if end_s > recorded_s + TOLERANCE_S:
                problems.append(
                    f"{utterance.id}: its words end at {end_s:g} s, its recording ends at "
                    f"{recorded_s:g} s; are the times seconds from the start of the recording?"
                )
    return problems


def _contradictions(utterances: Sequence[Utterance]) -> Iterator[str]:
    for id_, count in Counter(u.id for u in utterances).items():
        if count > 1:
            yield f"{id_}: {count} utterances have this id; ids must be unique"
    for utterance in utterances:
        if utterance.emotion not in EMOTIONS:
            yield f"{utterance.id}: emotion '{utterance.emotion}' is none of {', '.join(EMOTIONS)}"


def _missing(utterance: Utterance) -> str | None:
    path = Path(utterance.audio)
    return None if path.is_file() else f"{utterance.id}: its recording is missing: {path}"


def _left_out(bad: Sequence[BadRecording], total: int) -> Iterator[str]:
    if bad:
        yield (
            f"{len(bad)} of {total} utterances left out, their recordings cannot be used "
            f"(corpus.max_bad_share): {'; '.join(f'{b.id}: {b.fault}' for b in bad)}"
        )


def _spread(utterances: Iterable[Utterance]) -> tuple[dict[str, Utterance], list[str]]:
    spread: dict[str, Utterance] = {}
    problems: list[str] = []
    for utterance in utterances:
        with collected(problems):
            words = spread_words(utterance.transcript, duration_s(utterance))
            spread[utterance.id] = replace(utterance, words=words)
    return spread, problems


def _remarks(
    utterances: Sequence[Utterance], spread: Collection[str], left: Sequence[str]
) -> Iterator[str]:
    total = len(utterances)
    if left:
        yield (
            f"no word times in {len(left)} of {total} utterances, left to the forced aligner: "
            f"{listed(left)}"
        )
    if spread:
        yield (
            f"no word times in {len(spread)} of {total} utterances, their words are spread evenly "
            f"over the recording: {listed(spread)}"
        )
    if rough := [u.id for u in utterances if u.id not in spread and _lacks_phonemes(u)]:
        yield (
            f"words without phoneme times, each taken as one phoneme, in {len(rough)} of {total} "
            f"utterances: {listed(rough)}"
        )
    if crossed := [u.id for u in utterances if overlap_s(u.words) > OVERLAP_S]:
        yield (
            f"words that overlap by more than {OVERLAP_S} s in {len(crossed)} of {total} "
            f"utterances: {listed(crossed)}"
        )
    if silent := [u.id for u in utterances if not clean_words(u.transcript)]:
        yield f"no word in the transcript of {len(silent)} of {total} utterances: {listed(silent)}"
    if absent := sorted(set(EMOTIONS) - {u.emotion for u in utterances}):
        yield f"no utterance is labelled {listed(absent)}"


def _lacks_phonemes(utterance: Utterance) -> bool:
    return any([p.symbol for p in w.phonemes] == [UNKNOWN_PHONEME] for w in utterance.words)
