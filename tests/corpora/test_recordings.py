"""Recordings that cannot be used: few are left out alike by every command, many stop it."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_platform.corpora.base import finish
from ser_platform.corpora.recordings import fault_of
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance
from tests.corpora.conftest import Table, recording


def encoded(samples: np.ndarray, container: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format=container, subtype=subtype)
    return file.getvalue()


def header(offset: int, layout: str, value: int) -> bytes:
    data = bytearray(recording())
    struct.pack_into(layout, data, offset, value)
    return bytes(data)


def not_finite() -> bytes:
    samples = np.full(16_000, 0.1, np.float32)
    samples[7] = np.nan
    return encoded(samples, subtype="FLOAT")


FLAC = encoded(np.random.default_rng(0).normal(0, 0.1, 64_000), "FLAC")
BROKEN_INSIDE = FLAC[: len(FLAC) // 2] + bytes(400) + FLAC[len(FLAC) // 2 + 400 :]
BAD: dict[str, tuple[bytes, str]] = {
    "empty (D1)": (b"", "its recording is empty (0 bytes): "),
    "random bytes (D1)": (np.random.default_rng(0).bytes(4_000), "cannot be decoded ("),
    "text (D1)": (b"Ses01F: Excuse me.\n" * 50, "it is damaged, or something else than WAV"),
    "bad header (D1)": (b"RIFF\0\0\0\0WAVE", "cannot be decoded ("),
    "cut wav (D2)": (recording()[:16_000], "cut short: its header promises 32000 bytes of sound"),
    "cut flac (D2)": (FLAC[: len(FLAC) // 2], "cannot be decoded ("),
    "damaged inside (D2)": (BROKEN_INSIDE, "cannot be decoded ("),
    "NaN (D3)": (not_finite(), "1 of 16000 samples are NaN or infinite"),
    "no samples (D4)": (recording(0), "0 samples, 0.0000 s; at least 0.05 s is needed"),
    "one sample (D4)": (recording(1 / 16_000), "1 samples, 0.0001 s"),
    "rate of 2 GHz (D5)": (header(24, "<I", 2_000_000_000), "sampled at 2000000000 Hz"),
    "12 channels (D5)": (encoded(np.zeros((1_000, 12))), "12 channels; at most 8"),
    "an hour in 0.2 MB (D5)": (
        encoded(np.zeros(3600 * 16_000, np.int16), "FLAC"),
        "3600 s long; at most 120 s is expected",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_recording_that_cannot_be_used_is_told_with_its_file(name: str, tmp_path: Path) -> None:
    data, said = BAD[name]
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    fault = fault_of(path)
    assert fault is not None
    assert said in fault
    assert str(path) in fault


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
def test_a_good_recording_has_no_fault(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(encoded(np.full(1_600, 0.1), subtype=subtype))
    assert fault_of(path) is None
    path.write_bytes(FLAC)
    assert fault_of(path) is None


@pytest.mark.parametrize("name", BAD)
def test_up_to_the_share_it_is_left_out_with_a_note_that_names_it(table: Table, name: str) -> None:
    data, said = BAD[name]
    (table.root / "wav" / "b.wav").write_bytes(data)
    corpus = table.read(max_bad_share=0.25)
    assert [u.id for u in corpus.utterances] == ["a", "c", "d"]
    assert [b.id for b in corpus.bad] == ["b"]
    note = next(n for n in corpus.notes if "left out" in n)
    assert note.startswith(
        "1 of 4 utterances left out, their recordings cannot be used (corpus.max_bad_share): b: "
    )
    assert said in note


def test_beyond_the_share_nothing_runs(table: Table) -> None:
    for name in "bd":
        (table.root / "wav" / f"{name}.wav").write_bytes(b"")
    with pytest.raises(CorpusError) as error:
        table.read(max_bad_share=0.49)
    assert str(error.value).replace(str(table.root), "<root>") == (
        "mine: 2 of 4 recordings cannot be used, more than corpus.max_bad_share: 0.49 lets be "
        "left out: 2 problems\n"
        "  b: its recording is empty (0 bytes): <root>/wav/b.wav; copy it again\n"
        "  d: its recording is empty (0 bytes): <root>/wav/d.wav; copy it again"
    )


def test_by_default_one_in_four_is_too_many(table: Table) -> None:
    (table.root / "wav" / "b.wav").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"1 of 4 recordings cannot be used, more than corpus"):
        table.read()


def test_other_problems_are_told_together_with_bad_recordings(table: Table) -> None:
    (table.root / "wav" / "b.wav").write_bytes(b"")
    (table.root / "wav" / "c.wav").unlink()
    with pytest.raises(CorpusError) as error:
        table.read(max_bad_share=0.9)
    said = [problem.partition(":")[0] for problem in error.value.problems]
    assert said == ["c", "b"]


def test_one_of_hundreds_is_left_out_by_default_in_every_reader(
    tmp_path: Path, utterances: Callable[..., list[Utterance]]
) -> None:
    made = []
    for utterance in utterances([(1, "F", "ang")] * 200):
        path = tmp_path / utterance.audio
        path.write_bytes(recording(0.1))
        made.append(
            Utterance(
                utterance.id, str(path), utterance.speaker, 1, utterance.emotion, "hello there"
            )
        )
    Path(made[7].audio).write_bytes(b"")
    corpus = finish("many", made, root=tmp_path, missing_alignment="even")
    assert len(corpus.utterances) == 199
    assert [b.id for b in corpus.bad] == ["u007"]
