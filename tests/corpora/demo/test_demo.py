"""The corpus that sounds: read back by IEMOCAP's own reader."""

import hashlib
import json
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.corpora import Corpus, read_corpus
from ser_platform.corpora.demo import build
from ser_platform.corpora.demo.arpabet import SYMBOLS
from ser_platform.corpora.demo.read import folder_of
from ser_platform.corpora.words import clean_words
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

REPOSITORY = Path(__file__).parents[3]


def contents(root: Path) -> dict[str, str]:
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(root.rglob("*"))
        if file.is_file()
    }


def heard(utterance: Utterance) -> tuple[np.ndarray, int]:
    return soundfile.read(utterance.audio)


def test_iemocaps_reader_finds_sixty_utterances_of_ten_speakers(small: Corpus) -> None:
    assert (small.name, small.synthetic) == ("demo", True)
    assert len(small.utterances) == 60
    speakers = {f"Ses0{session}{sex}" for session in range(1, 6) for sex in "FM"}
    assert {u.speaker for u in small.utterances} == speakers
    assert Counter(u.session for u in small.utterances) == dict.fromkeys(range(1, 6), 12)
    heard = {(u.speaker, u.emotion) for u in small.utterances}
    assert heard == {(speaker, emotion) for speaker in speakers for emotion in EMOTIONS}


def test_its_notes_say_that_it_is_synthetic_and_what_was_left_out(small: Corpus) -> None:
    assert small.notes[0] == (
        "This speech is synthetic: a machine (espeak-ng) read sentences that were written for "
        "ser_platform. It imitates IEMOCAP's layout and holds nothing of it. "
        "Scores on it mean nothing."
    )
    assert small.notes[1].startswith("spoken by espeak-ng 1.")
    assert small.notes[2].startswith("10 utterances of other emotions left out:")


def test_it_has_both_styles_ratings_and_scripts_that_come_back_in_other_sessions(
    small: Corpus, small_root: Path
) -> None:
    sessions = defaultdict(set)
    for utterance in small.utterances:
        assert utterance.dimensions is not None
        assert 1 <= utterance.dimensions.valence <= 5
        assert len(utterance.votes) == 3
        sessions[utterance.style, utterance.scenario].add(utterance.session)
    assert any(len(own) > 1 for (style, _), own in sessions.items() if style == "scripted")
    subset = DemoCorpusConfig(size="small", root=str(small_root), style="improvised")
    improvised = [u for u in small.utterances if u.style == "improvised"]
    assert 0 < len(improvised) < len(small.utterances)
    assert list(read_corpus(subset).utterances) == improvised


def test_words_are_those_of_the_transcript(small: Corpus) -> None:
    for utterance in small.utterances:
        assert [w.text for w in utterance.words] == clean_words(utterance.transcript)


def test_times_follow_each_other_inside_the_recording(small: Corpus) -> None:
    for utterance in small.utterances:
        words = utterance.words
        edges = [t for word in words for t in (word.start_s, word.end_s)]
        assert edges == sorted(edges)
        assert edges[0] > 0
        assert edges[-1] < soundfile.info(utterance.audio).duration
        for word in words:
            inner = [t for phone in word.phonemes for t in (phone.start_s, phone.end_s)]
            assert [inner[0], inner[-1]] == [word.start_s, word.end_s]
            assert inner[1:-1:2] == inner[2:-1:2]  # each begins where the last one ends
            assert all(phone.start_s < phone.end_s for phone in word.phonemes)
            assert {phone.symbol for phone in word.phonemes} <= SYMBOLS


def test_recordings_are_16_khz_mono_16_bit(small: Corpus) -> None:
    kinds = {
        (info.samplerate, info.channels, info.subtype)
        for info in (soundfile.info(u.audio) for u in small.utterances)
    }
    assert kinds == {(16000, 1, "PCM_16")}


def test_sound_is_where_the_words_are(small: Corpus) -> None:
    contrast_db = []
    for utterance in small.utterances:
        samples, rate = heard(utterance)
        before = samples[: round(utterance.words[0].start_s * rate)]
        words = [samples[round(w.start_s * rate) : round(w.end_s * rate)] for w in utterance.words]
        power = [float(np.mean(np.square(part))) for part in (np.concatenate(words), before)]
        contrast_db.append(10 * np.log10(power[0] / power[1]))
    assert min(contrast_db) > 3
    assert np.median(contrast_db) > 20


def test_emotions_are_carried_by_loudness_pitch_and_rate(small: Corpus) -> None:
    measured = {emotion: defaultdict(list) for emotion in EMOTIONS}
    for utterance in small.utterances:
        samples, rate = heard(utterance)
        spoken_s = utterance.words[-1].end_s - utterance.words[0].start_s
        phonemes = sum(len(word.phonemes) for word in utterance.words)
        of = measured[utterance.emotion]
        of["loudness_db"].append(20 * np.log10(np.std(samples)))
        of["phonemes_per_s"].append(phonemes / spoken_s)
        of["pitch_hz"].append(pitch_hz(samples, rate, utterance))

    def mean(emotion: str, what: str) -> float:
        return float(np.mean(measured[emotion][what]))

    assert mean("ang", "loudness_db") > mean("neu", "loudness_db") > mean("sad", "loudness_db")
    assert mean("hap", "pitch_hz") > mean("neu", "pitch_hz") > mean("sad", "pitch_hz")
    assert mean("ang", "phonemes_per_s") > mean("sad", "phonemes_per_s") + 2


def pitch_hz(samples: np.ndarray, rate: int, utterance: Utterance) -> float:
    """The median over vowels of the strongest period between 60 and 400 Hz."""
    found = []
    for phone in (phone for word in utterance.words for phone in word.phonemes):
        vowel = samples[round(phone.start_s * rate) : round(phone.end_s * rate)]
        if phone.symbol[0] in "AEIOU" and len(vowel) > 0.05 * rate:
            correlation = np.correlate(vowel, vowel, "full")[len(vowel) - 1 :]
            lags = slice(rate // 400, rate // 60)
            found.append(rate / (lags.start + int(np.argmax(correlation[lags]))))
    return float(np.median(found))


def test_another_process_makes_the_same_bytes(
    small: Corpus, small_root: Path, tmp_path: Path
) -> None:
    make = (
        "import sys\n"
        "from ser_platform.config.corpus import DemoCorpusConfig\n"
        "from ser_platform.corpora import read_corpus\n"
        "read_corpus(DemoCorpusConfig(size='small', root=sys.argv[1]))"
    )
    again = tmp_path / "again"
    subprocess.run([sys.executable, "-c", make, str(again)], cwd=REPOSITORY, check=True)
    assert contents(again) == contents(small_root)


def test_two_at_once_leave_one_corpus_with_the_same_bytes(
    small: Corpus, small_root: Path, tmp_path: Path
) -> None:
    config = DemoCorpusConfig(size="small", root=str(tmp_path / "both"))
    with ThreadPoolExecutor(2) as pool:
        corpora = list(pool.map(read_corpus, [config, config]))
    assert corpora[0] == corpora[1]
    assert [folder.name for folder in tmp_path.iterdir()] == ["both"]
    assert contents(tmp_path / "both") == contents(small_root)


def test_an_interrupted_build_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def interrupted(*arguments: object) -> None:
        written.append(arguments)
        real(*arguments)  # pyright: ignore[reportArgumentType]
        if len(written) == 2:
            raise KeyboardInterrupt

    real = build.write_dialogue
    monkeypatch.setattr(build, "write_dialogue", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_corpus(DemoCorpusConfig(size="small", root=str(tmp_path / "small")))
    assert list(tmp_path.iterdir()) == []


def test_a_made_corpus_is_read_without_espeak(
    small: Corpus, small_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    assert read_corpus(DemoCorpusConfig(size="small", root=str(small_root))) == small


def test_the_default_folder_names_size_seed_and_generator() -> None:
    folder = folder_of(DemoCorpusConfig(size="small", seed=7))
    assert folder == Path(f".ser/corpora/demo-small-7-v{build.VERSION}")


def test_a_folder_with_another_demo_corpus_is_refused(small: Corpus, small_root: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        read_corpus(DemoCorpusConfig(size="full", seed=3, root=str(small_root)))
    assert str(caught.value) == (
        f"{small_root} is another demo corpus: size small (wanted: full), seed 0 (wanted: 3); "
        "remove the folder to have it made again, or set another corpus.root"
    )


def test_a_folder_of_another_generator_is_refused(tmp_path: Path) -> None:
    manifest = {**build.identity("small", 0), "generator": 0, "espeak_ng": "1.52.0"}
    (tmp_path / build.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CorpusError) as caught:
        read_corpus(DemoCorpusConfig(size="small", root=str(tmp_path)))
    assert str(caught.value) == (
        f"{tmp_path} is another demo corpus: generator 0 (wanted: {build.VERSION}); "
        "remove the folder to have it made again, or set another corpus.root"
    )


@pytest.mark.parametrize("manifest", [None, "{", "[]"])
def test_a_folder_with_something_else_in_it_is_refused_and_kept(
    manifest: str | None, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    if manifest is not None:
        (tmp_path / build.MANIFEST).write_text(manifest)
    with pytest.raises(CorpusError, match=r"is not a demo corpus .*SYNTHETIC\.json.*remove the"):
        read_corpus(DemoCorpusConfig(size="small", root=str(tmp_path)))
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    root = tmp_path / "file" / "demo"
    with pytest.raises(CorpusError, match=f"the demo corpus cannot be made in {root}: "):
        read_corpus(DemoCorpusConfig(size="small", root=str(root)))
