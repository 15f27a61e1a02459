import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from ser_platform.errors import FeatureError
from ser_platform.features import audio
from ser_platform.features.audio import decode, load
from tests.features.signals import RATE, chirp, mixture, noise, recording, seconds, square


def refusal(data: bytes) -> str:
    with pytest.raises(FeatureError) as failure:
        decode(data, "a.wav")
    return str(failure.value)


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "FLAC"])
def test_16_bit_at_16_khz_comes_through_unchanged(container: str) -> None:
    signal = decode(recording(mixture(), container=container), "a")
    assert signal.dtype == np.int16
    np.testing.assert_array_equal(signal, mixture())


def test_channels_are_averaged() -> None:
    left, right = chirp(8_000), noise(8_000)
    signal = decode(recording(np.stack([left, right], axis=1)), "a")
    exact = (left.astype(float) + right) / 2
    np.testing.assert_array_equal(signal, np.rint(exact).astype(np.int16))


def test_a_24_bit_recording_is_rounded_and_not_cut() -> None:
    sample_24_bit = 1000 * 256 + 200  # 1000.78 of 16 bit
    signal = decode(recording(np.full(8_000, sample_24_bit << 8, np.int32), subtype="PCM_24"), "a")
    assert set(signal) == {1001}


def test_stereo_at_48_khz_is_brought_to_16_khz_by_soxr() -> None:
    wide = chirp(48_000).astype(np.float64) / 2**15
    signal = decode(recording(np.stack([wide, wide], axis=1), 48_000, subtype="DOUBLE"), "a")
    assert len(signal) == RATE
    expected = np.rint(soxr.resample(wide, 48_000, RATE, quality="HQ") * 2**15)
    np.testing.assert_array_equal(signal, expected)


def test_what_overshoots_in_resampling_is_clipped_and_does_not_wrap_round() -> None:
    full_scale = square(48_000, period=480)
    overshoot = soxr.resample(full_scale / 2**15, 48_000, RATE, quality="HQ")
    assert overshoot.max() > 1.1
    signal = decode(recording(full_scale, 48_000), "a")
    assert signal[overshoot > 1].min() == 2**15 - 1
    assert signal[overshoot < -1].max() == -(2**15)


def test_float_samples_beyond_full_scale_are_clipped() -> None:
    signal = decode(recording(np.array([1.5, -1.5] * 800), subtype="FLOAT"), "a")
    assert set(signal) == {2**15 - 1, -(2**15)}


def test_a_wav_written_to_a_pipe_has_no_length_and_is_read_to_its_end() -> None:
    data = bytearray(recording(mixture()))
    struct.pack_into("<I", data, 4, 0xFFFFFFFF)
    struct.pack_into("<I", data, data.index(b"data") + 4, 0xFFFFFFFF)
    np.testing.assert_array_equal(decode(bytes(data), "a"), mixture())


def test_chunks_after_the_sound_do_not_matter() -> None:
    data = recording(mixture()) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    np.testing.assert_array_equal(decode(data, "a"), mixture())


def test_an_empty_file() -> None:
    assert refusal(b"") == "a.wav: the file is empty"


@pytest.mark.parametrize("data", [b"Ses01F: Excuse me.\n" * 50, bytes(1000), b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_recording(data: bytes) -> None:
    message = refusal(data)
    assert message.startswith("a.wav: cannot be decoded (")
    assert message.endswith("); it is damaged, or something else than WAV or FLAC")


def test_a_wav_that_was_cut_off_is_noticed() -> None:
    whole = recording(mixture())
    soundfile.read(io.BytesIO(whole[:16_000]))  # without a word: the reason for our check
    assert refusal(whole[:16_000]) == (
        "a.wav: cut short: its header promises 32000 bytes of sound, 15956 are there; "
        "copy the recording again"
    )


@pytest.mark.parametrize("kept", [60, 200, 0.5, 0.99])
def test_a_flac_that_was_cut_off_is_noticed(kept: float) -> None:
    whole = recording(mixture(), container="FLAC")
    message = refusal(whole[: int(kept if kept > 1 else kept * len(whole))])
    assert re.fullmatch(
        r"a\.wav: cannot be decoded \(.*flac decoder.*\); "
        r"it is damaged, or something else than WAV or FLAC",
        message,
    )


@pytest.mark.parametrize("container", ["AIFF", "AU", "NIST", "W64"])
def test_a_container_that_hides_a_cut_is_refused(container: str) -> None:
    message = refusal(recording(mixture(), container=container))
    assert message.endswith("; convert it to WAV or FLAC")


@pytest.mark.parametrize(
    ("samples", "found"),
    [(0, "0 samples, 0.0000 s"), (1, "1 samples, 0.0001 s"), (799, "799 samples, 0.0499 s")],
)
def test_too_short(samples: int, found: str) -> None:
    data = recording(np.zeros(samples, np.int16))
    assert refusal(data) == f"a.wav: {found}; at least 0.05 s is needed"


def test_50_ms_are_enough() -> None:
    assert len(decode(recording(noise(800)), "a")) == 800


def test_an_hour_in_a_small_file_is_refused_before_it_is_decoded() -> None:
    data = recording(np.zeros(3600 * 8_000, np.int16), 8_000, container="FLAC")
    assert len(data) < 200_000
    assert refusal(data) == (
        "a.wav: 3600 s long; at most 120 s is expected, one utterance per recording"
    )


@pytest.mark.parametrize("rate", [4_000, 2_000_000_000])
def test_a_rate_that_no_recording_has(rate: int) -> None:
    data = bytearray(recording(mixture()))
    struct.pack_into("<I", data, 24, rate)
    assert refusal(bytes(data)) == (f"a.wav: sampled at {rate} Hz; 8000 to 192000 Hz is expected")


def test_too_many_channels() -> None:
    message = refusal(recording(np.zeros((1_000, 12), np.int16)))
    assert message == "a.wav: 12 channels; at most 8 are expected"


def test_blocks_of_many_channels_are_the_mean_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(3).normal(scale=0.1, size=(20_000, 8))
    data = recording(samples)
    whole = decode(data, "x")
    monkeypatch.setattr(audio, "_BLOCK", 999)
    assert np.array_equal(decode(data, "x"), whole)


def test_samples_that_are_no_numbers() -> None:
    samples = chirp(8_000) / 2**15
    samples[[5, 6, 7]] = [np.nan, np.inf, -np.inf]
    assert refusal(recording(samples, subtype="FLOAT")) == (
        "a.wav: 3 of 8000 samples are NaN or infinite; "
        "write the recording again, as 16-bit WAV or FLAC"
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeatureError) as failure:
        load(tmp_path / "absent.wav")
    assert str(failure.value) == (
        f"{tmp_path}/absent.wav: no such recording; check the corpus folder"
    )


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_file_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(recording(mixture()))
    assert len(load(str(tmp_path / "a.wav"))) == seconds(1)
