#% include cookiecutter.framework ~ "/tests/test_backend.py"
