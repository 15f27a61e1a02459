"""What a soak tells: its schedule, what came of each fault, and which promises hold."""

from collections.abc import Iterator, Mapping, Sequence

from tests.chaos.found import Found, Traces
from tests.chaos.injector import Injected
from tests.chaos.invariants import INVARIANTS
from tests.chaos.plan import Fault
from tests.chaos.world import Ended

_SHOWN = 12
"""Violations of one invariant; the rest is counted."""


def schedule_lines(seed: int, schedule: Sequence[Fault]) -> Iterator[str]:
    """The schedule of a seed."""
    yield f"seed {seed}: {len(schedule)} faults"
    yield from (f"  {fault}" for fault in schedule)


def injected_lines(met: Sequence[Injected], ended: Sequence[Ended]) -> Iterator[str]:
    """A table of runs, and of faults with the time and run that met them."""
    for number, run in enumerate(ended, start=1):
        yield f"run {number}: exit {run.code} after {run.seconds:.0f} s"
    yield f"{'fault':<18}{'at':<14}{'run':>3}{'after s':>9}  outcome"
    for each in sorted(met, key=lambda each: each.after_s):
        fault = each.fault
        at = f"{fault.unit} {fault.at}{' lost' * fault.loses}"
        yield f"{fault.kind:<18}{at:<14}{each.run:>3}{each.after_s:>9.0f}  {each.outcome}"


def violations(found: Found, undisturbed: Found, traces: Traces) -> dict[str, list[str]]:
    """What each invariant claims -> how it is violated."""
    return {
        (each.__doc__ or each.__name__): list(each(found, undisturbed, traces))
        for each in INVARIANTS
    }


def verdict_lines(judged: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Each invariant with ``ok`` or what is wrong."""
    for claim, wrong in judged.items():
        yield f"{'VIOLATED' if wrong else 'ok':<9} {claim}"
        yield from (f"          {line}" for line in wrong[:_SHOWN])
        if len(wrong) > _SHOWN:
            yield f"          and {len(wrong) - _SHOWN} more"
