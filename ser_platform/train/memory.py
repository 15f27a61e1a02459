"""Out of memory: how a worker knows it, and those who only see that a worker is gone."""

from pathlib import Path

_WORDS = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""Of torch, which has a type for its own allocator of GPU memory alone: that of CPU memory, and
CUDA's libraries, raise RuntimeError."""

_COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))
"""Where the kernel counts processes that it killed for memory: of this container, if it is one,
else of the machine."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this was raised because there was no memory, of the machine or of its GPU."""
    said = isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)
    return said or isinstance(error, MemoryError)


def kernel_kills(counters: tuple[Path, ...] = _COUNTERS) -> int:
    """How many processes the kernel has killed for memory here; 0 where it does not count."""
    for path in counters:
        if path.is_file():
            lines = (line.split() for line in path.read_text(encoding="ascii").splitlines())
            return int(dict(lines).get("oom_kill", 0))
    return 0
