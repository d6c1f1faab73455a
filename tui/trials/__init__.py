"""Blind trials of two policies on held-out prompts, and their results."""
