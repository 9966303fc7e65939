"""What predictions rest on, by SHAP, LIME and ELI5: the command `explain`.

    settings.py         the settings of the command
    command.py          the command: which rows, which methods, which files
    rows.py             the rows to explain, and rows that are put together of several
    methods.py          SHAP, LIME and ELI5 on such rows
    figures.py          what they found, drawn (matplotlib)
    page.html.jinja     the methods side by side

To be without it, delete this folder, tests/test_explaining.py and the line `explain` of
main.py.
"""
