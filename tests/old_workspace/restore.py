"""Make a workspace folder from the text that is kept of it."""

import base64
import json
import socket
import textwrap
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.old_workspace.sql_text import run_sql

ENCODED = ".base64"
"""The end of the name of a file that holds another file, compressed by zlib, as base64."""
SQL = "palate.sql"
FACTS = "facts.json"
_NOBODY = 2**22 + 1
"""A process id that Linux gives to no process."""


def restore(kept: Path, folder: Path, *, model: Path, python: str) -> Path:
    """Make the workspace that `kept` holds in `folder`, which must not exist, and return it.

    Args:
        kept: a folder below tests/old_workspace.
        model: the folder of the base model, which the workspace names.
        python: the Python that started the judge of its blind trial.
    """
    places = {"{WORKSPACE}": str(folder), "{MODEL}": str(model), "{PYTHON}": python}
    folder.mkdir(mode=0o700)
    for source in sorted(each for each in (kept / "workspace").rglob("*") if each.is_file()):
        target = folder / source.relative_to(kept / "workspace")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        if source.name == SQL:
            run_sql(filled(text, places), target.with_suffix(".db"))
        elif source.suffix == ENCODED:
            target.with_suffix("").write_bytes(decoded(text))
        else:
            target.write_text(filled(text, places), encoding="utf-8")
    for name in facts_of(kept)["empty_folders"]:
        (folder / name).mkdir(parents=True)
    owner = {"pid": _NOBODY, "host": socket.gethostname(), "since": "2026-01-01T00:00:00.000Z"}
    (folder / "palate.lock").write_text(json.dumps(owner), encoding="utf-8")
    return folder


def facts_of(kept: Path) -> dict[str, Any]:
    """What is known of the workspace: see `keep`."""
    facts: dict[str, Any] = json.loads((kept / FACTS).read_text(encoding="utf-8"))
    return facts


def filled(text: str, places: Mapping[str, str]) -> str:
    """The text with every key of `places` replaced by its value, the longest key first: one path may begin another."""
    for name in sorted(places, key=len, reverse=True):
        text = text.replace(name, places[name])
    return text


def encoded(content: bytes) -> str:
    """Bytes as text, in lines of 100 characters."""
    return "\n".join(textwrap.wrap(base64.b64encode(zlib.compress(content, 9)).decode(), 100)) + "\n"


def decoded(text: str) -> bytes:
    """The bytes that `encoded` made a text of."""
    return zlib.decompress(base64.b64decode(text))
