"""Names of utterances: in ``Ses05M_script01_1b_F003`` a woman speaks a script of session 5."""

import re
from dataclasses import dataclass
from typing import Literal

# The last part tells the speaker: in Ses01F_impro01_M000 the man speaks, while F says that the
# woman wore the markers. So the parts are matched, never counted by position: Ses03M_impro05a
# and Ses05M_script01_1b are longer than the rest.
_UTTERANCE = re.compile(
    r"(?P<dialogue>Ses0(?P<session>[1-5])[FM]_"
    r"(?P<played>(?P<style>impro|script)\d\d[ab]?(?:_\d+[ab]?)?))"
    r"_(?P<sex>[FM])[X\d]{2}\d"
)
_LETTER = re.compile(r"(?<=\d)[ab]")  # impro05a and impro05b are two takes of impro05


@dataclass(frozen=True, slots=True)
class Name:
    """What an utterance's name says.

    Attributes:
        dialogue: e.g. ``Ses05M_script01_1b``.
        session: 1 to 5.
        sex: F or M, of who speaks.
        scenario: what is played, whoever plays it, e.g. ``script01_1`` or ``impro05``.
        style: whether it was learned by heart.
    """

    dialogue: str
    session: int
    sex: Literal["F", "M"]
    scenario: str
    style: Literal["improvised", "scripted"]

    @property
    def speaker(self) -> str:
        """One of ten, e.g. ``Ses01F``."""
        return f"Ses{self.session:02}{self.sex}"


def parse_name(utterance: str) -> Name | None:
    """What the name of an utterance says; None when it is no such name."""
    match = _UTTERANCE.fullmatch(utterance)
    if not match:
        return None
    return Name(
        dialogue=match["dialogue"],
        session=int(match["session"]),
        sex="F" if match["sex"] == "F" else "M",
        scenario=_LETTER.sub("", match["played"]),
        style="improvised" if match["style"] == "impro" else "scripted",
    )
