"""IEMOCAP's own release tree (Busso et al. 2008), and anything written in its layout."""

from ser_platform.corpora.iemocap.reader import read_iemocap

__all__ = ["read_iemocap"]
