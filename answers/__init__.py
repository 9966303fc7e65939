"""What local_extensions.py is made of: rules for the answers, filters, taken names.

It runs in the user's own cookiecutter environment: nothing else is installed there, and
Python may be 3.10.
"""
