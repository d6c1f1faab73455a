"""Where a base model comes from: the default model, the Hub, a folder or a GGUF file. `prepare.py` chooses."""
