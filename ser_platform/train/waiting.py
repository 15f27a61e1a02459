"""What folds wait for when nobody trains them, in a line for the reader."""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import ray
from ray.autoscaler._private.util import format_readonly_node_type
from ray.autoscaler.v2.sdk import get_cluster_status
from ray.experimental.internal_kv import _internal_kv_get

from ser_platform.config.schema import ClusterConfig
from ser_platform.runtime.nodes import in_words, live_nodes, needs
from ser_platform.train.queue import Standing

_log = logging.getLogger(__name__)

_PATIENCE_S = 10.0
"""So long a wait needs no explanation."""


class Asked(NamedTuple):
    """What Ray was asked for and does not have."""

    workers: int
    """Of those that a group consists of."""
    grows: bool
    """Whether an autoscaler runs."""
    coming: int
    """Nodes that it is starting."""


class Waiting:
    """Says why folds wait, once they have for a while, and again whenever that changes.

    Each time it is a line of the log, unless somebody shows it.
    """

    def __init__(self, config: ClusterConfig, patience_s: float = _PATIENCE_S) -> None:
        self._config = config
        self._patience_s = patience_s
        self._since: float | None = None
        self._said = ""
        self._show = _log_line

    @contextmanager
    def shown_by(self, show: Callable[[str], None]) -> Iterator[None]:
        """Hand lines to ``show``, not to the log; an empty one when the wait is over.

        ``show`` is called from a thread of its own.
        """
        self._show = show
        show(self._said)
        try:
            yield
        finally:
            self._show = _log_line
            show("")

    def look(self, standing: Standing) -> None:
        """Folds and groups stand so."""
        all_up = 0 < standing.started <= standing.up
        if not standing.waiting or all_up:
            self._since = None
            self._say("")
            return
        now = time.monotonic()
        self._since = self._since or now
        if now - self._since < self._patience_s:
            return
        self._say(reason(self._config, standing.waiting, asked(self._config)))

    def _say(self, line: str) -> None:
        if line != self._said:
            self._said = line
            self._show(line)


def _log_line(line: str) -> None:
    if line:
        _log.info("%s", line)


def reason(config: ClusterConfig, folds: int, wanted: Asked) -> str:
    """Why folds wait for a group whose workers are not there yet."""
    need = needs(config)
    total, free = ray.cluster_resources(), ray.available_resources()
    # Of what every node has, the scarcest; what is not there at all cannot be free.
    scarce = min(need, key=lambda name: free.get(name, 0) / need[name])
    parts = [
        f"waiting: {folds} fold{'s' * (folds != 1)} queued",
        f"{free.get(scarce, 0):g} of {total.get(scarce, 0):g} {scarce}s free",
    ]
    if not wanted.workers:
        parts.append("workers have their room and are starting")
        return "; ".join(parts)
    asked_for = f"{wanted.workers} worker{'s' * (wanted.workers != 1)} of {in_words(need, need)}"
    if wanted.grows:
        parts.append(f"the autoscaler was asked for {asked_for}")
        if wanted.coming:
            parts.append(f"{wanted.coming} node{'s' * (wanted.coming != 1)} starting")
    else:
        nodes = ", ".join(sorted(in_words(node, need) for node in live_nodes().values()))
        parts.append(f"{asked_for} needed; this cluster does not grow: it has nodes of {nodes}")
    return "; ".join(parts)


def asked(config: ClusterConfig) -> Asked:
    """What Ray knows of its own waiting: the same that its autoscaler acts on."""
    status = get_cluster_status(ray.get_runtime_context().gcs_address)
    need = {name: round(amount, 4) for name, amount in needs(config).items()}
    workers = sum(
        bundles.count
        for group in status.resource_demands.placement_group_demand
        for bundles in group.bundles_by_count
        if {k: round(v, 4) for k, v in bundles.bundle.items()} == need
    )
    # Of Ray's two autoscalers the newer one reports to the GCS, the older one to its table.
    if status.stats.autoscaler_version not in (None, "", "0"):
        nodes = [*status.active_nodes, *status.idle_nodes]
        launches = sum(launch.count for launch in status.pending_launches)
        coming = len(status.pending_nodes) + launches
        return Asked(workers, _grows([n.ray_node_type_name for n in nodes], coming), coming)
    report = json.loads(_internal_kv_get("__autoscaling_status") or b"{}")
    known = report.get("autoscaler_report") or {}
    launches = sum(known.get("pending_launches", {}).values())
    coming = len(known.get("pending_nodes", [])) + launches
    return Asked(workers, _grows(known.get("active_nodes", {}), coming), coming)


def _grows(types: Iterable[str], coming: int) -> bool:
    """Whether an autoscaler can add nodes: both run without one to enlarge too.

    Where nobody said what types of nodes there are, both name each node by its id.
    """
    return coming > 0 or any(not t.startswith(format_readonly_node_type("")) for t in types)
