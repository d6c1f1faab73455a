"""`python -m tui` is `palate`."""

from tui.cli import main

main(prog_name="palate")
