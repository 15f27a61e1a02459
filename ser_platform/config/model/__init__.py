"""The architectures and their sizes, a file each.

"Xu" is Xu et al. 2019 (alignment), "Shen" is Shen et al. 2020 (WISE); section numbers are theirs.
"""

from typing import Annotated

from pydantic import Field

from ser_platform.config.model.alignment import AlignmentConfig
from ser_platform.config.model.base import Limits, NetworkConfig
from ser_platform.config.model.cnn_lstm import CnnLstmConfig
from ser_platform.config.model.cnn_phoneme import CnnPhonemeConfig
from ser_platform.config.model.dual_rnn import DualRnnConfig
from ser_platform.config.model.lstm_attention import LstmAttentionConfig
from ser_platform.config.model.tdnn_lstm import TdnnLstmConfig
from ser_platform.config.model.wise import WiseConfig

__all__ = [
    "AlignmentConfig",
    "CnnLstmConfig",
    "CnnPhonemeConfig",
    "DualRnnConfig",
    "Limits",
    "LstmAttentionConfig",
    "ModelConfig",
    "NetworkConfig",
    "TdnnLstmConfig",
    "WiseConfig",
]

ModelConfig = Annotated[
    AlignmentConfig
    | CnnLstmConfig
    | CnnPhonemeConfig
    | DualRnnConfig
    | LstmAttentionConfig
    | TdnnLstmConfig
    | WiseConfig,
    Field(discriminator="kind"),
]
