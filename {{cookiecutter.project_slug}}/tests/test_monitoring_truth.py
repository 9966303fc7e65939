#% include cookiecutter.__data_kind ~ "/tests/test_monitoring_truth.py"
