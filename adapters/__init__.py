"""LoRA adapters on disk: the registry of a workspace, PEFT's format, and whether an adapter fits a base. No torch."""
