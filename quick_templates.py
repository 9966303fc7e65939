"""Templates that need no compiler, because they only paste answers in.

Every path and nearly every file holds no other Jinja than `{{ cookiecutter.name }}`, at
most with one filter. Jinja would lex, parse and compile
each of them to run it once, which takes most of the time of a render. What is rendered
stays the same.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import Environment, Template
from jinja2.runtime import Context

_ANSWER = re.compile(
    r"""(?<!\{)                     # Jinja reads "{{{" from the left
    \{\{ [ ]? cookiecutter (?: \.([a-z_]+) )?
    (?: [ ]\|[ ] ([a-z_]+)         # a filter
        (?: \("([^"\\]*)"\) )?     # its argument
    )?
    (?: [ ]?\}\} | [ ]-\}\}\s* )""",
    re.VERBOSE,
)
_DELIMITERS = ("{{", "{%", "{#")


def skip_compiler(
    environment: Environment,
    finalize: Callable[[Context, Any], Any],
    is_own: Callable[[str], bool],
) -> None:
    """Let an environment make templates without compiling them where it can.

    Args:
        environment: the environment; Jinja has no setting for this, so two of its
            methods are replaced.
        finalize: called with every answer before it is printed.
        is_own: whether a string is the template's own; no other one is touched.
    """
    compile_string, compile_file = environment.from_string, environment.get_template

    def from_string(source: str, *args: Any, **options: Any) -> Template:
        quick = None
        if is_own(source):
            quick = quick_template(environment, source, finalize)
        return quick or compile_string(source, *args, **options)

    def get_template(name: str, *args: Any, **options: Any) -> Template:
        quick = None
        if environment.loader:
            source, _, _ = environment.loader.get_source(environment, name)
            quick = quick_template(environment, source, finalize)
        return quick or compile_file(name, *args, **options)

    vars(environment).update(from_string=from_string, get_template=get_template)


def quick_template(
    environment: Environment, source: str, finalize: Callable[[Context, Any], Any]
) -> Template | None:
    """Make a template without compiling it.

    Args:
        environment: looks up the answers and the filters.
        source: a text with line feeds as its only line ends.
        finalize: called with every answer before it is printed.

    Returns:
        A template that renders what Jinja's own would; None when the text holds Jinja
        that has to be compiled.
    """
    # text, then again and again: name, filter, argument, text
    start, *rest = _ANSWER.split(source) if "{{" in source else [source]
    names, filters, arguments, texts = (rest[first::4] for first in range(4))
    if any(mark in text for mark in _DELIMITERS for text in (start, *texts)):
        return None
    if any(name and name not in environment.filters for name in filters):
        return None
    pieces = list(zip(names, filters, arguments, texts, strict=True))

    def root(context: Context) -> Iterator[str]:
        yield start
        answers = context.resolve("cookiecutter")
        for name, filter_, argument, text in pieces:
            value = environment.getattr(answers, name) if name else answers
            if filter_:
                args = [] if argument is None else [argument]
                value = environment.call_filter(filter_, value, args, context=context)
            yield str(finalize(context, value))
            yield text

    # What Jinja's ModuleLoader passes on for a template compiled beforehand.
    module: dict[str, Any] = {"name": None, "__file__": None, "debug_info": ""}
    module |= {"blocks": {}, "root": root}
    scope = environment.make_globals(None)
    return Template.from_module_dict(environment, module, scope)
