"""Equal results, equal signature."""

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any, get_args

import pytest

from ser_platform.config import Experiment, load_experiment_file, signature
from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.corpus import CorpusConfig
from ser_platform.config.inputs import EmbeddingConfig, FeatureConfig
from ser_platform.config.model import ModelConfig
from ser_platform.config.recognition import PocketsphinxConfig
from ser_platform.config.sections import Section
from ser_platform.config.signature import canonical_json


def kinds(union: Any) -> list[Section]:
    """One section of each kind, its required settings filled."""
    return [
        kind(**{name: "x" for name, field in kind.model_fields.items() if field.is_required()})
        for kind in get_args(get_args(union)[0])
    ]


def experiments() -> Iterator[Experiment]:
    """Experiments that together have every kind of every section."""
    unions = {
        "corpus": CorpusConfig,
        "features": FeatureConfig,
        "embedding": EmbeddingConfig,
        "model": ModelConfig,
    }
    columns = [kinds(union) for union in unions.values()]
    for row in zip_longest(*columns):
        sections = [own or column[0] for own, column in zip(row, columns, strict=True)]
        chosen: dict[str, Any] = dict(zip(unions, sections, strict=True))
        # The aligner reads no German.
        policy = "even" if chosen["corpus"].kind == "emodb" else "align"
        chosen["corpus"] = chosen["corpus"].model_copy(update={"missing_alignment": policy})
        yield Experiment(name="x", **chosen)


def another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case None:
            return 3
        case str():
            return f"{value}x"
        case tuple():
            return (*value, *value, "x") if not value else (*value[:-1], another(value[-1]))
        case dict():
            return {**value, "x": "ang"}
        case _:
            raise AssertionError(f"no other value known for {value!r}")


def changes(section: Section, path: str = "") -> Iterator[tuple[str, Section]]:
    """The section with each of its settings changed in turn."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            inside = changes(value, f"{path}{name}.")
            yield from ((p, section.model_copy(update={name: new})) for p, new in inside)
        else:
            yield path + name, section.model_copy(update={name: another(value)})


# Kinds and choices are changed into words that pydantic does not know.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_every_setting_counts_but_the_name_and_where_things_lie_or_run() -> None:
    counted, left_out = set(), set()
    for experiment in experiments():
        for path, changed in changes(experiment):
            if path.startswith("alignment.") and not experiment.may_align:
                continue
            differs = signature(changed) != signature(experiment)
            (counted if differs else left_out).add(path)
    assert left_out == {"name", "corpus.root", "features.device"}
    assert not counted & left_out
    assert {
        "train.seed",
        "model.max_words",
        "model.logit_relu",
        "split.validation.share",
    } < counted


def test_the_aligner_counts_only_where_it_may_be_asked() -> None:
    experiment = next(experiments())
    stricter = {"alignment": AlignmentConfig(lowest_score=-1.0)}
    heard = {"transcript": PocketsphinxConfig()}
    timed = {"corpus": experiment.corpus.model_copy(update={"missing_alignment": "refuse"})}
    for settings, counts in (({}, True), (timed, False), (timed | heard, True)):
        one = experiment.model_copy(update=settings)
        other = one.model_copy(update=stricter)
        assert (signature(one) != signature(other)) == counts


def test_a_section_alone_counts_whole() -> None:
    corpora = [experiment.corpus for experiment in experiments()]
    assert len({signature(corpus) for corpus in corpora}) == len(kinds(CorpusConfig))
    moved = corpora[1].model_copy(update={"root": "elsewhere"})
    assert signature(moved) != signature(corpora[1])


def test_the_signature_is_eight_hex_digits() -> None:
    for experiment in experiments():
        assert len(signature(experiment)) == 8
        int(signature(experiment), 16)


@pytest.mark.parametrize(
    "text",
    [
        "model: {kind: wise}\nfeatures: {kind: mfcc39}\ncorpus: {kind: demo}\nname: x",
        "name: x\ncorpus: {kind: demo, size: full}\nfeatures: {hop_s: 15e-3, kind: mfcc39}\n"
        "model: {kind: wise, dropout: 0.30, heads: 0x1}\ntrain: {l2: 0}",
        "name: x\ncorpus: {kind: demo}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
        "cluster: {workers: 4}\nstudy: {trials: 3, search: {train.l2: {choice: [0, 1]}}}\n"
        "tracking: {experiment: other}\nstore: elsewhere",
    ],
)
def test_how_it_is_written_where_it_runs_and_how_it_is_searched_do_not_count(
    write: Callable[[str], str], wise: str, text: str
) -> None:
    plain = load_experiment_file(write(wise)).experiment("wise")
    assert signature(load_experiment_file(write(text)).experiment("wise")) == signature(plain)


def test_canonical_json_has_one_spelling() -> None:
    one = {"b": (1, 2.0), "a": {"d": None, "c": "ä"}}
    other = {"a": {"c": "ä", "d": None}, "b": [1, 2.0]}
    assert canonical_json(one) == canonical_json(other)
    assert canonical_json(one) == r'{"a":{"c":"\u00e4","d":null},"b":[1,2.0]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_canonical_json_has_no_spelling_for_what_is_not_finite(value: object) -> None:
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        canonical_json(value)
