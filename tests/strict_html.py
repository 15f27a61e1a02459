"""HTML read by the letter: what a browser would quietly mend is an error."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"})
_LOADING = ("src", "srcset", "href", "xlink:href", "action", "poster", "data", "formaction")


@dataclass(frozen=True)
class Element:
    """A start tag, and the text directly in it."""

    name: str
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Joined, single spaces."""
        return " ".join("".join(self.texts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"{tag}: an attribute is there twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing, line {self.getpos()[0]}"
        assert self.open[-1].name == tag, (
            f"</{tag}> closes <{self.open[-1].name}>, line {self.getpos()[0]}"
        )
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.texts.append(data)


def read_html(text: str) -> list[Element]:
    """Every element in its order; text is that of all that is inside."""
    assert text.startswith("<!doctype html>\n")
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open, f"never closed: {[element.name for element in reader.open]}"
    ids = [e.attributes["id"] for e in reader.elements if "id" in e.attributes]
    assert len(set(ids)) == len(ids), "an id is there twice"
    return reader.elements


def addresses(elements: list[Element]) -> list[str]:
    """Everything that a browser might load or go to."""
    return [
        value
        for element in elements
        for name, value in element.attributes.items()
        if name in _LOADING
    ]
