#% include cookiecutter.framework ~ "/src/scaling/training.py"
