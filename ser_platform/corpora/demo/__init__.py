"""The demo corpus: speech that this machine makes itself. Synthetic, its scores mean nothing."""

from ser_platform.corpora.demo.read import read_demo

__all__ = ["read_demo"]
