"""Convolutions over sequences of unequal length that lie in one grid, zeros behind each end.

What lies behind the end of a sequence then is what lies before its beginning: the zeros that any
convolution puts round a map. So a sequence gives the same alone and in company, if what a layer
wrote behind the end is made zero again before the next one reads it.

Shape letters: S sequences, T steps of the longest one, K bins, C channels or maps.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def within(lengths: Tensor, like_SCT: Tensor) -> Tensor:
    """True up to the end of each sequence; axes as in ``like_SCT``, which may have more."""
    step_T = torch.arange(like_SCT.shape[2], device=like_SCT.device)
    inside_ST = step_T < lengths.to(like_SCT.device)[:, None]
    return inside_ST.unflatten(1, (1, -1, *[1] * (like_SCT.dim() - 3)))


def same(conv: nn.Conv1d | nn.Conv2d, map_SCT: Tensor) -> Tensor:
    """``conv`` with zeros round the map: one output for each step (and bin) it stops at.

    It stops at the first and then at each ``stride``-th one, so ``n`` become ``n / stride``,
    rounded up. A kernel may be larger than the map; of an even one the half before the centre
    is the larger.
    """
    return conv(_padded(conv, map_SCT))


def same_of_one_channel(conv: nn.Conv2d, map_STK: Tensor) -> Tensor:
    """:func:`same` of the only channel of a spectrogram, 3 times as fast on a CPU.

    oneDNN needs channels to work on side by side, so the steps a kernel covers become those.
    """
    windows_STKC = _padded(conv, map_STK).unfold(1, conv.kernel_size[0], 1)
    windows = windows_STKC.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    return functional.conv2d(windows, conv.weight.transpose(1, 2), conv.bias)


def strongest(conv: nn.Conv1d | nn.Conv2d, map_SCT: Tensor, lengths: Tensor) -> Tensor:
    """The largest output of each map of :func:`same` before the end of a sequence, ``[S, M]``.

    The gradient of a maximum reaches one window only. So windows are searched without a graph,
    and the one that is found is computed again with it: half the time, and none of
    the memory that the whole map would hold until backward.
    """
    padded_SCT = _padded(conv, map_SCT)
    with torch.no_grad():
        outputs_SMT = conv(padded_SCT)
        inside = within(shorter(lengths, conv.stride[0]), outputs_SMT)
        outputs_SMT.masked_fill_(~inside, -torch.inf)
        best_SM = outputs_SMT.flatten(2).argmax(dim=2)
    windows = padded_SCT
    for axis, (size, stride) in enumerate(zip(conv.kernel_size, conv.stride, strict=True)):
        windows = windows.unfold(2 + axis, size, stride)
    sequence_S1 = torch.arange(len(map_SCT), device=map_SCT.device)[:, None]
    bins = outputs_SMT.shape[3:].numel()
    place = (best_SM // bins, best_SM % bins)[: len(conv.stride)]
    found_SMCT = windows[(sequence_S1, slice(None), *place)]
    value_SM = (found_SMCT * conv.weight).flatten(2).sum(dim=2)
    return value_SM if conv.bias is None else value_SM + conv.bias


def shorter(lengths: Tensor, by: int) -> Tensor:
    """What is left of lengths when ``by`` steps become one, and so do the last few."""
    return (lengths + by - 1) // by


def _padded(conv: nn.Conv1d | nn.Conv2d, map_SCT: Tensor) -> Tensor:
    pads: list[int] = []
    for size, dilation in zip(conv.kernel_size[::-1], conv.dilation[::-1], strict=True):
        reach = dilation * (size - 1)
        pads += [reach - reach // 2, reach // 2]
    return functional.pad(map_SCT, pads)
