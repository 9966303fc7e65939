"""Whether what a model is asked has changed since its training, and what to do then.

command.py   `monitor`: rows beside the reference that a version keeps; a report
drift.py     the tests, on arrays alone
archive.py   the server's request log: `request-log` keeps it as Parquet
retrain.py   `retrain`: train, compare, promote what is better
settings.py  what can be set

Yours: the tests in drift.py, and what `retrain` calls better. Nothing imports this
package but the table of commands in main.py.
"""
