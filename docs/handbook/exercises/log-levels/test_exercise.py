"""Lines of the log count, others do not."""

from exercise import count

LOG = """12:30:01 INFO     model version 1 is served
12:30:02 WARNING  INFO is missing in row 7
12:30:03 ERROR    stopped
Traceback (most recent call last):
  File "a.py", line 12
ValueError: at 12:30:03 ERROR was said
12:30:04 INFO     started again
12:30:05 INFORMAL no level
"""


def test_levels_are_counted_where_a_line_begins():
    assert count(LOG) == {"INFO": 2, "WARNING": 1, "ERROR": 1}


def test_an_empty_log_has_none():
    assert count("") == {}
