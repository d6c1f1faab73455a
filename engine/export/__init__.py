"""A trained adapter as a model of its own: merged into a copy of its base, or one GGUF file."""
