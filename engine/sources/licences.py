"""The licence of a base model, where files on this machine name it. No torch here."""

import re
from pathlib import Path

from engine.sources.default_model import DEFAULT_SOURCE, HUB_ID

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_LICENCE = re.compile(r"^license:[ \t]*['\"]?([\w.+-]+)['\"]?[ \t]*$", re.MULTILINE)


def hub_id_of(source: str) -> str | None:
    """A base model's name on the Hub; None for a folder or a file of one's own."""
    if source == DEFAULT_SOURCE:
        return HUB_ID
    return source if _HUB_NAME.fullmatch(source) and not source.startswith(".") and not Path(source).exists() else None


def licence_of(source: str) -> str | None:
    """The licence of a base model, such as "apache-2.0", from its own files; None where they name none."""
    path = Path(source).expanduser()
    if source == DEFAULT_SOURCE:
        return "apache-2.0"
    if path.is_file():
        return _of_gguf(path)
    return _of_card(path / "README.md") if path.is_dir() else _of_hub(source)


def _of_card(card: Path) -> str | None:
    """The `license:` of a model card's front matter."""
    try:
        text = card.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None  # without a card that can be read, no licence is known
    head = text.split("\n---", 1)[0] if text.startswith("---") else ""
    found = _LICENCE.search(head)
    return found[1] if found else None


def _of_gguf(file: Path) -> str | None:
    from gguf import GGUFReader

    try:
        entry = GGUFReader(file).get_field("general.license")
    except (OSError, ValueError):
        return None
    return str(entry.contents()) if entry is not None else None


def _of_hub(source: str) -> str | None:
    """The licence in the card in the Hub's cache, if the card was ever fetched."""
    from huggingface_hub import try_to_load_from_cache

    if hub_id_of(source) is None:
        return None
    found = try_to_load_from_cache(source, "README.md")
    return _of_card(Path(found)) if isinstance(found, str) else None
