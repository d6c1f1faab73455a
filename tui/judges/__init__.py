"""Programs and models that judge in a person's place; `service.py` is what the rest of Palate uses."""
