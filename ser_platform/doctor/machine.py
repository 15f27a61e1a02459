"""This machine: Python and packages, GPUs, memory, disk, what reads recordings."""

import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from ser_platform.doctor.finding import Finding

_DISTRIBUTION = "ser-platform"
_SHOWN = ("torch", "ray", "optuna", "mlflow", "librosa", "opensmile", "boto3")
_GB = 1e9
_LEAST_DISK_GB, _LITTLE_DISK_GB = 1.0, 10.0
_LITTLE_MEMORY_GB = 4.0
_LITTLE_SHARED_GB = 1.0


def packages() -> Iterator[Finding]:
    """Whether what is installed is what our package asks for."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _SHOWN)
    bad = list(_unmet())
    if bad:
        remedy = "install again: pip install -c constraints.txt -e '.[demo]', or `make demo`"
        yield Finding("packages", "failed", "; ".join(bad), remedy)
        return
    yield Finding("packages", "ok", f"Python {platform.python_version()}, {versions}")


def _unmet() -> Iterator[str]:
    for text in metadata.requires(_DISTRIBUTION) or ():
        need = Requirement(text)
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            yield f"{need.name} is not installed"
            continue
        if not need.specifier.contains(found, prereleases=True):
            yield f"{need.name} {found} is installed, {need.specifier} is needed"


def gpus() -> Iterator[Finding]:
    """Whether torch sees GPUs and can multiply on each; none is no failure."""
    import torch

    driver = shutil.which("nvidia-smi")
    if not torch.cuda.is_available():
        if driver is None:
            yield Finding("gpu", "ok", "none; networks train on the CPU")
            return
        build = f"torch {torch.__version__}" + ("" if torch.version.cuda else ", a CPU build")
        yield Finding(
            "gpu",
            "warning",
            f"{driver} is here, but {build} sees no GPU",
            "install torch for your CUDA (see pytorch.org/get-started), or check that the driver "
            "runs: nvidia-smi; CUDA_VISIBLE_DEVICES hides GPUs too",
        )
        return
    for index in range(torch.cuda.device_count()):
        yield _gpu(index)


def _gpu(index: int) -> Finding:
    import torch

    free, total = torch.cuda.mem_get_info(index)
    name = f"{index}: {torch.cuda.get_device_name(index)}"
    ones = torch.ones(256, 256, device=f"cuda:{index}")
    if (ones @ ones).sum().item() != 256**3:
        remedy = "take this GPU out of service: CUDA_VISIBLE_DEVICES"
        return Finding("gpu", "failed", f"{name} multiplies wrongly", remedy)
    says = f"{name}, {free / _GB:.1f} of {total / _GB:.1f} GB free, CUDA {torch.version.cuda}"
    return Finding("gpu", "ok", says)


def memory() -> Iterator[Finding]:
    """Cores and memory, and that shared memory, in which Ray keeps a corpus, is not tiny."""
    found = psutil.virtual_memory()
    says = (
        f"{psutil.cpu_count()} CPUs, {found.available / _GB:.1f} of "
        f"{found.total / _GB:.1f} GB memory available"
    )
    if found.available < _LITTLE_MEMORY_GB * _GB:
        remedy = "end other programs; Ray and two workers need about 4 GB"
        yield Finding("memory", "warning", says, remedy)
    else:
        yield Finding("memory", "ok", says)
    shared = Path("/dev/shm")  # nosec B108  # Linux's, looked at only
    if shared.is_dir() and (free := shutil.disk_usage(shared).free) < _LITTLE_SHARED_GB * _GB:
        yield Finding(
            "memory",
            "warning",
            f"{shared} has {free / _GB:.2f} GB free for frames in memory; Ray uses the disk then",
            "give the container more: docker run --shm-size=8g, or an emptyDir of medium Memory",
        )


def disk(folders: dict[str, Path]) -> Iterator[Finding]:
    """Free space where something is going to be written.

    Args:
        folders: by what they are for; made or not.
    """
    for purpose, folder in folders.items():
        there = next(f for f in (folder, *folder.parents) if f.exists())
        free_gb = shutil.disk_usage(there).free / _GB
        says = f"{free_gb:.1f} GB free for {purpose} ({folder})"
        remedy = f"free space on the disk of {there}, or give another place"
        if free_gb < _LEAST_DISK_GB:
            yield Finding("disk", "failed", says, remedy)
        elif free_gb < _LITTLE_DISK_GB:
            yield Finding("disk", "warning", says, remedy)
        else:
            yield Finding("disk", "ok", says)


def front_ends() -> Iterator[Finding]:
    """Whether openSMILE's library loads and gives frames, and what libsndfile reads."""
    import numpy as np
    import soundfile

    from ser_platform.config.inputs import SAMPLE_RATE_HZ, Mfcc39Config
    from ser_platform.features import make_extractor

    tone = (8_000 * np.sin(np.arange(SAMPLE_RATE_HZ) * 0.1)).astype(np.int16)
    frames = make_extractor(Mfcc39Config())(tone)
    if not (len(frames) and np.isfinite(frames).all()):
        remedy = "install opensmile again: pip install --force-reinstall opensmile"
        yield Finding("front end", "failed", "openSMILE gives no finite frames of a tone", remedy)
        return
    known = soundfile.available_formats()
    formats = ", ".join(name for name in ("WAV", "FLAC", "OGG", "MP3") if name in known)
    says = f"openSMILE works; libsndfile {soundfile.__libsndfile_version__} reads {formats}"
    yield Finding("front end", "ok", says)
