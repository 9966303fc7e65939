#% include cookiecutter.framework ~ "/tests/test_exporting.py"
