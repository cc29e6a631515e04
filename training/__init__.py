"""How the models were made. Never imported at run time."""
