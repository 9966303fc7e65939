"""Train, evaluate and use an image classifier.

`main` is the command line; it is thin. `config` holds the typed settings, `utils` the
data and the logging set-up, `models` the network and its training, `checkpoints` what
an interrupted training needs to go on, and `registry` the finished, numbered models.
Importing any of them trains nothing, downloads nothing and configures nothing.
"""
