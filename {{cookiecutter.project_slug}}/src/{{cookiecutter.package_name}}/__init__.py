"""Train, evaluate and use a model.

`main` is the command line, `commands` what it can do, `settings` what can be set.
`utils` has the functions for the data, `models` what learns from them, and `registry`
the finished, numbered models. Importing any of them trains nothing, downloads nothing
and configures nothing.
"""
