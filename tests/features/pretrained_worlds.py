"""Tiny networks, drawn at random and saved as the real ones are: nothing is downloaded."""

import atexit
import functools
import importlib.util
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ser_platform.config.inputs import PretrainedConfig

INSTALLED = importlib.util.find_spec("transformers") is not None
WHY_NOT = "transformers is not installed: pip install 'ser-platform[embeddings]'"
KINDS = ("wav2vec2", "hubert", "wavlm")
DIM, LAYERS = 16, 2


def save_tiny(
    folder: Path, kind: str = "wav2vec2", *, do_normalize: bool = True, **settings: Any
) -> Path:
    """A network of two layers of 16 values, its frames as those of the real one."""
    import torch
    import transformers

    section, network = {
        "wav2vec2": (transformers.Wav2Vec2Config, transformers.Wav2Vec2Model),
        "hubert": (transformers.HubertConfig, transformers.HubertModel),
        "wavlm": (transformers.WavLMConfig, transformers.WavLMModel),
    }[kind]
    made = section(
        **{
            "hidden_size": DIM,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": 2,
            "intermediate_size": 24,
            "conv_dim": (8,) * 7,
            "num_conv_pos_embeddings": 16,
            "num_conv_pos_embedding_groups": 2,
            **settings,
        }
    )
    transformers.logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(KINDS.index(kind))
        network(made).save_pretrained(folder)
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=do_normalize)
    extractor.save_pretrained(folder)
    return folder


@functools.cache
def tiny(kind: str) -> PretrainedConfig:
    """The section of a network that lies on disk for as long as this process runs."""
    folder = tempfile.mkdtemp(prefix=f"{kind}-")
    atexit.register(shutil.rmtree, folder)
    return PretrainedConfig(path=str(save_tiny(Path(folder), kind)))
