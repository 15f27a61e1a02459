"""The demo corpus for an experiment: made when it is not there yet, read as IEMOCAP is."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.demo.build import MANIFEST, STATEMENT, VERSION, build, identity
from ser_platform.corpora.iemocap import read_iemocap
from ser_platform.errors import CorpusError

logger = logging.getLogger(__name__)


def read_demo(config: DemoCorpusConfig) -> Corpus:
    """The corpus that the machine speaks itself.

    Raises:
        CorpusError: it cannot be made here, or the folder holds something else.
    """
    folder = folder_of(config)
    _make_if_absent(folder, config)
    manifest = _manifest(folder)
    _refuse_another(folder, manifest, identity(config.size, config.seed))
    corpus = read_iemocap(
        folder,
        check_counts=False,
        missing_alignment=config.missing_alignment,
        style=config.style,
        name="demo",
    )
    made_by = f"spoken by espeak-ng {manifest['espeak_ng']}, generator {VERSION}"
    return replace(corpus, synthetic=True, notes=(STATEMENT, made_by, *corpus.notes))


def folder_of(config: DemoCorpusConfig) -> Path:
    """Where the corpus is kept; another generator has another default folder."""
    if config.root:
        return Path(config.root).expanduser()
    return Path(".ser", "corpora", f"demo-{config.size}-{config.seed}-v{VERSION}")


def _make_if_absent(folder: Path, config: DemoCorpusConfig) -> None:
    try:
        if folder.exists() and any(folder.iterdir()):
            return
        logger.info("making the synthetic demo corpus in %s", folder)
        build(folder, config.size, config.seed)
    except OSError as error:
        raise CorpusError(f"the demo corpus cannot be made in {folder}: {error}") from error


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = str(error)
    else:
        if isinstance(manifest, dict):
            return manifest
        found = "it is no JSON object"
    raise CorpusError(
        f"{folder} is not a demo corpus ({MANIFEST}: {found}); "
        "remove the folder, or set another corpus.root"
    )


def _refuse_another(folder: Path, manifest: dict[str, Any], wanted: dict[str, Any]) -> None:
    differences = [
        f"{key} {manifest.get(key)} (wanted: {value})"
        for key, value in wanted.items()
        if manifest.get(key) != value
    ]
    if differences:
        raise CorpusError(
            f"{folder} is another demo corpus: {', '.join(differences)}; "
            "remove the folder to have it made again, or set another corpus.root"
        )
