from itertools import islice

from exercise import batches


def test_the_batches():
    assert list(batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batches([], 2)) == []


def test_that_nothing_is_read_ahead():
    read = []

    def numbers():
        for number in range(1_000):
            read.append(number)
            yield number

    assert list(islice(batches(numbers(), 3), 1)) == [[0, 1, 2]]
    assert len(read) == 3
