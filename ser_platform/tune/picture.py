"""A figure of a study once for a page and once for where no SVG is shown; or why there is none."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from matplotlib.figure import Figure as Sheet

from ser_platform.pages.drawing import as_png, as_svg, sheet, styled

COLOURS = ("#3b5b92", "#d08a3c", "#4a9a8c", "#8c5a9e", "#a3434b", "#6b7b3a")
INK, SOFT, BAD = "#17202a", "#8592a3", "#b3261e"


@dataclass(frozen=True)
class Picture:
    """A drawn figure."""

    name: str
    """Of its file, without ending."""
    caption: str
    svg: str
    sheet: Sheet
    wide: bool

    def png(self, note: str = "") -> bytes:
        """For where no page is around it that would say what ``note`` says."""
        with styled(self.name):
            if note:
                self.sheet.supxlabel(note, fontsize=9, color=BAD, weight="bold")
            return as_png(self.sheet)


@dataclass(frozen=True)
class Missing:
    """A figure that cannot be drawn."""

    title: str
    why: str


def picture(
    name: str,
    caption: str,
    paint: Callable[[Sheet], None],
    size: tuple[float, float],
    *,
    wide: bool = True,
) -> Picture:
    """Draw a figure of that size in inches."""
    with styled(name):
        figure = sheet(*size)
        paint(figure)
        return Picture(name, caption, as_svg(figure), figure, wide)


def colours(architectures: Iterable[str]) -> dict[str, str]:
    """Architecture -> colour, the same on every figure of a study."""
    names = sorted(architectures)
    return {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
