"""The model card: short, whole, and plain about what is not known."""

from pathlib import Path

from ser_platform.cards.card import model_card
from ser_platform.circumstances import Circumstances
from ser_platform.evidence.assess import assess
from ser_platform.results import RunResult
from tests.runs import run_result

TITLES = [
    *("What it is", "Data", "Protocol", "Scores", "By emotion", "For whom it works"),
    *("Calibration", "Limits", "Intended use", "Licences", "Loading and citing"),
]


def final(**changes: object) -> RunResult:
    """Women speak in the first half of each test part, which is the half that is right."""
    bare = run_result(1, role="final", right=0.5)
    ids = [i for fold in bare.folds for i in (fold.test.ids if fold.test else ())]
    known = Circumstances(
        ids=tuple(ids),
        dialogues=("",) * len(ids),
        sexes=tuple("F" if n % 40 < 20 else "M" for n in range(len(ids))),
        styles=("",) * len(ids),
        seconds=tuple(1.0 + n % 8 for n in range(len(ids))),
        words=(3,) * len(ids),
    )
    experiment = {
        "corpus": {"kind": "iemocap"},
        "features": {"kind": "mfcc39", "backend": "opensmile"},
        "embedding": {"kind": "glove50"},
        "model": {"kind": "wise"},
    }
    changed = {"circumstances": known, "experiment": experiment, **changes}
    return bare.model_copy(update=changed)


def card(run: RunResult, notes: tuple[str, ...] = ()) -> str:
    return model_card(run, assess([run]), notes, "runs:/7/wise")


def test_a_card_has_all_sections_and_its_warnings_first() -> None:
    found = card(final(), ("Synthetic speech: scores mean nothing about people.",))
    assert [line[3:] for line in found.splitlines() if line.startswith("## ")] == TITLES
    assert found.startswith(
        "# wise on iemocap\n\n> **Synthetic speech: scores mean nothing about people.**\n\n## What"
    )


def test_a_card_names_the_largest_gap_between_groups() -> None:
    found = card(final())
    told = "100.0 points of UA by sex: F 100.0%, M 0.0%"
    assert f"Largest gap between groups of several people: **{told}**." in found
    assert "points of UA by length: " in found
    unknown = card(final(circumstances=None))
    assert (
        "Sex, style and length of the utterances are not known, so no gap can be told." in unknown
    )


def test_a_card_gives_scores_with_intervals_and_the_data_behind_them() -> None:
    found = card(final())
    assert "| UA | 50.0% | 50.0% to 50.0% | 50.0% ± 0.0% |" in found
    assert "200 utterances of 10 speakers: 50 ang, 50 hap, 50 neu, 50 sad." in found
    assert "Expected calibration error 20.0%" in found


def test_a_card_says_what_the_licences_of_corpus_and_front_ends_allow() -> None:
    found = card(final())
    assert "- Corpus iemocap: Licensed by USC SAIL, for research" in found
    assert "openSMILE (audEERING): research and non-commercial use only." in found
    deaf = {"corpus": {"kind": "table"}, "model": {"kind": "lstm_attention", "modality": "audio"}}
    other = card(final(experiment={**deaf, "embedding": {"kind": "glove50"}}))
    assert "as its owner says; we do not know." in other
    assert "glove50" not in other  # it reads no words


def test_a_card_names_the_licence_file_of_a_corpus_that_we_do_not_know(tmp_path: Path) -> None:
    corpus = {"kind": "table", "root": str(tmp_path)}
    run = final(experiment={"corpus": corpus, "model": {"kind": "lstm_attention"}})
    unknown = "- Corpus iemocap: as its owner says; we do not know.\n"
    (tmp_path / "README.md").write_text("")
    assert unknown in card(run)
    for name in ("LICENSE.md", "copying"):
        (tmp_path / name).write_text("")
    named = "as its owner says: see `LICENSE.md`, `copying` in its folder."
    assert f"- Corpus iemocap: {named}\n" in card(run)
    gone = {"kind": "table", "root": str(tmp_path / "gone")}
    run = final(experiment={"corpus": gone, "model": {"kind": "lstm_attention"}})
    assert unknown in card(run)
