#% include ("mlflow" if "track" in cookiecutter.__extras else "untracked") ~ "/src/recording.py"
