"""A batch as one collates it first: rectangles with zeros behind every end."""

from functools import cached_property

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ser_platform.config.model import Limits
from ser_platform.dataset import Dataset, Rows


class Padded:
    """Each rectangle is made when it is first asked for: no network reads them all."""

    def __init__(self, data: Dataset, rows: Rows, limits: Limits) -> None:
        self._data, self._rows, self._limits = data, rows, limits

    @cached_property
    def _frames(self) -> list[Tensor]:
        data = self._data
        return [torch.from_numpy(data.frames_of(r))[: self._limits.frames] for r in self._rows]

    @cached_property
    def frames(self) -> Tensor:
        return pad_sequence(self._frames, batch_first=True)

    @cached_property
    def num_frames(self) -> Tensor:
        return torch.tensor([len(own) for own in self._frames])

    @cached_property
    def functionals(self) -> Tensor:
        return torch.from_numpy(self._data.functionals[self._rows])

    @cached_property
    def _words(self) -> list[range]:
        offsets = self._data.word_offsets
        return [range(*offsets[r : r + 2])[: self._limits.words] for r in self._rows]

    @cached_property
    def words(self) -> Tensor:
        vectors = torch.from_numpy(self._data.word_vectors)
        ids = torch.from_numpy(self._data.word_ids)
        return pad_sequence([vectors[ids[list(own)]] for own in self._words], batch_first=True)

    @cached_property
    def num_words(self) -> Tensor:
        return torch.tensor([len(own) for own in self._words])

    @cached_property
    def frames_of_words(self) -> list[list[list[int]]]:
        """First frame and the one behind the last, of every word of each utterance."""
        return [self._data.word_spans[list(own)].tolist() for own in self._words]

    @cached_property
    def _phonemes(self) -> list[list[range]]:
        offsets, limit = self._data.phoneme_offsets, self._limits.phonemes
        return [[range(*offsets[w : w + 2])[:limit] for w in own] for own in self._words]

    @cached_property
    def phonemes_of_word(self) -> list[int]:
        return [len(phonemes) for own in self._phonemes for phonemes in own]

    @cached_property
    def _frames_of_phoneme(self) -> list[Tensor]:
        spans, limit = self._data.phoneme_spans, self._limits.frames_of_phoneme
        return [
            frames[slice(*spans[p])][:limit]
            for frames, own in zip(self._frames, self._phonemes, strict=True)
            for phonemes in own
            for p in phonemes
        ]

    @cached_property
    def frames_of_phonemes(self) -> Tensor:
        return pad_sequence(self._frames_of_phoneme, batch_first=True)

    @cached_property
    def num_frames_of_phoneme(self) -> Tensor:
        return torch.tensor([len(own) for own in self._frames_of_phoneme])

    @cached_property
    def _symbols(self) -> list[Tensor]:
        ids = torch.from_numpy(self._data.phoneme_ids)
        return [ids[[p for phonemes in own for p in phonemes]] for own in self._phonemes]

    @cached_property
    def symbols(self) -> Tensor:
        return pad_sequence(self._symbols, batch_first=True)

    @cached_property
    def num_symbols(self) -> Tensor:
        return torch.tensor([len(own) for own in self._symbols])
