#% include cookiecutter.framework ~ "/tests/test_unsafe_files.py"
