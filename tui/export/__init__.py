"""Adapters that leave the workspace: added, merged, uploaded, with their model card; and prompts that are forgotten."""
