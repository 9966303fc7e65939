#% include cookiecutter.__data_kind ~ "/src/contest.py"
