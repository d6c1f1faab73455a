"""Which of the packages that compute are missing: Palate labels from servers without them."""

from importlib.util import find_spec

from engine.errors import ModelError

NEEDED = ("torch", "transformers", "peft")
"""The packages without which no model can be loaded here."""


def missing_packages() -> list[str]:
    """The names of `NEEDED` that are not installed; nothing is imported."""
    return [name for name in NEEDED if find_spec(name) is None]


def require_packages() -> None:
    """Raise `ModelError` if a package is missing that a model needs."""
    if missing := missing_packages():
        raise ModelError(
            f"This Palate is installed without {', '.join(missing)}, so it labels from servers and loads no model. "
            "Install it with all its dependencies to train."
        )
