"""What waits is served in turn by server, and a turn that is given up is nobody's loss."""

import asyncio

from controlplane.runtime.http.concurrency_limit import Turn, Turns


async def waiting(turns: Turns, share: str, taken: list[str]) -> Turn:
    turn = await turns.next(share)
    taken.append(share)
    return turn


def test_a_turn_that_ends_is_the_next_servers() -> None:
    async def scene() -> list[str]:
        turns, taken = Turns(asyncio.get_running_loop(), at_once=1), list[str]()
        first = await waiting(turns, "a", taken)
        tasks = [asyncio.create_task(waiting(turns, share, taken)) for share in "aaabb"]
        await asyncio.sleep(0)
        first.end()
        for _ in range(10):
            await asyncio.sleep(0)
            for task in tasks:
                if task.done():
                    task.result().end()
        return taken

    assert asyncio.run(scene()) == ["a", "a", "b", "a", "b", "a"]


def test_a_waiter_that_gives_up_does_not_keep_others_from_a_turn() -> None:
    async def scene() -> bool:
        turns, taken = Turns(asyncio.get_running_loop(), at_once=1), list[str]()
        first = await waiting(turns, "a", taken)
        gives_up, stays = (asyncio.create_task(waiting(turns, share, taken)) for share in "bc")
        await asyncio.sleep(0)
        gives_up.cancel()
        first.end()
        (await stays).end()
        await turns.next("d")
        return True

    assert asyncio.run(scene())


def test_a_turn_ends_once() -> None:
    async def scene() -> bool:
        turns, taken = Turns(asyncio.get_running_loop(), at_once=1), list[str]()
        first = await waiting(turns, "a", taken)
        first.end()
        first.end()
        await waiting(turns, "b", taken)
        second = asyncio.create_task(waiting(turns, "c", taken))
        await asyncio.sleep(0.01)
        return second.done() or not second.cancel()

    assert not asyncio.run(scene())
