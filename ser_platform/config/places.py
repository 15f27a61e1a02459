"""The schema as a map: what may stand at each place of an experiment file, in words.

Read off pydantic's JSON schema of the models, so that a message always lists what the schema
allows now.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from ser_platform.config.problems import KeyPath, listed

Schema = dict[str, Any]
_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


@dataclass(frozen=True)
class Place:
    """What may stand at one place; several options where the schema has a union."""

    options: tuple[Schema, ...]
    definitions: Schema

    @property
    def sections(self) -> list[Schema]:
        """The options that are sections of the schema, one per kind."""
        return [option for option in self.options if "properties" in option]

    @property
    def settings(self) -> list[str]:
        """Names of the settings of these sections."""
        return list(dict.fromkeys(name for s in self.sections for name in s["properties"]))

    @property
    def has_kinds(self) -> bool:
        """Whether ``kind`` tells several sections apart."""
        return len(self.sections) > 1 and "kind" in self.settings

    @property
    def has_alternatives(self) -> bool:
        """Whether several sections are told apart by their only setting."""
        return len(self.sections) > 1 and "kind" not in self.settings

    @property
    def words(self) -> list[str]:
        """The fixed words that may stand here."""
        known = [option.get("enum", [option.get("const")]) for option in self.options]
        return [str(word) for words in known for word in words if word is not None]

    @property
    def has_parts(self) -> bool:
        """Whether anything may be inside: a section, a mapping, a list."""
        return any(option.get("type") in ("object", "array") for option in self.options)

    @property
    def allowed(self) -> str:
        """What may stand here: ``a number >= 0 and < 1``."""
        if len(self.sections) == 1:
            return f"a section with {', '.join(self.settings)}"
        if self.sections:
            kinds = listed([kind_of(section) for section in self.sections])
            return f"{'a section with kind:' if self.has_kinds else 'one of'} {kinds}"
        return listed(list(dict.fromkeys(_words(option) for option in self.options)))

    def narrowed(self, kind: str) -> "Place":
        """This place once its kind is chosen."""
        chosen = tuple(section for section in self.sections if kind_of(section) == kind)
        return Place(chosen, self.definitions)

    def child(self, part: str | int) -> "Place":
        """The place below; without options where the schema knows none."""
        below = [schema for option in self.options if (schema := _below(option, part))]
        flat = (leaf for schema in below for leaf in _options(schema, self.definitions))
        return Place(tuple(flat), self.definitions)

    def paths(self) -> Iterator[KeyPath]:
        """Every setting at and below these sections, without those of mappings and lists."""
        for name in self.settings:
            yield (name,)
            for path in self.child(name).paths():
                yield (name, *path)


@cache
def place_of(model: type[BaseModel]) -> Place:
    """The place of a whole model."""
    schema = model.model_json_schema()
    return Place((schema,), schema["$defs"])


def kind_of(section: Schema) -> str:
    """What tells a section from the others of its union: its ``kind``, or its only setting."""
    properties = section["properties"]
    return properties["kind"]["const"] if "kind" in properties else next(iter(properties))


def _below(option: Schema, part: str | int) -> Schema | None:
    match option:
        case {"properties": properties}:
            return properties.get(part)
        case {"additionalProperties": dict() as values}:
            return values
        case {"prefixItems": items}:
            return items[part] if isinstance(part, int) and part < len(items) else None
        case _:
            return option.get("items")


def _options(schema: Schema, definitions: Schema) -> Iterator[Schema]:
    match schema:
        case {"$ref": reference}:
            yield definitions[reference.rpartition("/")[2]]
        case {"anyOf": union} | {"oneOf": union}:
            for option in union:
                yield from _options(option, definitions)
        case _:
            yield schema


def _words(option: Schema) -> str:
    match option:
        case {"const": value}:
            return str(value)
        case {"enum": values}:
            return listed([str(value) for value in values])
        case {"type": "integer" | "number" as kind}:
            bounds = [
                f"{sign} {option[name]:.15g}" for name, sign in _BOUNDS.items() if name in option
            ]
            if "multipleOf" in option:
                bounds.append(f"a multiple of {option['multipleOf']}")
            return f"a{' whole' * (kind == 'integer')} number {' and '.join(bounds)}".rstrip()
        case {"pattern": _, "description": words}:
            return words
        case {"type": "array", "minItems": fewest} if fewest == option.get("maxItems"):
            return f"a list of {fewest}"
        case {"type": "array"}:
            fewest = {0: "", 1: " of at least one"}
            count = option.get("minItems", 0)
            return f"a list{fewest.get(count, f' of at least {count}')}"
        case _:
            plain = {"boolean": "true or false", "null": "null", "object": "a section"}
            return plain.get(option["type"], "text")
