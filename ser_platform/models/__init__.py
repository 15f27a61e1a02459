"""Architectures: one file each. They read a :class:`~ser_platform.models.batch.Batch`."""

from typing import TYPE_CHECKING

from ser_platform.config.model import (
    AlignmentConfig,
    CnnLstmConfig,
    CnnPhonemeConfig,
    DualRnnConfig,
    LstmAttentionConfig,
    ModelConfig,
    TdnnLstmConfig,
    WiseConfig,
)

if TYPE_CHECKING:
    from ser_platform.models.alignment import AlignmentNet
    from ser_platform.models.cnn_lstm import CnnLstmNet
    from ser_platform.models.cnn_phoneme import CnnPhonemeNet
    from ser_platform.models.dual_rnn import DualRnnNet
    from ser_platform.models.inputs import Inputs
    from ser_platform.models.lstm_attention import LstmAttentionNet
    from ser_platform.models.tdnn_lstm import TdnnLstmNet
    from ser_platform.models.wise import WiseNet

    Network = (
        AlignmentNet
        | CnnLstmNet
        | CnnPhonemeNet
        | DualRnnNet
        | LstmAttentionNet
        | TdnnLstmNet
        | WiseNet
    )


def build_model(config: ModelConfig, inputs: "Inputs") -> "Network":
    """The network a ``model:`` section describes, freshly initialised from torch's generator."""
    match config:
        case AlignmentConfig():
            from ser_platform.models.alignment import AlignmentNet

            return AlignmentNet(config, inputs)
        case CnnLstmConfig():
            from ser_platform.models.cnn_lstm import CnnLstmNet

            return CnnLstmNet(config, inputs)
        case CnnPhonemeConfig():
            from ser_platform.models.cnn_phoneme import CnnPhonemeNet

            return CnnPhonemeNet(config, inputs)
        case DualRnnConfig():
            from ser_platform.models.dual_rnn import DualRnnNet

            return DualRnnNet(config, inputs)
        case LstmAttentionConfig():
            from ser_platform.models.lstm_attention import LstmAttentionNet

            return LstmAttentionNet(config, inputs)
        case TdnnLstmConfig():
            from ser_platform.models.tdnn_lstm import TdnnLstmNet

            return TdnnLstmNet(config, inputs)
        case WiseConfig():
            from ser_platform.models.wise import WiseNet

            return WiseNet(config, inputs)
