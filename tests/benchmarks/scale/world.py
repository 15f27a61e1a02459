"""What the parts of a simulation share: the clock, settings, what is where, what is counted."""

from collections import Counter
from dataclasses import dataclass, field
from math import ceil

import numpy as np
import simpy

from tests.benchmarks.scale.machinery import Driver, Head, Ledger
from tests.benchmarks.scale.parameters import Cluster, Corpus, Costs, Design, Study
from tests.benchmarks.scale.settings import drawn


@dataclass
class Job:
    """A fold of a trial on its way."""

    trial: int
    fold: int
    done: simpy.Event
    news: simpy.Event
    """Triggered, and made anew, with every epoch."""
    epochs: int = 0
    withdrawn: bool = False


@dataclass
class Node:
    """Some GPUs, and the groups on them."""

    gpus: int
    free: int
    """GPUs without a group."""
    frames: simpy.Event | None = None
    """Triggered when they lie here."""
    leaving: bool = False
    groups: list["Group"] = field(default_factory=list)


@dataclass(eq=False)
class Group:
    """One Ray Train job on a GPU."""

    node: Node
    process: simpy.Process | None = None
    at: str = "start"
    """As the ledger has it."""
    job: Job | None = None
    epoch_began_s: float = 0.0


class World:
    """Of one study."""

    def __init__(
        self,
        study: Study,
        corpus: Corpus,
        cluster: Cluster,
        costs: Costs,
        design: Design,
        seed: int,
    ) -> None:
        self.study, self.corpus, self.cluster = study, corpus, cluster
        self.costs, self.design = costs, design
        self.rng = np.random.default_rng(seed)
        self.settings = drawn(study, self.rng)
        env = self.env = simpy.Environment()
        self.head = Head(env, cluster.head_cores)
        self.driver = Driver(env, self.head)
        self.ledger = Ledger(env, self._idle_because)
        self.prepared, self.searched = env.event(), env.event()
        self.nodes: list[Node] = []
        self.drawn = self.running = self.ended = 0
        """Trials."""
        self.blocked = 0
        """Trials that the driver keeps waiting: none of their folds is queued or in training."""
        self.requests: Counter[str] = Counter()
        """To the store, by kind."""
        self.epochs = 0
        self.first_epoch_s: float | None = None
        self.fold_ends_s: list[float] = []

    def epoch_s(self, trial: int) -> float:
        """An epoch of a setting on one GPU, validation included."""
        study, costs = self.study, self.costs
        passes = study.train_share + costs.predict_share * study.validation_share
        speech_s = self.corpus.hours * 3600 * passes
        on_a_core_s = speech_s * costs.step_s / costs.step_speech_s
        return on_a_core_s / self.cluster.gpu_speed * float(self.settings.slowness[trial])

    @property
    def answers(self) -> int:
        """On validation, of a fold."""
        return round(self.corpus.utterances * self.study.validation_share)

    @property
    def ids(self) -> float:
        """Of utterances, that a job of a trial carries: no test part."""
        return self.corpus.utterances * (self.study.train_share + self.study.validation_share)

    @property
    def room(self) -> int:
        """Groups that fit on nodes that live and stay."""
        return sum(node.gpus for node in self.nodes if not node.leaving)

    @property
    def folds_at_once(self) -> int:
        """Of a trial."""
        return self.study.folds if self.cluster.apart else 1

    @property
    def wanted(self) -> int:
        """Groups for which there can be folds."""
        left = self.study.trials - self.ended
        return min(self.cluster.gpus, left * self.folds_at_once)

    @property
    def at_once(self) -> int:
        """Trials that may run: enough folds for every group, none that only waits."""
        return max(1, ceil(self.room / self.folds_at_once))

    def _idle_because(self, idle: int) -> dict[str, int]:
        left = self.drawn < self.study.trials
        may_draw = left and self.running < self.at_once
        driver = idle if may_draw else min(idle, self.blocked)
        return {"driver": driver, "trials at once" if left else "no fold left": idle - driver}
