"""Corpora on disk in the layouts that they are published in, a few tiny recordings each."""

from collections.abc import Iterable
from pathlib import Path

from tests.corpora.conftest import recording


def sounds(folder: Path, names: Iterable[str], ending: str = ".wav") -> None:
    """The same quiet second under every name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}{ending}").write_bytes(recording())


def emodb(root: Path) -> Path:
    names = ["03a01Fa", "03a05Wa", "08b10Nb", "16a02Tc", "08a07Ea", "09b01La", "09b02Ab"]
    sounds(root / "wav", names)
    return root


def ravdess(root: Path) -> Path:
    for actor in ("01", "02", "24"):
        spoken = [f"03-01-0{emotion}-01-0{1 + emotion % 2}-01-{actor}" for emotion in range(1, 9)]
        sounds(root / f"Actor_{actor}", [*spoken, f"03-02-05-01-01-01-{actor}"])
    return root


def cremad(root: Path) -> Path:
    names = ["1001_DFA_ANG_XX", "1001_IEO_HAP_HI", "1002_TSI_NEU_XX", "1040_ITH_SAD_X"]
    sounds(root / "AudioWAV", [*names, "1002_IEO_DIS_LO", "1001_MTI_FEA_XX"])
    return root


MELD_HEADER = (
    "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,"
    "StartTime,EndTime"
)


def meld_row(text: str, speaker: str, emotion: str, dialogue: int, turn: int) -> str:
    times = '"00:16:16,059","00:16:21,731"'
    return f'1,"{text}",{speaker},{emotion},neutral,{dialogue},{turn},8,21,{times}'


def meld(root: Path, folders: tuple[str, str, str] = ("train", "dev", "test")) -> Path:
    rows = {
        "train": [
            meld_row("What? No!", "Ross", "anger", 0, 0),
            meld_row("You must be kidding.", "Rachel", "joy", 0, 1),
            meld_row("Oh.", "Rachel", "surprise", 0, 2),
        ],
        "dev": [meld_row("It is five.", "Joey", "neutral", 0, 0)],
        "test": [meld_row("I miss it.", "Ross", "sadness", 0, 0)],
    }
    for (part, own), folder in zip(rows.items(), folders, strict=True):
        sounds(root / folder, [f"dia0_utt{turn}" for turn in range(len(own))])
        text = "\n".join([MELD_HEADER, *own]) + "\n"
        (root / f"{part}_sent_emo.csv").write_text(text, encoding="utf-8")
    return root


def audformat_database(root: Path) -> Path:
    """Labels in one table, speakers and sentences by code in another, as EmoDB's has them."""
    import audformat

    names = ["wav/03a01Fa.wav", "wav/03a02Wa.wav", "wav/08a01Na.wav", "wav/08a02La.wav"]
    sounds(root / "wav", [Path(name).stem for name in names])
    db = audformat.Database("berlin", usage="research")
    sentences = {"a01": "Der Lappen liegt auf dem Eisschrank.", "a02": "Das will sie abgeben."}
    db.schemes["emotion"] = audformat.Scheme(labels=["anger", "boredom", "happiness", "neutral"])
    db.schemes["speaker"] = audformat.Scheme(
        labels={3: {"gender": "male", "age": 31}, 8: {"gender": "female", "age": 34}}
    )
    db.schemes["transcription"] = audformat.Scheme(labels=sentences)
    index = audformat.filewise_index(names)
    db["emotion"] = audformat.Table(index)
    db["emotion"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["emotion"]["emotion"].set(["happiness", "anger", "neutral", "boredom"])
    db["files"] = audformat.Table(index)
    db["files"]["speaker"] = audformat.Column(scheme_id="speaker")
    db["files"]["speaker"].set([3, 3, 8, 8])
    db["files"]["transcription"] = audformat.Column(scheme_id="transcription")
    db["files"]["transcription"].set(["a01", "a02", "a01", "a02"])
    db["parts"] = audformat.Table(audformat.segmented_index(names[:1], ["0s"], ["0.5s"]))
    db.save(str(root), storage_format="csv")
    return root
