"""What a page is made of, and how it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Tone = Literal["plain", "good", "warning", "bad"]
_TEMPLATE = Path(__file__).with_name("page.html.j2")


@dataclass(frozen=True)
class Fact:
    """A number in the head of a page."""

    value: str
    label: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Finding:
    """One line of a list of what was found."""

    tone: Tone
    mark: str
    title: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A drawing as an ``<svg>`` element, and what it shows."""

    svg: str
    caption: str
    wide: bool = False


@dataclass(frozen=True)
class Table:
    """Cells as text; the columns after ``names`` are numbers, aligned to the right."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int = 1


@dataclass(frozen=True)
class Section:
    """A part of a page under its own heading."""

    title: str
    text: str = ""
    findings: Sequence[Finding] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        kicker: what sort of page it is, above the title.
        title: of the page.
        lead: a sentence or two under it.
        warning: shown across the page when not empty.
        facts: numbers in its head.
        sections: in order.
        footer: how it was made.
        alarm: what makes its numbers no evidence; in red across the page when not empty.
    """

    kicker: str
    title: str
    lead: str
    warning: str
    facts: Sequence[Fact]
    sections: Sequence[Section]
    footer: str
    alarm: str = ""


def write_page(page: Page, path: Path) -> None:
    """Write a page as one HTML file; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_html(page), encoding="utf-8")


def as_html(page: Page, template: Path = _TEMPLATE, **values: object) -> str:
    """A page as the text of one HTML file.

    Args:
        page: its head, foot, and what the template shows of it.
        template: another one, which extends ``page.html.j2``.
        values: what that one shows besides.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([template.parent, _TEMPLATE.parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(page=page, **values)
