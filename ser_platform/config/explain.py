"""pydantic's findings in the words of an experiment file."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from ser_platform.config.places import Place, kind_of, place_of
from ser_platform.config.problems import (
    MAX_PROBLEMS,
    KeyPath,
    Problem,
    dotted,
    listed,
    nearest,
    shown,
)

Loc = tuple[str | int, ...]
"""Where pydantic found something: a path that also names the union members it took."""


def explain(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """One problem per setting that ``model`` refused."""
    problems: dict[KeyPath, Problem] = {}
    for found in error.errors(include_url=False)[:MAX_PROBLEMS]:
        if found["type"] == "default_factory_not_called":
            continue  # follows from another problem of the section, which is told
        problem = _problem(found, model)
        problems.setdefault(problem.path, problem)  # a union complains once per member
    meant = {problem.meant for problem in problems.values()}
    around = {path[:length] for path in problems for length in range(1, len(path))}
    return [problem for path, problem in problems.items() if path not in meant | around]


def unknown_setting(model: type[BaseModel], loc: Loc, *, full: bool = False) -> Problem:
    """The problem of a setting that does not exist.

    Args:
        model: what was to be filled.
        loc: where, as pydantic says it: with the kind after each section that has kinds.
        full: suggest with the full path, not relative to the section.
    """
    spot = _locate(model, loc)
    name = str(loc[-1])
    if spot.section.has_alternatives:
        return _unknown_alternative(spot, name)
    owners = [kind_of(s) for s in spot.section.sections if name in s["properties"]]
    if owners:
        own = kind_of(spot.chosen.sections[0])
        only = f"only kind {listed(owners)} has it"
        return Problem(spot.path, f"no such setting of {own}; {only}")
    known = spot.chosen.settings
    if near := nearest(name, known):
        path = (*spot.path[:-1], near)
        hint = f"did you mean '{dotted(path) if full else near}'?"
        return Problem(spot.path, f"no such setting; {hint}", meant=path)
    everywhere = {str(path[-1]): dotted(path) for path in place_of(model).paths()}
    if near := nearest(name, everywhere):
        return Problem(spot.path, f"no such setting; did you mean '{everywhere[near]}'?")
    return Problem(spot.path, f"no such setting; known here: {', '.join(known)}")


@dataclass(frozen=True)
class _Spot:
    """Where pydantic points to, in the terms of the file."""

    path: KeyPath
    section: Place
    """What it is in, with all kinds."""
    chosen: Place
    """The same, of the kind that the file gives."""
    here: Place
    """What may stand there."""


def _locate(model: type[BaseModel], loc: Loc) -> _Spot:
    """Follow ``loc`` down the schema, dropping the union members in it."""
    path: KeyPath = ()
    section = chosen = here = narrowed = place_of(model)
    for part in loc:
        if narrowed is here and len(here.sections) > 1:
            narrowed = here.narrowed(str(part))
        elif narrowed.has_parts:
            path, section, chosen = (*path, part), here, narrowed
            here = narrowed = narrowed.child(part)
        else:
            break
    return _Spot(path, section, chosen, here)


def _unknown_alternative(spot: _Spot, name: str) -> Problem:
    taken = kind_of(spot.chosen.sections[0])
    if name in spot.section.settings:
        return Problem(spot.path, f"given beside {taken}, expected {spot.section.allowed}")
    near = nearest(name, spot.section.settings)
    hint = f"did you mean '{near}'?" if near else f"expected {spot.section.allowed}"
    # After a slip in the setting that tells, pydantic took the first section and missed its own.
    return Problem(spot.path, f"no such setting; {hint}", meant=(*spot.path[:-1], taken))


def _problem(found: Any, model: type[BaseModel]) -> Problem:
    loc: Loc = found["loc"]
    spot = _locate(model, loc)
    match found["type"]:
        case "extra_forbidden":
            return unknown_setting(model, loc)
        case "value_error":
            message = found["msg"].removeprefix("Value error, ")
            return Problem(spot.path, message)
        case "missing" if isinstance(loc[-1], int):
            spot = _locate(model, loc[:-1])  # the list is too short
        case "missing":
            place = spot.section if spot.section.has_alternatives else spot.here
            return Problem(spot.path, f"missing; expected {place.allowed}")
        case "union_tag_not_found" | "union_tag_invalid":
            kinds = [kind_of(section) for section in spot.here.sections]
            path = (*spot.path, "kind")
            if "kind" not in found["input"]:
                return Problem(path, f"missing; expected {listed(kinds)}")
            return Problem(path, _expected(found["input"]["kind"], listed(kinds), kinds))
        case _:
            pass  # a value of a wrong type or out of range
    return Problem(spot.path, _expected(found["input"], spot.here.allowed, spot.here.words))


def _expected(value: Any, allowed: str, words: Collection[str]) -> str:
    near = nearest(value, words) if isinstance(value, str) else None
    hint = f"; did you mean '{near}'?" if near else ""
    return f"found {shown(value)}, expected {allowed}{hint}"
