#% include cookiecutter.framework ~ "/tests/armed.py"
