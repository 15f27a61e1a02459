"""Work that is spread over Ray, and what becomes of it when it fails."""

import os
from collections.abc import Iterator

import pytest

from ser_platform.errors import FeatureError, WorkersError
from ser_platform.runtime.tasks import Shared, spread

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("local_ray")]


def doubled(number: int) -> int:
    if number < 0:
        raise FeatureError(f"{number}: negative")
    return 2 * number


def test_every_item_is_worked_on() -> None:
    assert sorted(spread(doubled, range(20))) == list(range(0, 40, 2))


def test_what_a_task_raises_is_raised_as_it_was_and_the_others_have_ended() -> None:
    done: list[int] = []
    with pytest.raises(FeatureError, match="-1: negative"):
        done.extend(spread(doubled, [1, -1, 2, 3]))
    assert set(done) <= {2, 4, 6}
    assert 2 in done


def test_what_gives_the_items_may_fail_and_what_has_begun_still_ends() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise FeatureError("gone")

    done: list[int] = []
    with pytest.raises(FeatureError, match="gone"):
        done.extend(spread(doubled, items()))
    assert done == [2]


def test_items_are_drawn_when_there_is_room_for_them() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(50):
            drawn.append(number)
            yield number

    results = spread(doubled, items())
    next(results)
    assert len(drawn) <= 2 * 2 + 1
    results.close()  # pyright: ignore


def added(task: tuple[Shared[bytes], int]) -> int:
    shared, number = task
    return len(shared.get()) + number


def test_what_all_tasks_need_is_there_for_each() -> None:
    shared = Shared(b"x" * 1000)
    assert sorted(spread(added, ((shared, number) for number in range(3)))) == [1000, 1001, 1002]


def dead(_: int) -> int:
    os._exit(1)


def test_a_task_that_dies_each_time_is_told_and_no_traceback_of_ray() -> None:
    with pytest.raises(WorkersError, match="a task lost its process 4 times, perhaps for want"):
        list(spread(dead, [1]))
