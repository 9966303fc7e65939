{% include "models/" ~ cookiecutter.framework ~ ".py" -%}
