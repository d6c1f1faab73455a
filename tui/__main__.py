"""`python -m tui` is `palate`."""

from tui.start import main

main()
