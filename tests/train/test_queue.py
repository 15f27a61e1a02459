"""The queue of folds: who gets what, and what happens when workers are lost."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
import ray

from ser_platform.corpora.folds import Fold
from ser_platform.errors import StudyTakenError, TrainingError, WithdrawnError, WorkersError
from ser_platform.storage import met
from ser_platform.train.jobs import FoldJob
from ser_platform.train.queue import FoldQueue, Standing
from ser_platform.train.resident import Resident

NOWHERE = Resident(ray.ObjectRef.nil(), ray.ObjectRef.nil(), ())


SETTING = '{"train": {"batch_size": 32}}'


def job(number: int, *, score_test: bool = False) -> FoldJob:
    fold = Fold(number, f"session {number}", train=("a",), validation=("b",), test=("c",))
    return FoldJob("run", fold, SETTING, NOWHERE, "store", score_test)


def play(
    story: Callable[[FoldQueue], Awaitable[None]], max_failures: int = 1, idle_s: float = 60
) -> None:
    async def tell() -> None:
        await asyncio.wait_for(story(FoldQueue(2, max_failures, idle_s)), timeout=5)

    asyncio.run(tell())


def test_folds_are_taken_in_the_order_they_were_submitted() -> None:
    async def story(queue: FoldQueue) -> None:
        for number in (1, 2):
            await queue.submit(job(number))
        assert await queue.take(group=0) == job(1).name
        assert await queue.take(group=1) == job(2).name
        assert (await queue.job(job(2).name)).fold.number == 2

    play(story)


def test_a_waiting_trial_gets_the_result_its_group_hands_in() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        waiting = asyncio.create_task(queue.result(job(1).name))
        await queue.take(group=0)
        await queue.finish(0, "the result")
        assert await waiting == "the result"

    play(story)


def test_of_a_fold_that_is_done_the_ids_of_its_utterances_are_not_kept() -> None:
    """A corpus of 600,000 utterances has 40 MB of them, in each of the study's folds."""

    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        await queue.take(group=0)
        assert (await queue.job(job(1).name)).fold.train == ("a",)
        await queue.finish(0, "the result")
        kept = (await queue.job(job(1).name)).fold
        assert (kept.number, kept.train, kept.validation, kept.test) == (1, (), (), ())

    play(story)


def test_once_another_process_has_the_study_every_fold_ends_with_that_and_none_is_taken() -> None:
    taken_over = StudyTakenError("study tiny was taken over by process 7 on node-7")

    async def story(queue: FoldQueue) -> None:
        for number in (1, 2):
            await queue.submit(job(number))
        assert await queue.take(group=0) == job(1).name
        await queue.refuse(taken_over)
        await queue.submit(job(3))
        for number in (1, 2, 3):
            with pytest.raises(StudyTakenError, match="by process 7 on node-7"):
                await queue.result(job(number).name)
        assert not await queue.report(0, [0.5], 1.0)  # so its workers stop after this epoch
        await queue.leave(0)
        await queue.close()
        assert await queue.take(group=0) is None

    play(story)


def test_what_the_stores_of_workers_met_is_added_up() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.note_met({"repeated": 3})
        await queue.note_met({"repeated": 1, "damaged": 2})
        assert met.in_words(await queue.close()) == (
            "4 requests were repeated; 2 objects arrived damaged and were read again"
        )

    play(story)


def test_equal_work_is_queued_once_and_scoring_is_other_work_than_training() -> None:
    async def story(queue: FoldQueue) -> None:
        for work in (job(1), job(1), job(1, score_test=True)):
            await queue.submit(work)
        await queue.close()
        taken = []
        while (name := await queue.take(group=0)) is not None:
            taken.append(name)
            await queue.finish(0, "done")
        assert taken == ["run/fold1/trained", "run/fold1/scored"]

    play(story)


def test_a_group_that_lost_its_workers_gets_the_same_fold_again() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        first = await queue.take(group=0)
        assert await queue.take(group=0) == first
        assert await queue.losses() == {first: 1}

    play(story)


def test_a_fold_that_loses_its_workers_too_often_fails_and_the_group_goes_on() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        await queue.submit(job(2))
        await queue.take(group=0)
        await queue.note_crash(0, "an earlier reason")
        await queue.take(group=0)
        await queue.note_crash(0, "MemoryError")
        await queue.note_crash(0, "connection closed by peer")
        assert await queue.take(group=0) == job(2).name
        with pytest.raises(TrainingError) as failed:
            await queue.result(job(1).name)
        assert str(failed.value) == (
            "fold 1 of run run lost its workers 2 times; the last time: MemoryError"
        )

    play(story, max_failures=1)


def test_a_fold_that_would_fail_again_is_given_up_at_once() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        await queue.take(group=0)
        await queue.fail(0, "the training loss is nan")
        with pytest.raises(TrainingError, match="the training loss is nan"):
            await queue.result(job(1).name)

    play(story)


def test_a_closed_queue_still_hands_out_what_waits_and_then_nothing() -> None:
    async def story(queue: FoldQueue) -> None:
        idle = asyncio.create_task(queue.take(group=1))
        await asyncio.sleep(0)
        await queue.close()
        assert await idle is None

    play(story)


def test_folds_fail_with_the_reason_once_no_group_is_left() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        await queue.submit(job(2))
        assert await queue.next_group() == 0
        assert await queue.next_group() == 1
        await queue.take(group=0)
        await queue.end_group(0, "no memory")
        await queue.end_group(1, "no GPU")
        for number, reason in ((1, "^no memory$"), (2, "no worker group is left .*: no GPU$")):
            with pytest.raises(WorkersError, match=reason):
                await queue.result(job(number).name)
        await queue.submit(job(3))
        with pytest.raises(WorkersError, match="no worker group is left"):
            await queue.result(job(3).name)

    play(story)


def test_a_group_that_died_while_it_waited_takes_no_fold_from_the_one_restarted() -> None:
    async def story(queue: FoldQueue) -> None:
        dead = asyncio.create_task(queue.take(group=0))
        await asyncio.sleep(0.01)
        alive = asyncio.create_task(queue.take(group=0))
        await asyncio.sleep(0.01)
        await queue.submit(job(1))
        assert await alive == job(1).name
        assert await dead is None

    play(story)


def test_a_group_is_started_for_a_fold_and_another_one_for_a_second() -> None:
    async def story(queue: FoldQueue) -> None:
        wanted = [asyncio.create_task(queue.next_group()) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in wanted)
        await queue.submit(job(1))
        await asyncio.sleep(0.01)
        assert [task.done() for task in wanted] == [True, False]
        await queue.take(group=0)
        await queue.submit(job(2))
        assert await asyncio.gather(*wanted) == [0, 1]

    play(story)


def test_groups_are_started_for_folds_that_are_announced() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.expect(2)
        assert await queue.next_group() == 0
        assert await queue.next_group() == 1

    play(story)


def test_no_group_is_started_where_no_fold_came() -> None:
    async def story(queue: FoldQueue) -> None:
        wanted = asyncio.create_task(queue.next_group())
        await asyncio.sleep(0.01)
        await queue.close()
        assert await wanted is None

    play(story)


def test_a_group_that_could_not_be_started_is_replaced_by_another() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        assert await queue.next_group() == 0
        await queue.end_group(0, "no memory")
        assert await queue.next_group() == 1
        assert await queue.take(group=1) == job(1).name

    play(story)


def test_groups_that_end_do_not_make_room_for_more_than_the_cluster_has() -> None:
    async def story(queue: FoldQueue) -> None:
        for number in (1, 2, 3):
            await queue.submit(job(number))
        assert await queue.next_group() == 0
        await queue.end_group(0, "no memory")
        assert await queue.capacity() == 1
        assert await queue.next_group() == 1
        third = asyncio.create_task(queue.next_group())
        await asyncio.sleep(0.01)
        assert not third.done()
        await queue.close()

    play(story)


def test_epochs_are_passed_on_as_they_come_and_no_more_than_once() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        await queue.take(group=0)
        waiting = asyncio.create_task(queue.epochs(job(1).name, after=0))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        assert await queue.report(0, [0.3], seconds=1.0)
        assert await waiting == [0.3]
        assert await queue.report(0, [0.3, 0.4, 0.5], seconds=3.0)
        assert await queue.epochs(job(1).name, after=1) == [0.4, 0.5]
        waiting = asyncio.create_task(queue.epochs(job(1).name, after=3))
        await queue.finish(0, "the result", [0.3, 0.4, 0.5, 0.6], seconds=4.0)
        assert await waiting == [0.6]
        assert await queue.epochs(job(1).name, after=4) == []
        assert await queue.seconds("run") == 4.0

    play(story)


def test_a_run_that_is_withdrawn_leaves_the_queue_and_its_fold_in_training_stops() -> None:
    async def story(queue: FoldQueue) -> None:
        for number in (1, 2):
            await queue.submit(job(number))
        await queue.take(group=0)
        assert await queue.report(0, [0.3], seconds=1.0)
        following = asyncio.create_task(queue.epochs(job(1).name, after=1))
        await asyncio.sleep(0.01)
        await queue.withdraw("run")
        assert await following == []
        for number, epochs in ((1, 1), (2, 0)):
            with pytest.raises(WithdrawnError) as withdrawn:
                await queue.result(job(number).name)
            assert str(withdrawn.value) == (
                f"fold {number} of run run was withdrawn after {epochs} epochs"
            )
        assert not await queue.report(0, [0.3, 0.4], seconds=2.0)
        await queue.leave(0)
        await queue.close()
        assert await queue.take(group=0) is None

    play(story)


def test_what_a_trial_submits_before_it_hears_is_not_trained_until_the_run_is_wanted_again() -> (
    None
):
    async def story(queue: FoldQueue) -> None:
        await queue.withdraw("run")
        await queue.submit(job(1))
        with pytest.raises(WithdrawnError):
            await queue.result(job(1).name)
        await queue.submit(job(1, score_test=True))  # who scores has selected it
        assert await queue.take(group=0) == job(1, score_test=True).name

    play(story)


def test_a_withdrawn_fold_can_be_submitted_again() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        await queue.withdraw("run")
        await queue.admit("run")
        await queue.submit(job(1))
        assert await queue.take(group=0) == job(1).name
        await queue.finish(0, "the result")
        assert await queue.result(job(1).name) == "the result"
        await queue.withdraw("run")  # what is done stays done
        assert await queue.result(job(1).name) == "the result"

    play(story)


@pytest.mark.parametrize("told", [False, True])
def test_a_fold_wanted_again_before_its_group_has_stopped_is_trained_by_one_group_only(
    told: bool,
) -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        await queue.take(group=0)
        await queue.withdraw("run")
        if told:
            assert not await queue.report(0, [0.3], seconds=1.0)
        await queue.admit("run")
        await queue.submit(job(1))
        other = asyncio.create_task(queue.take(group=1))
        await asyncio.sleep(0.01)
        assert not other.done()
        if told:
            await queue.leave(0)
            assert await other == job(1).name
        else:
            assert await queue.report(0, [0.3], seconds=1.0)
            await queue.close()
            assert await other is None

    play(story)


def test_a_group_that_lost_its_workers_with_a_withdrawn_fold_takes_the_next() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        await queue.take(group=0)
        await queue.withdraw("run")
        await queue.submit(replace(job(2), run_key="other"))
        assert await queue.take(group=0) == "other/fold2/trained"
        assert await queue.losses() == {}

    play(story)


def test_more_groups_are_started_when_nodes_join() -> None:
    async def story(queue: FoldQueue) -> None:
        for number in (1, 2, 3):
            await queue.submit(job(number))
        assert [await queue.next_group(), await queue.next_group()] == [0, 1]
        third = asyncio.create_task(queue.next_group())
        assert await queue.follow(2, ["a"]) == Standing(waiting=3, started=2, up=0, wanted=3)
        assert not third.done()
        await queue.follow(3, ["a", "b"])
        assert await queue.capacity() == 3
        assert await third == 2

    play(story)


def test_the_cluster_is_to_grow_for_all_that_could_be_trained_at_once() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        assert (await queue.follow(1, ["a"])).wanted == 1
        await queue.expect(2)
        assert (await queue.follow(1, ["a"])).wanted == 2
        await queue.want(5)
        assert (await queue.follow(1, ["a"])).wanted == 5
        await queue.close()
        await queue.want(0)
        assert (await queue.follow(1, ["a"])).wanted == 1

    play(story)


def test_a_group_without_work_ends_where_the_cluster_shrinks_and_another_may_start_later() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.expect(2)
        assert [await queue.next_group(), await queue.next_group()] == [0, 1]
        for group in (0, 1):
            await queue.join(group, 0, "a")
        await queue.submit(job(1))
        assert await queue.take(group=0) == job(1).name
        idle = asyncio.create_task(queue.take(group=1))
        await asyncio.sleep(0.02)
        await queue.follow(2, ["a"])
        await asyncio.sleep(0)
        assert not idle.done()
        await queue.follow(2, ["a"], shrinks=True)
        assert await idle is None
        another = asyncio.create_task(queue.next_group())
        await asyncio.sleep(0.01)
        assert not another.done()  # what was expected has come
        await queue.submit(job(2))
        assert await another == 2

    play(story, idle_s=0.01)


def test_a_group_is_not_spare_once_there_is_work_nor_when_its_node_is_gone() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.expect(1)
        assert await queue.next_group() == 0
        await queue.join(0, 0, "a")
        idle = asyncio.create_task(queue.take(group=0))
        await asyncio.sleep(0.02)
        await queue.follow(1, ["b"], shrinks=True)  # its workers are to be started again
        await asyncio.sleep(0)
        assert not idle.done()
        await queue.join(0, 0, "b")
        again = asyncio.create_task(queue.take(group=0))
        assert await idle is None
        await queue.submit(job(1))
        assert await again == job(1).name

    play(story, idle_s=0.01)


def test_the_fold_of_a_dead_node_goes_to_another_group() -> None:
    async def story(queue: FoldQueue) -> None:
        for number in (1, 2):
            await queue.submit(job(number))
        for group, nodes in enumerate(("aa", "ab")):
            for rank, node in enumerate(nodes):
                await queue.join(group, rank, node)
            await queue.take(group)
        assert (await queue.follow(1, ["a"])).waiting == 1
        await queue.finish(0, "done")
        assert await queue.take(group=0) == job(2).name
        assert await queue.losses() == {job(2).name: 1}
        # What the dead node may still say counts for nothing.
        assert not await queue.report(1, [0.3], seconds=1.0)
        await queue.finish(1, "late")
        await queue.finish(0, "done too")
        assert await queue.result(job(2).name) == "done too"

    play(story)


NO_MEMORY = (
    "out of memory: fold 1 of run run: {}; lower train.batch_size (now 32), or give its workers "
    "more memory"
)


def test_a_fold_that_finds_no_memory_is_not_tried_again() -> None:
    async def story(queue: FoldQueue) -> None:
        for number in (1, 2):
            await queue.submit(job(number))
        await queue.take(group=0)
        await queue.out_of_memory(0, "MemoryError: no room for 8 GiB")
        await queue.note_crash(0, "connection closed by peer")  # the other rank, a moment later
        with pytest.raises(TrainingError) as failed:
            await queue.result(job(1).name)
        assert str(failed.value) == NO_MEMORY.format("MemoryError: no room for 8 GiB")
        assert await queue.take(group=0) == job(2).name
        assert await queue.losses() == {}

    play(story)


def test_a_worker_that_the_kernel_killed_for_memory_is_told_from_one_that_died_otherwise() -> None:
    """By the count of such kills on its node, when the group is up again."""

    async def story(queue: FoldQueue) -> None:
        for number in (1, 2):
            await queue.submit(job(number))
        for group in (0, 1):
            await queue.join(group, 0, "node", kernel_kills=3)
            await queue.take(group)
        await queue.join(0, 0, "node", kernel_kills=4)
        assert await queue.report(1, [0.3], seconds=1.0, kernel_kills=4)
        with pytest.raises(TrainingError) as failed:
            await queue.result(job(1).name)
        assert str(failed.value) == NO_MEMORY.format("the kernel killed its process")
        await queue.join(1, 0, "node", kernel_kills=4)  # as it knew
        assert await queue.take(group=1) == job(2).name
        assert await queue.losses() == {job(2).name: 1}

    play(story)


def test_a_group_on_a_node_that_leaves_ends_after_its_epoch_and_the_fold_goes_elsewhere() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.submit(job(1))
        assert await queue.next_group() == 0
        await queue.join(0, 0, "a")
        await queue.take(group=0)
        assert await queue.report(0, [0.3], seconds=1.0)
        await queue.follow(2, ["a", "b"], leaving=["a"])
        assert not await queue.report(0, [0.3, 0.4], seconds=2.0)
        await queue.leave(0)
        assert await queue.take(group=0) is None
        assert await queue.next_group() == 1
        await queue.join(1, 0, "b")
        assert await queue.take(group=1) == job(1).name
        assert await queue.losses() == {}

    play(story)


def test_a_group_that_waits_on_a_node_that_leaves_ends_too() -> None:
    async def story(queue: FoldQueue) -> None:
        await queue.join(0, 0, "a")
        idle = asyncio.create_task(queue.take(group=0))
        await asyncio.sleep(0)
        await queue.follow(1, ["a"], leaving=["a"])
        assert await idle is None

    play(story)


def test_a_fold_loses_nothing_by_a_node_that_had_said_it_would_leave() -> None:
    """Before its epoch had ended: seen as a dead node, or by the group that starts again."""

    async def story(queue: FoldQueue) -> None:
        for number in (1, 2):
            await queue.submit(job(number))
            await queue.join(number, 0, "a")
            await queue.take(number)
        await queue.follow(2, ["a", "b"], leaving=["a"])
        await queue.join(2, 0, "b")
        assert await queue.take(2) == job(2).name
        await queue.follow(2, ["b"])
        assert await queue.losses() == {}
        assert await queue.take(2) == job(2).name  # and this time it is a loss
        assert await queue.losses() == {job(2).name: 1}

    play(story)
