"""What predictions rest on, by SHAP, LIME and ELI5: the command `explain`.

Read command.py first; rows.py has the rows, methods.py the three methods, figures.py
and page.html.jinja what is shown of them.
"""
