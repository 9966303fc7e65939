"""Experiment tracking with MLflow, which no training fails or waits for.

    settings.py   where to send runs to, and the command `tracking`
    recorder.py   what a training and a search tell: it goes into files, nowhere else
    spool.py      these files, models/<name>/.runs/<run>/, and how much of them was sent
    companion.py  a process beside the training: measures the machine, sends what is new
    sending.py    from files to MLflow; what is sent twice is there once
    command.py    the command `tracking`: list the runs, send what is missing

MLflow takes seconds to import; only the companion and `tracking sync` do so.
"""
