"""From a folder of recordings to frames in the head's object store: one phase after the other.

A formula and no simulation: each phase is a pipeline whose slowest part sets its pace.
"""

from dataclasses import dataclass

from tests.benchmarks.scale.parameters import Cluster, Corpus, Costs, Design


@dataclass(frozen=True)
class Phase:
    """A step of the preparation."""

    name: str
    seconds: float
    bound_by: str
    """Its slowest part."""


def phases(corpus: Corpus, cluster: Cluster, costs: Costs, design: Design) -> list[Phase]:
    """Of a cold start; a warm one has neither hashing nor extraction."""
    cores = cluster.node_cores * cluster.nodes + cluster.head_cores
    if cluster.grows:
        cores = cluster.head_cores  # nobody has asked for nodes yet
    recordings, frames, utterances = (
        corpus.recording_bytes,
        corpus.frame_bytes,
        corpus.utterances,
    )
    extraction_s = corpus.hours * 3600 / costs.extract_x / cores
    if design.recordings_by_driver:
        feeding = ("the driver, reading", recordings / costs.ship_bytes_s)
    else:
        feeding = ("disk", recordings / costs.disk_bytes_s)
    return [
        Phase("corpus read", utterances * costs.look_s_per_utterance, "the driver"),
        _slowest(
            "recordings hashed",
            ("cores of the head", recordings / costs.hash_bytes_s / cluster.head_cores),
            ("disk", recordings / costs.disk_bytes_s),
        ),
        _slowest("frames extracted", feeding, (f"{cores} cores, extracting", extraction_s)),
        _slowest(
            "frames read back",
            ("the driver", frames / costs.load_bytes_s),
            ("four connections", frames / (4 * costs.stream_bytes_s)),
        ),
        Phase("dataset built", utterances * costs.build_s_per_utterance, "the driver"),
        Phase(
            "put into the object store",
            design.holds(corpus) * frames / costs.put_bytes_s,
            "the driver",
        ),
    ]


def _slowest(name: str, *parts: tuple[str, float]) -> Phase:
    what, seconds = max(parts, key=lambda part: part[1])
    return Phase(name, seconds, what)
