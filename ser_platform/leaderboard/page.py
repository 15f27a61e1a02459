"""The leaderboard as one HTML file, to be sent: it asks no network, and reads without scripts."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from markupsafe import Markup

from ser_platform.emotions import EMOTIONS
from ser_platform.errors import SerError
from ser_platform.leaderboard.page_groups import bounds, percent, shown
from ser_platform.leaderboard.page_tests import MOST
from ser_platform.leaderboard.pictures import Attention, Galleries
from ser_platform.leaderboard.published import PUBLISHED, Published
from ser_platform.leaderboard.rank import Board
from ser_platform.pages.drawing import EMOTION_NAMES
from ser_platform.pages.page import Fact, Page, as_html

_HERE = Path(__file__).parent
_NO_ATTENTION: Attention = MappingProxyType({})


def write_page(
    board: Board,
    path: Path,
    attention: Attention = _NO_ATTENTION,
    published: Sequence[Published] = PUBLISHED,
) -> None:
    """Write a board with all that is known of its rows; the folder is made.

    Args:
        board: ranked results.
        path: of the file.
        attention: pictures of runs, as :func:`ser_platform.tracking.pictures.read_pictures` has
            them.
        published: printed figures, shown apart, and beside results of IEMOCAP.

    Raises:
        ResultError: when rows of a group did not answer to the same utterances.
        SerError: when the file cannot be written.
    """
    html = page_html(board, attention, published)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as e:
        raise SerError(f"--page: {path} cannot be written ({e.strerror}); name another") from e


def page_html(
    board: Board,
    attention: Attention = _NO_ATTENTION,
    published: Sequence[Published] = PUBLISHED,
) -> str:
    """The text of the page."""
    galleries = Galleries(attention)
    script = (_HERE / "board.js").read_text(encoding="utf-8")
    ours = Markup(script)  # nosec B704
    groups = [shown(group, galleries, published) for group in board.groups]
    galleries.say_unheard()
    return as_html(
        _head(board),
        _HERE / "board.html.j2",
        groups=groups,
        unranked=board.unranked,
        published=published,
        emotions={name: EMOTION_NAMES[name] for name in EMOTIONS},
        most=MOST,
        percent=percent,
        bounds=bounds,
        script=ours,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _head(board: Board) -> Page:
    rows = [row for group in board.groups for row in group.rows]
    utterances = max((row.evidence.utterances for row in rows), default=0)
    runs = sum(len(row.run_ids) for row in rows)
    return Page(
        kicker="Leaderboard",
        title="Speech emotion recognition, ranked",
        lead="Systems are ranked within their protocol and never across: another corpus, split "
        "or selection is another question. WA and UA in %, with 95 % intervals.",
        warning="",
        facts=[
            Fact(str(len(board.groups)), "protocol" + "s" * (len(board.groups) != 1)),
            Fact(str(len(rows)), "system" + "s" * (len(rows) != 1)),
            Fact(str(runs), "scored run" + "s" * (runs != 1)),
            Fact(f"{utterances:,}", "utterances, at most"),
            *[Fact(str(len(board.unranked)), "without a score", "warning")] * bool(board.unranked),
        ],
        sections=(),
        footer="Made by ser leaderboard from what MLflow holds. This file loads nothing; it can "
        "be sent as it is.",
    )
