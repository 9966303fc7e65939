#% include cookiecutter.__data_kind ~ "/tests/test_commands.py"
