"""What predictions rest on, by SHAP, LIME and ELI5: the command `explain`.

    command.py      the command: which rows, which methods, which files
    subject.py      the model, the rows to explain and the rows to compare them with
    methods.py      SHAP, LIME and ELI5 on such rows
    exact.py        SHAP values computed from the inside of this framework's models
    agnostic.py     SHAP and permutation for any model, from its outputs alone
    explanation.py  what all of them return
    output.py       figures, tables and JSON, by the same names for each method
    pictures.py     what the figures show
    comparison.py   the methods side by side, and how far their rankings agree

Each library takes seconds to import; only the method that needs it does so.
"""
