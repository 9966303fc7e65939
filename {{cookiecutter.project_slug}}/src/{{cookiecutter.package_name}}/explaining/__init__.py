"""What predictions rest on, by SHAP, LIME and ELI5: the command `explain`."""
