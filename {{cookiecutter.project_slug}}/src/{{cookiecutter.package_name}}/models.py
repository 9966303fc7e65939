{{ template_text("models/" ~ cookiecutter.framework ~ ".py") -}}
