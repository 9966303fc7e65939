"""So many at the same time, no more and no fewer, and the results in order."""

import asyncio

import pytest
from exercise import gather


class Counting:
    """Functions that count how many of them run."""

    def __init__(self):
        self.running = self.most = 0

    def make(self, number):
        """Return a function that takes the longer, the smaller its number is."""

        async def function():
            self.running += 1
            self.most = max(self.most, self.running)
            for _ in range(20 - number):
                await asyncio.sleep(0)
            self.running -= 1
            return number

        return function


@pytest.mark.parametrize("most", [1, 3, 10])
def test_no_more_run_than_allowed_and_no_fewer(most):
    counting = Counting()
    functions = [counting.make(number) for number in range(10)]
    assert asyncio.run(gather(functions, most)) == list(range(10))
    assert counting.most == most


def test_of_nothing_there_is_nothing():
    assert asyncio.run(gather([], 3)) == []
