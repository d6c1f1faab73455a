"""Every command of `palate`, a module for each; `tui/cli.py` lists them."""
