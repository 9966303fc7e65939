#% include cookiecutter.framework ~ "/tests/test_models.py"
