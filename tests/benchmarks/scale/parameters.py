"""What the simulation is told, each value with its source.

"Measured" names the command and the machine's load where that matters; "assumed" is an input of
which nobody here knows the truth: give your own. CPU seconds are those of one core of the machine
that was measured (EPYC), unless a name says otherwise.
"""

from dataclasses import dataclass, field
from math import inf

from ser_platform.config.search_method import NoPrunerConfig, PrunerConfig, WilcoxonConfig

MB, GB = 1e6, 1e9


@dataclass(frozen=True)
class Corpus:
    """What is trained on."""

    name: str
    hours: float
    utterance_s: float
    """Mean length."""
    epochs: int
    """Of a fold. Assumed: the more utterances, the fewer passes."""

    @property
    def utterances(self) -> int:
        return round(self.hours * 3600 / self.utterance_s)

    @property
    def recording_bytes(self) -> float:
        """16 bit at 16 kHz."""
        return self.hours * 3600 * 32_000

    @property
    def frame_bytes(self) -> float:
        """``mfcc39``: 39 values of 4 bytes every 15 ms."""
        return self.hours * 3600 / 0.015 * 39 * 4

    def described_bytes(self, folds: int) -> float:
        """Utterances, and the indices of their dataset, on the head.

        By utterance 7 kB as Python objects, and 1.2 kB whole and without each test part
        (docs/orchestration.md, "What still grows with the corpus").
        """
        return self.utterances * (7e3 + 1.2e3 * (1 + folds))


IEMOCAP = Corpus("IEMOCAP, 7 h", hours=6.91, utterance_s=4.5, epochs=50)
"""5,531 utterances with a mean of 4.5 s (docs/log.md, "Front ends and cache"), 259 MB of frames;
epochs as in experiments/both.yaml."""
HUNDRED = Corpus("100 h", hours=100, utterance_s=5.65, epochs=20)
THOUSAND = Corpus("1,000 h", hours=1000, utterance_s=5.65, epochs=10)
"""Assumed: turns as long as in a corpus of podcasts; MSP-Podcast has "over 400 hours" (arXiv
2509.09791), so this is more than twice of it."""
CORPORA = (IEMOCAP, HUNDRED, THOUSAND)


@dataclass(frozen=True)
class Study:
    """A search."""

    trials: int = 400
    folds: int = 5
    pruner: PrunerConfig = field(default_factory=WilcoxonConfig)
    speed_spread: float = 0.2
    """Standard deviation of the logarithm of a setting's training time: 0.18 to 0.20 in
    tests/benchmarks/records (``recorded`` in settings.py). 0: all alike."""
    validation_share: float = 0.1
    """Of all utterances, in a fold: one speaker of ten, as IEMOCAP's."""
    reads_epochs: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reads_epochs", self.pruner.kind == "asha")

    @property
    def train_share(self) -> float:
        """Of all utterances, in a fold."""
        return 1 - 1 / self.folds - self.validation_share


UNPRUNED = NoPrunerConfig()


@dataclass(frozen=True)
class Cluster:
    """Where it runs; prices, speeds of networks and of nodes are inputs."""

    gpus: int = 1
    gpus_per_node: int = 8
    gpu_speed: float = 10.0
    """Assumed: training on one GPU against one core. No GPU was there to measure it."""
    gpu_price: float = 2.5
    """Assumed: USD an hour, its share of the node included."""
    head_price: float = 2.0
    """Assumed: USD an hour, a node of ``head_cores`` without GPU."""
    head_cores: int = 32
    head_memory_gb: float = 128.0
    """Assumed, as the cores."""
    node_cores: int = 64
    """Of a node with GPUs; they extract features."""
    grows: bool = False
    """Whether nodes are asked for when folds wait for them, and given back when they have nothing
    to do (an autoscaler, ``cluster.groups: auto``); else all are there, and paid, from the first
    second to the last."""
    node_start_s: float = 240.0
    """Assumed: until a node that was asked for has joined, image included."""
    idle_timeout_s: float = 300.0
    """Ray's autoscaler: ``idle_timeout_minutes: 5`` is its default."""
    preemptions_per_node_hour: float = 0.0
    """Of spot instances; 0: on demand."""
    notice_s: float = 120.0
    """AWS says so of spot instances; GCP gives 30."""
    apart: bool = False
    """``cluster.folds``."""
    one_machine: bool = False
    """Nodes are processes of the head's machine, as in tests/benchmarks/orchestration.py."""

    @property
    def nodes(self) -> int:
        return -(-self.gpus // self.gpus_per_node)


@dataclass(frozen=True)
class Design:
    """What of the platform may be one way or another; the defaults are how it is."""

    starts_at_once: int = 16
    """Trial processes that start side by side; 1 before this simulation was made."""
    asked_at_once: int = 64
    """Groups that an autoscaler is asked for beyond those that fit (train/demand.py)."""
    group_patience_s: float = 60.0
    """After so long without a fold a group ends, where a cluster grows (train/idleness.py)."""
    looks_when_full: bool = False
    """Whether the searcher reads its study at each step though enough trials run; so it was."""
    running_are_read: bool = True
    """Whether each call to Optuna reads every running trial from the database."""
    controllers_on_head: bool = True
    """Whether Ray Train's two processes of each group lie on the head: they lie where ``fit`` is
    called, which is the driver."""
    recordings_by_driver: bool = True
    """Whether the driver reads every recording and sends it to the tasks."""
    held_bytes: float = 2e9
    """Frames that are held in memory (``cluster.frames_in_memory_gb``); each node maps a corpus
    that has more from its disk. Infinite before frames were mapped."""

    def holds(self, corpus: Corpus) -> bool:
        """Whether the frames of a corpus are held."""
        return corpus.frame_bytes <= self.held_bytes


@dataclass(frozen=True)
class Costs:
    """What things take, in CPU seconds of one core where nothing else is said."""

    # The searcher, in the driver's thread. Measured: measure_search --only searcher.
    draw_s: float = 0.070
    draw_s_per_running: float = 0.0040
    draw_s_per_finished: float = 0.00004
    look_s: float = 0.009
    look_s_per_running: float = 0.00055
    """What it took to find that enough trials run, when that still read the study."""
    told_s: float = 0.018
    told_s_per_running: float = 0.00058
    end_s: float = 0.027
    tune_event_s: float = 0.020
    """Ray Tune's for a result or a start: what is left of the driver's CPU for a trial."""
    driver_idle: float = 0.035
    """Cores that the driver and the queue take while nothing happens: looks at the cluster, the
    table, the lease."""

    # The queue, a process of its own. Measured: measure_search --only queue.
    queue_message_s: float = 0.0017
    queue_message_s_per_waiter: float = 1.1e-5
    """Of those that every change wakes: groups without a fold, trials whose epochs are read."""
    queue_fold_s: float = 0.0055
    queue_fold_s_per_id: float = 5.2e-7
    """A job carries the ids of the utterances of its fold, in and out."""
    queue_mb_per_id: float = 9.0e-5
    """Held by the queue for each fold that is not done."""

    # The log. Measured: measure_search --only log.
    read_s: float = 0.002
    read_s_per_answer: float = 1.1e-6
    keep_s: float = 0.003
    keep_s_per_answer: float = 6e-7
    send_s: float = 0.58
    """Metrics and artifacts of a trial to MLflow, a figure drawn; in the driver's process."""
    send_s_per_answer: float = 1.8e-6

    # Processes: CPU seconds until they are up, cores while they wait, proportional set size.
    # Measured: docs/log.md "What does each process of a study take?".
    controller_start_s: float = 5.8
    """Ray Train's controller of a group."""
    companion_start_s: float = 2.7
    """Its second process: it holds up nobody but the cores."""
    trial_start_s: float = 5.5
    trial_idle: float = 0.0045
    worker_start_s: float = 8.4
    group_wait_s: float = 3.0
    """Of a group's start, what is no CPU: placement, process group."""
    group_idle: float = 0.020
    """Cores of a group's two processes on the head."""
    node_idle: float = 0.026
    """Cores of Ray's own processes of a node, and their start below: one machine only."""
    node_start_cpu_s: float = 6.0
    controller_mb: float = 404.0
    """Proportional set size of the two: 282 and 122."""
    trial_mb: float = 282.0
    driver_mb: float = 700.0
    queue_mb: float = 220.0
    open_s: float = 5.0
    """The driver until groups and trials may start, data apart."""
    close_s: float = 10.0
    """The page of a study, a model packed. Assumed."""

    # A fold.
    step_s: float = 0.157
    """Of a training step: mean of WISE (0.036) and alignment (0.278), docs/log.md "What does a
    training step of each network cost?"."""
    step_speech_s: float = 32 * 4.5
    """Of speech, in that step."""
    predict_share: float = 0.33
    """Assumed: of a step, an answer without gradients."""
    fold_start_s: float = 0.05
    """Measured: docs/orchestration.md, around a warm fold."""
    fold_start_s_per_utterance: float = 1.0e-5
    """Measured: measure_data."""
    progress_bytes: float = 16 * 534_000
    """Weights, best weights and Adam's two moments of a mean network (434,654 and 633,209
    parameters), after every epoch."""

    # Store and network.
    request_s: float = 0.03
    """Assumed: latency of a request to S3."""
    stream_bytes_s: float = 85 * MB
    """Assumed: one connection to S3; Amazon's guide says 85 to 90 MB/s."""
    store_bytes_s: float = 10 * GB
    """Assumed: all connections together."""
    link_bytes_s: float = 0.38 * GB
    """From node to node, of an object that doubles its holders: with it 1 GiB reaches 50 nodes in
    16.9 s, Ray's own figure (release/perf_metrics/scalability/object_store.json)."""
    put_price: float = 5e-6
    get_price: float = 0.4e-6
    """USD a request, Amazon's S3 Standard."""

    # Data, before anything trains.
    look_s_per_utterance: float = 0.0002
    hash_bytes_s: float = 1.1 * GB
    """Of one core: 0.71 CPU s for 5,531 recordings of 4.5 s (docs/log.md)."""
    disk_bytes_s: float = 1.0 * GB
    """Assumed: where the recordings lie."""
    ship_bytes_s: float = 0.44 * GB
    """The driver reads, hashes and packs recordings, in one thread. Measured: measure_data."""
    extract_x: float = 350.0
    """Seconds of sound a CPU second, mfcc39 by openSMILE (docs/features.md)."""
    load_bytes_s: float = 0.49 * GB
    """Shards read back and joined by one process: 0.52 CPU s for 256 MB from a bucket."""
    build_s_per_utterance: float = 0.00017
    """Measured: measure_data."""
    put_bytes_s: float = 0.64 * GB
    """0.62 s for 393 MB (docs/log.md, "What does it cost that a trial cannot read...")."""


FREE = Costs(
    **{
        name: (inf if name.endswith("bytes_s") or name == "extract_x" else 0.0)
        for name in Costs.__dataclass_fields__
        if name not in ("step_s", "step_speech_s", "predict_share")
    }
)
"""Nothing costs anything but training: what a formula on paper assumes."""
