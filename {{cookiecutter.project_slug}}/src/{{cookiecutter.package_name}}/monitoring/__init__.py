"""Whether what a model is asked has changed since its training, and what to do then.

Yours: the tests in drift.py, and what `retrain` calls better.
"""
