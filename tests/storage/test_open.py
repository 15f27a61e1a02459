from pathlib import Path

import pytest

from ser_platform.errors import ConfigError
from ser_platform.storage import open_store


def test_a_relative_folder_stays_the_same_when_the_process_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(".ser/store")
    store.write("k", b"v")
    monkeypatch.chdir("/")
    assert store.read("k") == b"v"
    assert store.url == str(tmp_path / ".ser/store")


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    open_store(f"{tmp_path.as_uri()}/with%20blank").write("k", b"v")
    assert (tmp_path / "with blank" / "k").read_bytes() == b"v"


def test_opening_a_store_touches_nothing(tmp_path: Path) -> None:
    open_store(str(tmp_path / "later"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "store: empty; give a folder or s3://bucket/prefix"),
        ("s3://", "store: s3:// without a bucket; write s3://bucket/prefix"),
        (
            "gs://bucket/x",
            "store: no store for 'gs://'; known: a folder, file://, s3://bucket/prefix",
        ),
        (
            "file://host/folder",
            "store: 'file://host/folder' names no folder here; write file:///a/folder",
        ),
        (
            "s3://AKIA:hush@bucket/x",
            "store: credentials do not belong in the URL; write s3://bucket/prefix and set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile",
        ),
    ],
)
def test_a_url_that_names_no_store_is_refused(url: str, message: str) -> None:
    with pytest.raises(ConfigError) as failure:
        open_store(url)
    assert str(failure.value) == message
