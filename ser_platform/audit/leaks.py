"""What is on two sides of a fold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ser_platform.audit.given import Given, of_style
from ser_platform.audit.texts import near_texts
from ser_platform.corpora.texts import FEWEST_WORDS
from ser_platform.utterance import Utterance


@dataclass(frozen=True)
class Leak:
    """One kind of thing that is, or is not, on two sides.

    Attributes:
        kind: ``speaker``, ``audio``, ``dialogue``, ``scenario``, ``text`` or ``near text``.
        names: what is on two sides, in some fold.
        affected: by style, how many tested utterances have it on another side.
        of: by style, how many tested utterances could have.
        folds: by fold, the share of the tested utterances that have it.
        selection_only: it is shared by training and validation, and not by test.
    """

    kind: str
    names: tuple[str, ...]
    affected: dict[str, int]
    of: dict[str, int]
    folds: dict[str, float] = field(default_factory=dict)
    selection_only: bool = False

    def share(self, style: str = "all") -> float:
        """Of the tested utterances of a style; 0 when there are none."""
        return self.affected[style] / self.of[style] if self.of[style] else 0.0


def leaks(given: Given) -> list[Leak]:
    """Every kind; those that nothing is known for have nobody in ``of``."""
    texts = {i: t for i, t in given.texts.items() if len(t.split()) >= FEWEST_WORDS}
    near = near_texts(texts.values())

    def text(utterance: Utterance) -> Iterable[str]:
        own = texts.get(utterance.id)
        return [own] if own else []

    def nearly(utterance: Utterance) -> Iterable[str]:
        own = texts.get(utterance.id)
        return near[own] if own else []

    def sound(utterance: Utterance) -> list[str]:
        return [given.sounds[utterance.id].sha256]

    return [
        _leak("speaker", given, lambda u: [u.speaker]),
        _leak("audio", given, sound, lambda u: u.id),
        _leak("dialogue", given, lambda u: [u.dialogue] if u.dialogue else []),
        _leak("scenario", given, lambda u: [u.scenario] if u.scenario else []),
        _leak("text", given, text),
        _leak("near text", given, text, looked_for=nearly),
    ]


def _leak(
    kind: str,
    given: Given,
    key: Callable[[Utterance], Iterable[str]],
    name: Callable[[Utterance], str] | None = None,
    looked_for: Callable[[Utterance], Iterable[str]] | None = None,
) -> Leak:
    """Tested utterances of which something is known on another side of their fold.

    Args:
        kind: of leak.
        given: the folds.
        key: what an utterance has of that kind; nothing when it is unknown.
        name: what messages call the utterance; None: by its key.
        looked_for: what a tested utterance must not find on another side; None: its key.
    """
    look = looked_for or key
    affected, of = dict.fromkeys(given.styles, 0), dict.fromkeys(given.styles, 0)
    names: dict[str, None] = {}
    folds: dict[str, float] = {}
    for sides in given.sides:
        known = {k for u in sides.known for k in key(u)}
        tested = [u for u in sides.test if any(True for _ in key(u))]
        found = [u for u in tested if not known.isdisjoint(look(u))]
        for utterance in found:
            names |= dict.fromkeys([name(utterance)] if name else key(utterance))
        folds[sides.name] = len(found) / len(tested) if tested else 0.0
        for style in given.styles:
            affected[style] += sum(of_style(u, style) for u in found)
            of[style] += sum(of_style(u, style) for u in tested)
    inner = () if names else _inner(given, key, name)
    return Leak(kind, tuple(names) or inner, affected, of, folds, bool(inner))


def _inner(
    given: Given,
    key: Callable[[Utterance], Iterable[str]],
    name: Callable[[Utterance], str] | None,
) -> tuple[str, ...]:
    """What is in training and in validation."""
    shared: dict[str, None] = {}
    for sides in given.sides:
        learned = {k for u in sides.train for k in key(u)}
        for utterance in sides.validation:
            if not learned.isdisjoint(key(utterance)):
                shared |= dict.fromkeys([name(utterance)] if name else key(utterance))
    return tuple(shared)
