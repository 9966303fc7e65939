import asyncio

from exercise import gather_limited


def test_the_results_and_how_many_run_at_a_time():
    running, most = 0, 0

    async def work(number):
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return number

    found = asyncio.run(gather_limited([work(number) for number in range(10)], 3))
    assert list(found) == list(range(10))
    assert most == 3
