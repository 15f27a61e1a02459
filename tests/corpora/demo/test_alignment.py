"""Times of espeak-ng as rows of an alignment file."""

import pytest

from ser_platform.corpora.demo.alignment import phone_units, phseg, wdseg, word_units
from ser_platform.corpora.demo.arpabet import arpabet
from ser_platform.corpora.demo.speech import SAMPLE_RATE_HZ, SpokenWord


def word(text: str, start_s: float, end_s: float, **phones: float) -> SpokenWord:
    starts = tuple((name, round(at * SAMPLE_RATE_HZ)) for name, at in phones.items())
    return SpokenWord(text, round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ), starts)


SPOKEN = (
    word("I,", 0.0, 0.12, aI=0.0),
    word("see", 0.2, 0.45, s=0.2, i=0.31),
)


def test_a_recording_is_cut_into_words_and_silences_without_a_gap() -> None:
    assert wdseg(word_units(SPOKEN, start_s=0.3, num_frames=100)) == (
        "\t SFrm  EFrm    SegAScr Word\n"
        "\t    0    29          0 <s>\n"
        "\t   30    41          0 I\n"
        "\t   42    49          0 <sil>\n"
        "\t   50    74          0 SEE\n"
        "\t   75    99          0 </s>\n"
        " Total score:           0\n"
    )


def test_phones_are_written_with_their_neighbours_and_their_place_in_the_word() -> None:
    assert phseg(phone_units(SPOKEN, start_s=0.3, num_frames=100)) == (
        "\t SFrm  EFrm   SegAScr Phone\n"
        "\t    0    29         0 SIL\n"
        "\t   30    41         0 AY SIL SIL s\n"
        "\t   42    49         0 SIL\n"
        "\t   50    60         0 S SIL IY b\n"
        "\t   61    74         0 IY S SIL e\n"
        "\t   75    99         0 SIL\n"
        " Total score:           0\n"
    )


def test_a_sound_that_takes_no_time_of_its_own_gets_the_shortest_phone() -> None:
    while_ = word("while.", 0.0, 0.3, w=0.0, aI=0.08, l=0.3)
    phones = phone_units([while_], start_s=0.1, num_frames=50)[1:-1]
    assert [(p.name, p.first, p.last) for p in phones] == [
        ("W", 10, 17),
        ("AY", 18, 36),
        ("L", 37, 39),
    ]


def test_a_word_too_short_for_its_phones_is_shared_out_evenly() -> None:
    the = word("the", 0.0, 0.05, D=0.0, a=0.045)
    phones = phone_units([the], start_s=0.1, num_frames=50)[1:-1]
    assert [(p.first, p.last) for p in phones] == [(10, 12), (13, 14)]


@pytest.mark.parametrize(
    ("espeak", "symbol"),
    [("'aI", "AY"), (",I#", "IH"), ("t#", "T"), ("@L", "L"), ("newer", "newer")],
)
def test_phonemes_are_arpabet_without_stress(espeak: str, symbol: str) -> None:
    assert arpabet(espeak) == symbol
