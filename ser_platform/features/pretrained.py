"""Frame embeddings of wav2vec 2.0, HuBERT or WavLM. N frames, D values, L layers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from pickle import UnpicklingError  # nosec B403  # what torch.load raises
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from ser_platform.config.inputs import SAMPLE_RATE_HZ, PretrainedConfig
from ser_platform.errors import ConfigError
from ser_platform.features.base import Frames, Signal
from ser_platform.features.pretrained_checkpoint import (
    digests,
    find_checkpoint,
    refuse_unpickling,
)

if TYPE_CHECKING:
    import torch

_LONGEST_S, _CONTEXT_S = 40, 5
_UNUSED = "masked_spec_embed"  # what training masks frames with; not every file has it

Network = Callable[["torch.Tensor"], "tuple[torch.Tensor, ...]"]
"""``[1, samples]`` to what each layer gives, ``[1, N, D]``, from what the transformer reads on."""


class Pretrained:
    """What a layer gives for each frame, ``[N, D]``; one utterance at a time, not padded.

    Frame i is of the samples ``[i * hop_s, i * hop_s + window_s)``, though through the
    transformer it knows the whole utterance. The samples are scaled as the network's own feature
    extractor says. An utterance longer than 40 s is read in equal parts with up to 5 s of what is
    before and behind each, so that memory does not grow with its square.
    """

    def __init__(self, config: PretrainedConfig) -> None:
        self._config = config
        self._checkpoint = find_checkpoint(config)
        self._layers = _chosen(config, self._checkpoint.layers)
        self.names = tuple(f"embedding_{i}" for i in range(self._checkpoint.dim))

    def __call__(self, signal: Signal) -> Frames:
        window, hop = self._checkpoint.window, self._checkpoint.hop
        frames = (len(signal) - window) // hop + 1
        if frames < 1:
            return np.empty((0, len(self.names)), np.float32)
        scaling, network = _loaded(self._checkpoint.folder, self._config.device)
        samples = scaling(signal)
        values_ND = np.empty((frames, len(self.names)), np.float32)
        for before, start, end, behind in _parts(frames, hop):
            # The last to the very end: a norm over time also hears what fills no frame.
            heard = samples[
                before * hop : (behind - 1) * hop + window if behind < frames else None
            ]
            values_ND[start:end] = self._given(network, heard)[start - before : end - before]
        return values_ND

    def _given(self, network: Network, samples: NDArray[np.float32]) -> Frames:
        import torch

        # On a GPU in float32 too, so that it gives what a CPU gives.
        exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            layers = network(torch.from_numpy(samples)[None])
            mean_ND = torch.stack([layers[i][0] for i in self._layers]).mean(dim=0)
            return mean_ND.cpu().numpy()

    def identity(self) -> dict[str, object]:
        return {
            "kind": self._config.kind,
            "version": 1,
            "layers": self._layers,
            "files": digests(self._checkpoint),
            "transformers": version("transformers"),
            "torch": version("torch"),
        }


def _chosen(config: PretrainedConfig, layers: int) -> list[int]:
    """Which of the outputs are averaged, counted from 0.

    Raises:
        ConfigError: for a layer that the network has not.
    """
    if config.layer == "mean":
        return list(range(layers + 1))
    asked = config.layer if isinstance(config.layer, tuple) else (config.layer,)
    if not asked or any(not -layers - 1 <= layer <= layers for layer in asked):
        raise ConfigError(
            f"features: layer={config.layer}: the network at {config.path} has 0 to {layers}, or "
            f"counted from its last {-layers - 1} to -1"
        )
    return [layer % (layers + 1) for layer in asked]


def _parts(frames: int, hop: int) -> Iterator[tuple[int, int, int, int]]:
    """Frame numbers: where to listen from, which frames to keep (start, end), where to stop."""
    longest, context = (seconds * SAMPLE_RATE_HZ // hop for seconds in (_LONGEST_S, _CONTEXT_S))
    parts = 1 if frames <= longest else math.ceil(frames / (longest - 2 * context))
    ends = [round(i * frames / parts) for i in range(parts + 1)]
    for start, end in pairwise(ends):
        yield max(start - context, 0), start, end, min(end + context, frames)


Scaling = Callable[[Signal], NDArray[np.float32]]


@functools.lru_cache(maxsize=2)
def _loaded(folder: Path, device: Literal["auto", "cpu", "cuda"]) -> tuple[Scaling, Network]:
    """A feature extractor and its network, read from disk once per process.

    Raises:
        ConfigError: when weights are missing or broken, or there is no CUDA device and one is
            asked for.
    """
    import torch
    import transformers

    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "features: device: cuda, and this process sees no CUDA device; give device: auto"
        )
    refuse_unpickling(folder)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    # Of a folder here, and no code that lies in it: neither from there nor from the hub.
    extractor = transformers.AutoFeatureExtractor.from_pretrained(  # nosec B615  # local
        folder, local_files_only=True, trust_remote_code=False
    )
    try:
        model, report = transformers.AutoModel.from_pretrained(  # nosec B615  # local
            folder,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            output_loading_info=True,
            dtype=torch.float32,
        )
    except UnpicklingError as error:
        raise ConfigError(
            f"features: the weights in {folder} are pickled with more than numbers, which is not "
            "run here; save the network again, as safetensors"
        ) from error
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise ConfigError(f"features: the weights in {folder} cannot be read: {error}") from error
    missing = sorted(name for name in report["missing_keys"] if not name.endswith(_UNUSED))
    if missing:
        raise ConfigError(
            f"features: the weights in {folder} lack {len(missing)} of the network's, as "
            f"{missing[0]}; they would be drawn at random"
        )
    where = "cuda" if device == "auto" and torch.cuda.is_available() else device
    model = model.eval().to("cpu" if where == "auto" else where)

    def scaling(signal: Signal) -> NDArray[np.float32]:
        samples = np.divide(signal, 2**15, dtype=np.float32)
        return extractor(samples, sampling_rate=SAMPLE_RATE_HZ, return_tensors="np")[
            "input_values"
        ][0]

    def network(samples: torch.Tensor) -> tuple[torch.Tensor, ...]:
        given = model(samples.to(model.device), output_hidden_states=True)
        # The last by its own name: among the hidden states, some networks do not normalise it.
        return (*given.hidden_states[:-1], given.last_hidden_state)

    return scaling, network
