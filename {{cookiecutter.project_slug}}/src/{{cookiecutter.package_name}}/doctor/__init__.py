"""Whether the machine, the environment, the models and the template are well."""
