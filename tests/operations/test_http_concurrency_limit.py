"""What waits for a slot is served in turn by server, and a slot that is given up goes to the next one."""

import asyncio

from controlplane.runtime.http.concurrency_limit import ConcurrencyLimit, Slot


async def acquire(limit: ConcurrencyLimit, share: str, order: list[str]) -> Slot:
    slot = await limit.acquire(share)
    order.append(share)
    return slot


def test_a_slot_that_is_released_goes_to_the_next_server() -> None:
    async def scene() -> list[str]:
        limit, order = ConcurrencyLimit(asyncio.get_running_loop(), at_once=1), list[str]()
        first = await acquire(limit, "a", order)
        tasks = [asyncio.create_task(acquire(limit, share, order)) for share in "aaabb"]
        await asyncio.sleep(0)
        first.release()
        for _ in range(10):
            await asyncio.sleep(0)
            for task in tasks:
                if task.done():
                    task.result().release()
        return order

    assert asyncio.run(scene()) == ["a", "a", "b", "a", "b", "a"]


def test_a_caller_that_gives_up_waiting_takes_no_slot() -> None:
    async def scene() -> bool:
        limit, order = ConcurrencyLimit(asyncio.get_running_loop(), at_once=1), list[str]()
        first = await acquire(limit, "a", order)
        gives_up, stays = (asyncio.create_task(acquire(limit, share, order)) for share in "bc")
        await asyncio.sleep(0)
        gives_up.cancel()
        first.release()
        (await stays).release()
        await limit.acquire("d")
        return True

    assert asyncio.run(scene())


def test_a_slot_is_released_once() -> None:
    async def scene() -> bool:
        limit, order = ConcurrencyLimit(asyncio.get_running_loop(), at_once=1), list[str]()
        first = await acquire(limit, "a", order)
        first.release()
        first.release()
        await acquire(limit, "b", order)
        second = asyncio.create_task(acquire(limit, "c", order))
        await asyncio.sleep(0.01)
        return second.done() or not second.cancel()

    assert not asyncio.run(scene())
