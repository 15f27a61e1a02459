"""What is wrong with a configuration of `ray up`, as far as no cloud has to be asked."""

import copy
import importlib.resources
import json
import logging
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import botocore.validate
from jsonschema import Draft202012Validator, ValidationError
from ray.autoscaler._private.util import prepare_config, validate_config

from tests.cluster.files import Document

PROVIDER = {
    "aws": {"type", "region", "availability_zone", "cache_stopped_nodes", "security_group",
            "use_internal_ips", "key_pair"},
    "gcp": {"type", "region", "availability_zone", "cache_stopped_nodes", "project_id",
            "use_internal_ips"},
}  # fmt: skip
"""Settings of ``provider`` that Ray reads for a cloud: its own schema takes any."""
SHELLCHECK = Path(sys.executable).with_name("shellcheck")


def prepared(config: Document) -> Document:
    """As Ray has it once its defaults are filled in.

    Raises:
        ValueError, ValidationError, KeyError, NotImplementedError, AssertionError: as Ray has it.
    """
    logging.getLogger("ray.autoscaler").setLevel(logging.ERROR)
    filled_in = prepare_config(copy.deepcopy(config))
    validate_config(filled_in)
    return filled_in


def launcher_faults(config: Document) -> Iterator[str]:
    """Each with its place; none for one that Ray and the cloud's description of itself take."""
    try:
        filled_in = prepared(config)
    except ValidationError as e:
        yield f"{e.json_path}: {e.message}"
        return
    except (ValueError, KeyError, NotImplementedError, AssertionError) as e:
        yield f"Ray: {e!r}"
        return
    cloud = config["provider"]["type"]
    if cloud not in PROVIDER:
        yield f"provider.type: {cloud}"
        return
    for key in set(config["provider"]) - PROVIDER[cloud]:
        yield f"provider.{key}: not read by Ray"
    for name, kind in filled_in["available_node_types"].items():
        if not 0 <= kind["min_workers"] <= kind["max_workers"] <= config["max_workers"]:
            yield f"{name}: min_workers {kind['min_workers']}, max_workers {kind['max_workers']}"
        own = _aws_faults if cloud == "aws" else gcp_faults
        yield from (f"{name}.node_config: {fault}" for fault in own(kind["node_config"]))
    yield from shell_faults(config)


def shell_faults(config: Document) -> Iterator[str]:
    """What shellcheck says of its commands; each has to be one that a login shell can read."""
    for key in sorted(config):
        if key.endswith("_commands"):
            for command in config[key]:
                if found := shellcheck(command):
                    yield f"{key}: {found}"


def shellcheck(script: str) -> str:
    """What shellcheck says of a script for bash; empty when nothing.

    SC1090 and SC1091: the files that are sourced lie on a node.
    """
    command = [SHELLCHECK, "--shell=bash", "--format=gcc", "--exclude=SC1090,SC1091", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def commands(config: Document, program: str) -> Iterator[list[str]]:
    """The words of every call of a program in the commands of a configuration."""
    for key in sorted(config):
        if key.endswith("_commands"):
            for command in config[key]:
                for part in command.replace("&&", ";").split(";"):
                    words = shlex.split(part)
                    if words and words[0] == program:
                        yield words


def _aws_faults(node: Document) -> Iterator[str]:
    """Against AWS's own description of RunInstances, which botocore brings."""
    shape = _ec2().operation_model("RunInstances").input_shape
    call = {"MinCount": 1, "MaxCount": 1, **node}
    yield from filter(
        None,
        botocore.validate.ParamValidator().validate(call, shape).generate_report().split("\n"),
    )
    yield from _not_in_enum(shape, node, "")


def _not_in_enum(shape: Any, value: Any, where: str) -> Iterator[str]:
    """botocore checks types alone, not whether a word is one of those that AWS knows."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, below in value.items():
            if name in shape.members:
                yield from _not_in_enum(shape.members[name], below, f"{where}.{name}".lstrip("."))
    elif shape.type_name == "list" and isinstance(value, list):
        for below in value:
            yield from _not_in_enum(shape.member, below, f"{where}[]")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where}: {value} is none of {len(shape.enum)} words"


@cache
def _ec2() -> Any:
    return botocore.session.get_session().get_service_model("ec2")


def gcp_faults(node: Document) -> Iterator[str]:
    """Against Google's own description of its Compute API, which its client brings."""
    for error in Draft202012Validator(_compute()).iter_errors(node):
        yield f"{error.json_path}: {error.message}"


@cache
def _compute() -> Document:
    """JSON schema of an instance, closed to unknown fields."""
    cached = importlib.resources.files("googleapiclient") / "discovery_cache" / "documents"
    described = json.loads((cached / "compute.v1.json").read_text(encoding="utf-8"))
    schemas = {name: _closed(found) for name, found in described["schemas"].items()}
    return {"$ref": "#/$defs/Instance", "$defs": schemas}


def _closed(found: Any) -> Any:
    """Google's dialect as JSON schema."""
    if not isinstance(found, dict):
        return found
    kept: Document = {key: found[key] for key in ("type", "enum") if key in found}
    if "$ref" in found:
        kept["$ref"] = f"#/$defs/{found['$ref']}"
    if found.get("format") in ("int64", "uint64"):
        # Written as a string, and taken as a number too.
        kept |= {"type": ["string", "integer"], "pattern": "^[0-9]+$"}
    if "properties" in found:
        kept["properties"] = {name: _closed(below) for name, below in found["properties"].items()}
        kept["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if key in found:
            kept[key] = _closed(found[key])
    return kept
