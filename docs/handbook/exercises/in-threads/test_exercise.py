import threading

from exercise import results


def test_that_four_run_at_the_same_time():
    everybody = threading.Barrier(4, timeout=5)

    def meet(number):
        everybody.wait()  # raises, unless four are here within five seconds
        return number * number

    assert results(meet, [3, 1, 2, 0], workers=4) == [9, 1, 4, 0]
