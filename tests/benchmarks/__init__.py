import tui  # noqa: F401  # sets what Textual reads at its import
