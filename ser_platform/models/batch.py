"""What a network reads: some utterances, ragged, nothing padded to a maximum."""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ser_platform.models.ragged import Counts, Packed, Segments, Sequences, ranges


@dataclass(frozen=True)
class Batch:
    """B utterances of F frames, W words and P phonemes together, one behind the other.

    Every utterance has at least one frame and one word, every word a phoneme, every phoneme a
    frame. Frames of pauses belong to no phoneme; short neighbours may share a frame.

    How many there are of each lies on the CPU as plain arrays. Networks read them as index
    tables, each of which is made when it is first asked for: no network needs them all.
    """

    frames: Tensor
    """float ``[F, D]``, as extracted: not normalised."""
    functionals: Tensor
    """float ``[B, Q]``, values of whole utterances, not normalised; Q may be 0."""
    speaker_ids: Tensor
    """int64 ``[B]``, numbers of the speakers; 0 is an unknown one."""
    word_ids: Tensor
    """int64 ``[W]``, rows of the word vectors."""
    phoneme_ids: Tensor
    """int64 ``[P]``, numbers of the phonemes; 0 is none or an unknown one."""
    labels: Tensor
    """int64 ``[B]``, indices into the emotions."""
    num_frames: Counts
    """``[B]``"""
    num_words: Counts
    """``[B]``"""
    num_phonemes: Counts
    """``[W]``"""
    word_spans: Counts
    """``[W, 2]``, first row of ``frames`` and row behind the last; never empty."""
    phoneme_spans: Counts
    """``[P, 2]``, the same."""

    def to(self, device: torch.device | str) -> "Batch":
        """The same on ``device``; what is counted stays on the CPU."""
        return replace(
            self,
            frames=self.frames.to(device),
            functionals=self.functionals.to(device),
            speaker_ids=self.speaker_ids.to(device),
            word_ids=self.word_ids.to(device),
            phoneme_ids=self.phoneme_ids.to(device),
            labels=self.labels.to(device),
        )

    @cached_property
    def speaker_of_frame(self) -> Tensor:
        """The number of the speaker of each frame, int64 ``[F]``."""
        counts = torch.from_numpy(self.num_frames).to(self.frames.device)
        return self.speaker_ids.repeat_interleave(counts, output_size=len(self.frames))

    @cached_property
    def frames_of_utterance(self) -> Sequences:
        """Rows of ``frames``."""
        return Sequences.of(self.num_frames).to(self.frames.device)

    @cached_property
    def words_of_utterance(self) -> Sequences:
        """Rows of ``word_ids``."""
        return Sequences.of(self.num_words).to(self.frames.device)

    @cached_property
    def phonemes_of_utterance(self) -> Sequences:
        """Rows of ``phoneme_ids``."""
        ends = self.num_words.cumsum() - 1
        behind = self.num_phonemes.cumsum()[ends]
        counts = behind.copy()
        counts[1:] -= behind[:-1]
        return Sequences.of(counts).to(self.frames.device)

    @cached_property
    def phonemes_of_word(self) -> Packed:
        """Rows of ``phoneme_ids``."""
        return Packed.of(self.num_phonemes).to(self.frames.device)

    @cached_property
    def frames_of_phoneme(self) -> Packed:
        """Rows of ``frames``."""
        return _within(self.phoneme_spans).to(self.frames.device)

    @cached_property
    def frames_of_word(self) -> Packed:
        """Rows of ``frames``, pauses between the phonemes of a word included."""
        return _within(self.word_spans).to(self.frames.device)

    @cached_property
    def frames_by_word(self) -> Segments:
        """The same rows, to be summed or averaged."""
        return Segments.of(self.word_spans).to(self.frames.device)


def _within(spans: Counts) -> Packed:
    lengths = spans[:, 1] - spans[:, 0]
    return Packed.of(lengths, ranges(spans[:, 0], lengths))
