"""Whether what a model is asked is still what it was trained on: `monitor`.

What it was asked is kept by `request-log`.

command.py      the command: which rows, which tests, which files
reference.py    what is kept of the training, in the version's folder
rows.py         the rows of a file, and what is compared of them
log.py          the rows of the server's request log
archive.py      `request-log`: the log as Parquet, a file for each day
parquet.py      how these files are read and written
columns.py      their columns
labels.py       what turned out to be true of them
drift.py        the tests, and the alarm that they raise together
page.py         what was found, for people
settings.py     what the commands can be told
"""
