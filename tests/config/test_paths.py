"""An experiment file points to places of this machine and to buckets, and nowhere else (Y6)."""

from collections.abc import Callable

import pytest

from ser_platform.config import load_experiment_file

Refusal = Callable[..., str]
Write = Callable[[str], str]

TABLE = (
    "name: x\ncorpus: {kind: table, root: data}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
)


@pytest.mark.parametrize(
    "setting",
    [
        "corpus.root=https://evil.example/corpus",
        "corpus.manifest=http://evil.example/manifest.csv",
        "corpus.words=ftp://evil.example/words.csv",
        "embedding={kind: file, path: 'https://evil.example/glove.txt'}",
        "features={kind: pretrained, path: 'https://evil.example/net'}",
        "transcript={kind: recognised, path: 'gopher://evil.example/asr.csv'}",
        "cache.folder=s3://evil/cache",
    ],
)
def test_a_url_in_the_place_of_a_path_is_refused(refusal: Refusal, setting: str) -> None:
    message = refusal(TABLE, setting)
    assert message.startswith("x.yaml: 1 problem\n  --set ")
    assert message.endswith(", expected a path on this machine, no URL")


@pytest.mark.parametrize("name", ["manifest", "words", "phonemes", "alignments"])
def test_a_relative_path_does_not_leave_the_corpus(refusal: Refusal, name: str) -> None:
    assert refusal(TABLE, f"corpus.{name}=sub/../../../etc/passwd") == (
        f"x.yaml: 1 problem\n  --set corpus.{name}: found 'sub/../../../etc/passwd', which leaves "
        "corpus.root; give a path below it, or a full one"
    )


@pytest.mark.parametrize("url", ["folder", "../shared", "/data/store", "file:///data", "s3://b/p"])
def test_a_store_is_a_folder_or_in_a_bucket(write: Write, url: str) -> None:
    assert load_experiment_file(write(TABLE), [f"store={url}"]).store == url


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://b/p", "no store for 'http://'; known: a folder, file://, s3://bucket/prefix"),
        ("gs://b/p", "no store for 'gs://'; known: a folder, file://, s3://bucket/prefix"),
        ("file://host/p", "'file://host/p' names no folder here; write file:///a/folder"),
        ("s3://b/../c", "'.' and '..' mean nothing in a bucket; write s3://bucket/prefix"),
        (
            "s3://AKIAX:hush@b/p",
            "credentials do not belong in the URL; write s3://bucket/prefix and set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile",
        ),
    ],
)
def test_any_other_store_is_refused_by_a_check(refusal: Refusal, url: str, fault: str) -> None:
    assert refusal(TABLE, f"store={url}") == f"x.yaml: 1 problem\n  --set store: {fault}"


@pytest.mark.parametrize(
    "url", ["sqlite:///x.db", "postgresql://db/x", "postgresql+psycopg://me:pw@db/x"]
)
def test_a_study_lies_in_sqlite_or_postgresql(write: Write, url: str) -> None:
    file = load_experiment_file(write(TABLE), [f"study.storage={url}"])
    assert file.study.storage == url


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("mysql://me:hush@db/x", "no database for 'mysql://'"),
        ("mysql+pymysql://me:hush@db/x", "no database for 'mysql://'"),
        (".ser/optuna.db", "found no database URL"),
    ],
)
def test_any_other_database_is_refused_by_a_check(refusal: Refusal, url: str, found: str) -> None:
    assert refusal(TABLE, f"study.storage={url}") == (
        f"x.yaml: 1 problem\n  --set study.storage: {found}; give one such as "
        "sqlite:///.ser/optuna.db or postgresql://user@host/db"
    )


@pytest.mark.parametrize("name", ["../../etc", "a/b", ".hidden", "/abs"])
def test_a_name_that_becomes_a_folder_is_no_path(refusal: Refusal, name: str) -> None:
    assert f"--set name: found '{name}', expected at most 64 letters" in refusal(
        TABLE, f"name={name}"
    )
