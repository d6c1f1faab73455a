"""The versions of the schema, in order; `runner.py` applies those that a database lacks."""
