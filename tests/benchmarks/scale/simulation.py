"""A study from its first second to its last, on a cluster that exists on paper.

What happens when is the platform's way (docs/orchestration.md): one driver draws trials and looks
at their reports one after the other, trials submit folds to one queue, worker groups take them,
store their progress after every epoch, tell the queue and hear whether to go on.
"""

from dataclasses import dataclass
from math import ceil, nan

from tests.benchmarks.scale.groups import Groups
from tests.benchmarks.scale.machinery import Steps
from tests.benchmarks.scale.nodes import Nodes
from tests.benchmarks.scale.objects import Objects
from tests.benchmarks.scale.parameters import GB, Cluster, Corpus, Costs, Design, Study
from tests.benchmarks.scale.preparation import Phase, phases
from tests.benchmarks.scale.queue import Queue
from tests.benchmarks.scale.search import Search
from tests.benchmarks.scale.world import World

_PATIENCE_S = 120.0
"""With the log, at the end of a study (train/session.py); what it lacks waits in the journal."""


@dataclass(frozen=True)
class Outcome:
    """What a study came to."""

    seconds: float
    prepared_s: float
    """Until frames lay in the object store."""
    first_epoch_s: float
    """Until the first epoch of all began."""
    searched_s: float
    """Until the last trial had ended."""
    phases: list[Phase]
    """Of the preparation."""
    gpu_seconds: dict[str, float]
    """Paid for, by what they were spent on."""
    cost: float
    busy: dict[str, float]
    """Share of the search for which each resource was taken."""
    memory_gb: float
    """That the head has to have."""
    callers: int
    """Of the queue at once, at most."""
    epochs: int
    fold_ends_s: list[float]
    log_behind_s: float
    """CPU seconds of the log that were left when the last trial ended."""
    lost_ua: float
    """UA of the best setting of all minus that of the selected one."""

    @property
    def shares(self) -> dict[str, float]:
        """Of all GPU seconds, most first."""
        total = sum(self.gpu_seconds.values())
        most_first = sorted(self.gpu_seconds.items(), key=lambda item: -item[1])
        return {name: seconds / total for name, seconds in most_first}


def simulate(
    study: Study,
    corpus: Corpus,
    cluster: Cluster,
    costs: Costs | None = None,
    design: Design | None = None,
    seed: int = 0,
) -> Outcome:
    """Run a study."""
    world = World(study, corpus, cluster, costs or Costs(), design or Design(), seed)
    return _Simulation(world).outcome()


class _Simulation:
    def __init__(self, world: World) -> None:
        self._world = world
        self._queue = Queue(world)
        self._objects = Objects(world)
        self._search = Search(world, self._queue, self._objects)
        self._groups = Groups(world, self._queue, self._objects)
        self._nodes = Nodes(world, self._groups, self._search)
        self._phases = phases(world.corpus, world.cluster, world.costs, world.design)
        self._began = self._ended = self._used()
        self._prepared_s = self._searched_s = self._log_behind_s = nan

    def outcome(self) -> Outcome:
        """From the start of the command to its end."""
        world, costs, cluster = self._world, self._world.costs, self._world.cluster
        world.env.run(world.env.process(self._command()))
        paid = world.ledger.seconds
        if cluster.grows:
            paid["idle timeout"] = world.ledger.gpus * cluster.idle_timeout_s
        cost = (
            sum(paid.values()) / 3600 * cluster.gpu_price
            + world.env.now / 3600 * cluster.head_price
            + world.requests["put"] * costs.put_price
            + world.requests["get"] * costs.get_price
        )
        true, selected = world.settings.true_ua, self._search.judge.selected
        return Outcome(
            seconds=world.env.now,
            prepared_s=self._prepared_s,
            first_epoch_s=nan if world.first_epoch_s is None else world.first_epoch_s,
            searched_s=self._searched_s,
            phases=self._phases,
            gpu_seconds=paid,
            cost=cost,
            busy=self._busy(),
            memory_gb=self._memory_gb(),
            callers=self._queue.callers,
            epochs=world.epochs,
            fold_ends_s=world.fold_ends_s,
            log_behind_s=self._log_behind_s,
            lost_ua=float(true.max() - true[selected]),
        )

    def _busy(self) -> dict[str, float]:
        passed_s = self._searched_s - self._prepared_s
        of_each = {
            "driver": 1,
            "queue": 1,
            "cores of the head": self._world.cluster.head_cores,
            "store": self._objects.streams,
        }
        used = {name: self._ended[name] - self._began[name] for name in of_each}
        return {name: used[name] / passed_s / number for name, number in of_each.items()}

    def _memory_gb(self) -> float:
        world, costs = self._world, self._world.costs
        frames = world.corpus.frame_bytes / GB * world.design.holds(world.corpus)
        described, groups = world.corpus.described_bytes(world.study.folds) / GB, self._groups.most
        controllers = groups * costs.controller_mb * world.design.controllers_on_head
        queue = costs.queue_mb + groups * world.ids * costs.queue_mb_per_id
        trials = self._search.processes * costs.trial_mb
        searching = described + frames + (controllers + queue + trials + costs.driver_mb) / 1000
        # The table that the shards are joined to, and the copy in the object store.
        return max(searching, described + 2 * frames + costs.driver_mb / 1000)

    def _used(self) -> dict[str, float]:
        """Seconds so far."""
        return {
            "driver": self._world.driver.busy_s,
            "queue": self._queue.busy_s,
            "cores of the head": self._world.head.used_s,
            "store": self._objects.busy_s,
        }

    def _command(self) -> Steps:
        world, env, cluster = self._world, self._world.env, self._world.cluster
        if not cluster.grows:
            self._nodes.all_there()
        world.head.add_idle(world.costs.driver_idle)
        yield env.timeout(0)
        yield from world.driver.compute(world.costs.open_s)
        yield env.timeout(sum(phase.seconds for phase in self._phases))
        if cluster.one_machine:
            world.head.add_idle(cluster.nodes * world.costs.node_idle)
        self._began, self._prepared_s = self._used(), env.now
        world.prepared.succeed()
        world.ledger.move("preparation", "no fold left", world.ledger.gpus)
        self._groups.expected = min(world.at_once * world.folds_at_once, world.wanted)
        self._groups.start()
        if cluster.grows:
            env.process(self._nodes.grow())
        yield env.process(self._search.run())
        self._ended, self._searched_s = self._used(), env.now
        self._log_behind_s = self._search.log_behind_s
        world.ledger.close("end")
        yield from self._finish()
        world.ledger.tick()

    def _finish(self) -> Steps:
        """The selected is scored on test, a page drawn, the log waited for, but not for ever."""
        world, study = self._world, self._world.study
        scored_s = world.epoch_s(0) * world.costs.predict_share / study.folds / study.train_share
        yield world.env.timeout(scored_s * ceil(study.folds / world.cluster.gpus))
        yield from world.driver.compute(world.costs.close_s)
        logged = world.env.process(self._search.logged())
        yield logged | world.env.timeout(_PATIENCE_S)
