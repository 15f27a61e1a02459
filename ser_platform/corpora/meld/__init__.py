"""MELD (Poria et al. 2019): dialogues of the series Friends, each turn with an emotion."""

from ser_platform.corpora.meld.reader import read_meld

__all__ = ["read_meld"]
