"""From utterances, frames and word vectors to ragged batches."""

import dataclasses
import pickle

import numpy as np
import pytest
import torch

from ser_platform.batches import collate, epoch_batches, share
from ser_platform.config.model import AlignmentConfig, DualRnnConfig, WiseConfig
from ser_platform.corpora.words import UNKNOWN_PHONEME
from ser_platform.dataset import Dataset, phonemes_of
from ser_platform.errors import FeatureError
from ser_platform.features.cache import FrameTable, FunctionalsTable
from ser_platform.features.embeddings import WordVectors
from ser_platform.joining import build_dataset, frame_spans
from ser_platform.utterance import Phoneme, Utterance, Word
from tests.models.worlds import (
    VOCABULARY,
    dataset_of,
    random_shapes,
    table_of,
    utterance,
    vectors_of,
)

WISE = WiseConfig(max_frames=4, max_phonemes=3, max_words=3)


@pytest.fixture
def dataset(rng) -> Dataset:
    return dataset_of(random_shapes(40, rng), rng)


def _joined(*utterances: Utterance, frames: int, rng: np.random.Generator) -> Dataset:
    table = table_of({u.id: frames for u in utterances}, 3, rng)
    return build_dataset(utterances, table, vectors_of(2, rng))


# Frames of 20 ms every 10 ms have their centres at 10, 20, 30, ... ms.


@pytest.mark.parametrize(
    ("start_s", "end_s", "first", "behind"),
    [
        (0.0, 0.01, 0, 1),  # before the first centre: nearest
        (0.0, 0.02, 0, 1),  # the end is not in the span
        (0.02, 0.05, 1, 4),  # the start is
        (0.021, 0.022, 1, 2),  # between two centres: nearest
        (0.027, 0.028, 2, 3),
        (0.03, 0.03, 2, 3),  # no length at all
        (0.09, 0.5, 8, 10),  # past the end: clamped
        (0.7, 0.9, 9, 10),  # wholly past the end: the last frame
        (-1.0, -0.5, 0, 1),
    ],
)
def test_a_span_has_the_frames_whose_centre_lies_in_it(start_s, end_s, first, behind) -> None:
    spans = frame_spans(np.array([[start_s, end_s]]), np.array([10]), window_s=0.02, hop_s=0.01)
    assert spans.tolist() == [[first, behind]]


def test_a_boundary_on_a_centre_is_not_moved_by_rounding() -> None:
    hop_s, window_s = 0.015, 0.025
    centres_s = np.arange(2000) * hop_s + window_s / 2
    times = np.stack([centres_s[:-1], centres_s[1:]], axis=1)
    spans = frame_spans(times, np.full(1999, 2000), window_s, hop_s)
    assert spans[:, 0].tolist() == list(range(1999))
    assert (spans[:, 1] - spans[:, 0] == 1).all()


def test_spans_that_follow_each_other_share_no_frame_and_leave_none_out(rng) -> None:
    cuts = np.sort(rng.uniform(0, 3, 60))
    cuts = cuts[np.concatenate([[True], np.diff(cuts) > 0.011])]
    times = np.stack([cuts[:-1], cuts[1:]], axis=1)
    spans = frame_spans(times, np.full(len(times), 500), window_s=0.02, hop_s=0.01)
    assert (spans[1:, 0] == spans[:-1, 1]).all()


def test_frames_words_and_phonemes_are_joined_by_utterance(rng) -> None:
    (first, _), (second, _) = utterance([[2, 1], [3]], row=0), utterance([[4]], row=1)
    table = table_of({"u1": 6, "unused": 9, "u0": 7}, 3, rng)
    vectors = vectors_of(2, rng)
    dataset = build_dataset([first, second], table, vectors)
    assert dataset.ids == ("u0", "u1")
    assert dataset.lengths.tolist() == [7, 6]
    assert dataset.frame_starts.tolist() == [15, 0]
    assert dataset.frames[0] is table.values
    assert dataset.word_offsets.tolist() == [0, 2, 3]
    assert dataset.phoneme_offsets.tolist() == [0, 2, 3, 4]
    assert dataset.phoneme_spans.tolist() == [[0, 2], [2, 3], [3, 6], [0, 4]]
    spoken = [word.text for u in (first, second) for word in u.words]
    expected = [vectors.vectors[vectors.words.index(text)] for text in spoken]
    assert np.array_equal(dataset.word_vectors[dataset.word_ids], expected)


def test_a_word_without_a_vector_is_read_as_zeros(rng) -> None:
    word = Word("unheard", 0.0, 0.05)
    dataset = _joined(
        dataclasses.replace(utterance([[1]], 0)[0], words=(word,)), frames=9, rng=rng
    )
    assert dataset.word_ids.tolist() == [0]
    assert dataset.word_vectors[0].tolist() == [0.0, 0.0]


def test_an_utterance_without_words_gets_one_unknown_word_over_all_its_frames(rng) -> None:
    silent = dataclasses.replace(utterance([[1]], row=0)[0], words=())
    dataset = _joined(silent, frames=9, rng=rng)
    assert dataset.word_ids.tolist() == [0]
    assert dataset.phoneme_spans.tolist() == [[0, 9]]


def test_a_word_without_phonemes_gets_one_over_all_its_frames(rng) -> None:
    words = (Word("a", 0.0, 0.035), Word("b", 0.035, 0.06, (Phoneme("x", 0.04, 0.06),)))
    dataset = _joined(dataclasses.replace(utterance([[1]], 0)[0], words=words), frames=9, rng=rng)
    assert dataset.phoneme_spans.tolist() == [[0, 3], [3, 5]]


def test_a_recording_shorter_than_a_frame_is_refused_by_name(rng) -> None:
    made = [utterance([[1]], row)[0] for row in range(3)]
    table = table_of({"u0": 4, "u1": 0, "u2": 0}, 3, rng)
    with pytest.raises(FeatureError) as error:
        build_dataset(made, table, vectors_of(2, rng))
    assert str(error.value) == (
        "u1.wav: utterance 'u1' (and 1 more) is shorter than one frame of 20 ms; "
        "leave it out of the corpus"
    )


def test_the_digest_changes_with_whatever_a_network_sees(rng) -> None:
    made = utterance([[2, 1], [3]], row=0)[0]
    table, vectors = table_of({"u0": 9}, 3, rng), vectors_of(2, rng)
    replace = dataclasses.replace
    short, *others = made.words[0].phonemes
    longer = (replace(short, end_s=others[0].end_s), *others)
    moved = (replace(made.words[0], phonemes=longer), *made.words[1:])
    digests = {
        build_dataset([u], t, v).digest
        for u, t, v in [
            (made, table, vectors),
            (replace(made, emotion="sad"), table, vectors),
            (replace(made, speaker="else"), table, vectors),
            (replace(made, words=moved), table, vectors),
            (made, replace(table, manifest_key="other"), vectors),
            (made, table, replace(vectors, vectors=2 * vectors.vectors)),
        ]
    }
    assert len(digests) == 6
    assert build_dataset([made], table, vectors).digest in digests


def test_the_arrays_leave_a_pickle_whole_so_that_processes_can_share_them(dataset) -> None:
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(dataset, protocol=5, buffer_callback=buffers.append)
    assert dataset.frames[0].nbytes in [buffer.raw().nbytes for buffer in buffers]
    assert len(head) < 5000


def test_rows_follow_the_given_ids(dataset) -> None:
    assert dataset.rows(["u7", "u0", "u3"]).tolist() == [7, 0, 3]
    with pytest.raises(ValueError, match="nobody"):
        dataset.rows(["nobody"])


# A corpus without some of its utterances.


def _made(rng: np.random.Generator) -> tuple[list[Utterance], FrameTable, FunctionalsTable]:
    made = [utterance(shape, row, pause=2) for row, shape in enumerate(random_shapes(12, rng))]
    table = table_of({u.id: frames for u, frames in made}, 3, rng)
    values = rng.standard_normal((12, 4), dtype=np.float32)
    functionals = FunctionalsTable(values, table.ids, tuple("abcd"), "functionals")
    return [u for u, _ in made], table, functionals


@pytest.mark.parametrize("gone", [(), (0,), (11,), (3, 4, 8), tuple(range(11)), tuple(range(12))])
def test_without_some_it_is_the_dataset_that_the_others_make(rng, gone) -> None:
    made, table, functionals = _made(rng)
    vectors = vectors_of(2, rng)
    whole = build_dataset(made, table, vectors, functionals)
    found = whole.without([f"u{row}" for row in gone])
    left = [u for row, u in enumerate(made) if row not in gone]
    if not left:  # nobody makes a dataset of nothing; a seal may leave nothing
        assert found.ids == ()
        assert len(found.word_ids) == len(found.phoneme_ids) == len(found.labels) == 0
        return
    speakers = sorted({u.speaker for u in made})
    expected = build_dataset(left, table, vectors, functionals, whole.phonemes, speakers)
    for field in dataclasses.fields(Dataset):
        if field.name not in {"digest", "frames", "moments", "frame_places"}:
            ours, theirs = getattr(found, field.name), getattr(expected, field.name)
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
            assert not isinstance(theirs, np.ndarray) or ours.dtype == theirs.dtype, field.name
    assert found.frames[0] is table.values
    rows = np.arange(len(left))
    np.testing.assert_array_equal(found.moments_of(rows), expected.moments_of(rows))
    batch, same = (collate(data, np.arange(len(left)), WISE) for data in (found, expected))
    assert torch.equal(batch.frames, same.frames)
    assert np.array_equal(batch.phoneme_spans, same.phoneme_spans)


def test_what_describes_the_corpus_stays_whole_so_that_networks_are_the_same(dataset) -> None:
    found = dataset.without(dataset.ids[1::3])  # all that s1 says
    assert "s1" not in found.speakers
    assert found.num_speakers == dataset.num_speakers == 3
    assert found.phonemes == dataset.phonemes
    assert found.word_vectors is dataset.word_vectors
    assert found.digest == dataset.digest


def test_without_what_is_not_in_it_a_dataset_is_itself(dataset) -> None:
    assert dataset.without(["nobody"]) is dataset
    sealed = dataset.without(["u3"])
    assert sealed.without(["u3"]) is sealed


def test_a_part_of_the_frames_goes_with_its_last_utterance(dataset) -> None:
    parts = (dataset.frames[0], np.concatenate([dataset.frames_of(row) for row in (2, 5)]))
    starts, of_parts = dataset.frame_starts.copy(), dataset.frame_parts.copy()
    of_parts[[2, 5]], starts[[2, 5]] = 1, (0, dataset.lengths[2])
    places = dataset.frame_places.copy()
    places[[2, 5]] = 0, 1
    halved = dataclasses.replace(
        dataset,
        frames=parts,
        moments=(dataset.moments[0], dataset.moments_of(np.array([2, 5]))),
        frame_parts=of_parts,
        frame_starts=starts,
        frame_places=places,
    )
    rows = np.array([5, 1, 2])
    assert np.array_equal(halved.moments_of(rows), dataset.moments_of(rows))
    assert torch.equal(collate(halved, rows, WISE).frames, collate(dataset, rows, WISE).frames)
    assert halved.without(["u2"]).frames[1] is parts[1]
    gone = halved.without(["u5", "u2"])
    assert gone.frames[0] is parts[0]
    assert gone.frames[1].shape == (0, dataset.frame_dim)
    assert gone.moments[1].shape == (0, 2, dataset.frame_dim)
    assert gone.frames[1].base is gone.moments[1].base is None


def test_asking_for_a_sealed_utterance_says_so(dataset) -> None:
    with pytest.raises(ValueError, match="sealed") as error:
        dataset.without(["u3", "u7"]).rows(["u1", "u7", "u3"])
    assert str(error.value) == (
        "utterance 'u7' (and 1 more) is not among the 38 of this dataset: it is sealed, as the "
        "test part of a fold is while it trains, or unknown"
    )


def test_the_digest_is_the_one_that_stored_results_are_named_by() -> None:
    """Taken before frames lay in parts."""
    made = [utterance([[2, 1], [3]], row=0)[0], utterance([[4]], row=1)[0]]
    offsets, names = np.array([0, 8, 16]), ("a", "b", "c")
    values = np.zeros((16, 3), np.float32)
    table = FrameTable(values, offsets, ("u0", "u1"), names, 0.02, 0.01, "manifest")
    vectors = WordVectors(VOCABULARY, np.ones((len(VOCABULARY), 2), np.float32), (), {})
    functionals = FunctionalsTable(np.ones((2, 1), np.float32), table.ids, ("q",), "functionals")
    assert build_dataset(made, table, vectors, functionals).digest == (
        "d00306118ebceeec87cc0860c3f7b1c7541dc086b0fe14d2a1afe31a2f0087ef"
    )


@pytest.mark.parametrize("batch_size", [1, 7, 16, 100])
def test_an_epoch_has_every_utterance_once_in_batches_of_like_size(dataset, batch_size) -> None:
    rows = np.arange(5, 38)
    batches = epoch_batches(dataset, rows, batch_size, np.random.default_rng(0))
    assert sorted(np.concatenate(batches)) == rows.tolist()
    sizes = {len(batch) for batch in batches}
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


def test_batches_hold_utterances_of_like_length_in_random_order(rng) -> None:
    dataset = dataset_of([[[n]] for n in rng.permutation(200) + 1], rng)
    batches = epoch_batches(dataset, np.arange(200), 10, np.random.default_rng(0))
    lengths = [dataset.lengths[batch] for batch in batches]
    padded = sum(len(own) * own.max() for own in lengths)
    assert padded / dataset.lengths.sum() < 1.2
    assert [own.mean() for own in lengths] != sorted(own.mean() for own in lengths)


def test_the_same_generator_gives_the_same_batches_and_another_epoch_others(dataset) -> None:
    def drawn(seed: int) -> list[list[int]]:
        batches = epoch_batches(dataset, np.arange(40), 8, np.random.default_rng(seed))
        return [batch.tolist() for batch in batches]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


@pytest.mark.parametrize("world", [1, 2, 3, 8])
def test_ranks_share_a_batch_without_losing_or_repeating_an_utterance(world) -> None:
    batch = np.array([9, 4, 7, 1, 0])
    shares = [share(batch, rank, world) for rank in range(world)]
    assert sorted(np.concatenate(shares)) == sorted(batch)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("model", [WISE, AlignmentConfig()], ids=["wise", "alignment"])
def test_a_batch_holds_what_loops_over_the_utterances_find(dataset, model) -> None:
    rows = np.array([11, 2, 2, 39])
    cut = model if isinstance(model, WiseConfig) else WiseConfig(max_frames=999, max_phonemes=999)
    frames, words, num_words, phonemes_of_word, frames_of_phoneme = [], [], [], [], []
    for row in rows:
        own = dataset.frames[0][dataset.frame_starts[row] :][: dataset.lengths[row]]
        spoken = range(*dataset.word_offsets[row : row + 2])[: cut.max_words]
        for word in spoken:
            phonemes = range(*dataset.phoneme_offsets[word : word + 2])[: cut.max_phonemes]
            for phoneme in phonemes:
                first, behind = dataset.phoneme_spans[phoneme]
                frames_of_phoneme.append(own[first:behind][: cut.max_frames])
            phonemes_of_word.append(len(phonemes))
        frames.append(own)
        words += dataset.word_ids[spoken].tolist()
        num_words.append(len(spoken))
    batch = collate(dataset, rows, model)
    assert np.array_equal(batch.frames, np.concatenate(frames))
    assert batch.frames_of_utterance.lengths.tolist() == list(map(len, frames))
    assert batch.word_ids.tolist() == words
    assert batch.words_of_utterance.lengths.tolist() == num_words
    assert batch.labels.tolist() == dataset.labels[rows].tolist()
    # A sum over each packed sequence, put back in order, is the sum the loops find.
    sums = [part.sum(axis=0) for part in frames_of_phoneme]
    np.testing.assert_allclose(_sums(batch.frames_of_phoneme, batch.frames), sums, atol=1e-5)
    ones = torch.ones(sum(phonemes_of_word), 1)
    assert _sums(batch.phonemes_of_word, ones)[:, 0].tolist() == phonemes_of_word


def _sums(sequences, rows: torch.Tensor) -> torch.Tensor:
    total, at_place = rows.new_zeros(int(sequences.active[0]), rows.shape[1]), []
    for step in rows[sequences.take].split(sequences.active.tolist()):
        total[: len(step)] += step
        at_place.append(total[: len(step)].clone())
    return torch.cat(at_place)[sequences.last]


def test_a_dataset_in_shared_memory_is_read_only_and_makes_batches_all_the_same(dataset) -> None:
    arrays = [getattr(dataset, field.name) for field in dataclasses.fields(dataset)]
    for value in (*arrays, *dataset.frames):
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    batch = collate(dataset, np.arange(3), WISE)  # torch would warn, and warnings are errors
    batch.frames.zero_()
    assert dataset.frames[0].any()


def test_a_batch_moves_as_a_whole(dataset) -> None:
    moved = collate(dataset, np.arange(3), WISE).to("meta")
    assert moved.frames.is_meta
    assert moved.word_ids.is_meta
    assert moved.labels.is_meta
    assert moved.frames_of_phoneme.last.is_meta
    assert moved.words_of_utterance.slots.is_meta


def test_a_words_span_holds_those_of_its_phonemes(dataset) -> None:
    of_word = np.repeat(np.arange(len(dataset.word_ids)), np.diff(dataset.phoneme_offsets))
    words, phonemes = dataset.word_spans[of_word], dataset.phoneme_spans
    assert (words[:, 0] <= phonemes[:, 0]).all()
    assert (phonemes[:, 1] <= words[:, 1]).all()


def test_phonemes_have_numbers_in_the_order_of_their_symbols(rng) -> None:
    dataset = dataset_of([[[1, 1, 1]]], rng)
    assert dataset.phonemes == ("AA", "B", "CH")
    assert dataset.phoneme_ids.tolist() == [1, 2, 3]


def test_a_symbol_not_known_and_unknown_speech_are_number_0(rng) -> None:
    (made, _), table = utterance([[1, 2], [3]], row=0), table_of({"u0": 9}, 3, rng)
    spoken = made.words[1]
    unknown = Phoneme(UNKNOWN_PHONEME, spoken.start_s, spoken.end_s)
    made = dataclasses.replace(
        made, words=(made.words[0], dataclasses.replace(spoken, phonemes=(unknown,)))
    )
    dataset = build_dataset([made], table, vectors_of(2, rng))
    assert dataset.phonemes == ("AA", "B")
    assert dataset.phoneme_ids.tolist() == [1, 2, 0]
    known = build_dataset([made], table, vectors_of(2, rng), phonemes=("B",))
    assert known.phoneme_ids.tolist() == [0, 1, 0]


def test_the_phonemes_of_a_part_are_those_that_occur_in_it(rng) -> None:
    dataset = dataset_of([[[1]], [[1], [1]], [[1, 1, 1]]], rng)
    assert [phonemes_of(dataset, np.array([row])).tolist() for row in range(3)] == [
        [1],
        [2, 3],
        [1, 2, 3],
    ]


def test_functionals_and_speakers_are_joined_by_utterance(rng) -> None:
    dataset = dataset_of(random_shapes(30, rng), rng, functional_dim=4)
    part = np.arange(0, 30, 3) + np.array([0, 1] * 5)
    batch = collate(dataset, part, WISE)
    np.testing.assert_array_equal(batch.functionals, dataset.functionals[part])
    assert batch.speaker_ids.tolist() == [1, 2] * 5
    assert batch.speaker_of_frame.tolist() == [
        s for s, n in zip([1, 2] * 5, batch.num_frames, strict=True) for _ in range(n)
    ]


def test_an_utterance_that_is_cut_keeps_words_and_phonemes_inside(rng) -> None:
    dataset = dataset_of([[[3, 1], [5]], [[9]]], rng)
    batch = collate(dataset, np.arange(2), DualRnnConfig(max_frames=4))
    assert batch.num_frames.tolist() == [4, 4]
    for spans in (batch.word_spans, batch.phoneme_spans):
        assert (spans[:, 0] < spans[:, 1]).all()
    assert batch.word_spans.tolist() == [[2, 4], [3, 4], [6, 8]]
