"""`palate.json`, the manifest beside an adapter's weights: its origin and the base model that it was made for."""

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.errors import AdapterDamaged
from adapters.storage import write_private

MANIFEST_FILE = "palate.json"
FORMAT = 1
ID_PATTERN = re.compile(r"a[0-9a-f]{8}")
DIGEST_PATTERN = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The facts that Palate stores about one adapter."""

    id: str
    """`a` and eight hexadecimal digits: the folder's name, and PEFT's internal name of the adapter."""
    name: str
    """The person's name for it."""
    base_source: str
    """The base model as the person named it: a Hub id, a folder or a GGUF file."""
    base_fingerprint: str
    """The fingerprint of the base model's weights."""
    parent: str | None
    """Id of the adapter that training started from; None when it started from the base model."""
    run: int | None
    """The run that made it; None for an adapter that was added."""
    pairs: int
    """How many preference pairs it was trained on, without the evaluation pairs; 0 for an adapter that was added."""
    pairs_fingerprint: str | None
    """Fingerprint of those pairs."""
    created: str
    """When it was published: UTC, ISO 8601."""
    checksum: str
    """SHA-256 of `adapter_model.safetensors`."""
    format: int = FORMAT
    note: str = ""
    verdicts_of: tuple[str, ...] = ()
    """Whose verdicts it learned from, such as "me" and "judge:strict"; empty for the workspace owner's alone."""


@dataclass(frozen=True)
class Adapter:
    """One published adapter: its manifest and the folder that PEFT can load."""

    manifest: Manifest
    folder: Path


REQUIRED = {field.name for field in dataclasses.fields(Manifest) if field.default is dataclasses.MISSING}
KNOWN = {field.name for field in dataclasses.fields(Manifest)}
TEXTS = ("id", "name", "base_source", "base_fingerprint", "created", "checksum", "note")
OPTIONAL_TEXTS = ("parent", "pairs_fingerprint")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into `folder`, whole or not at all. What is new and empty is left out, for older readers."""
    fields = dataclasses.asdict(manifest)
    if not manifest.verdicts_of:
        del fields["verdicts_of"]
    text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
    write_private(folder / MANIFEST_FILE, text.encode())


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of an adapter's folder.

    Raises:
        AdapterDamaged: it is missing, unreadable or of a newer format, or a field is missing, unknown or wrong.
    """
    path = folder / MANIFEST_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(content, ensure_ascii=False).encode()  # JSON may hold half of a surrogate pair, which no text can
    except FileNotFoundError:
        raise AdapterDamaged(f"It has no {MANIFEST_FILE}. Add it again with: palate adapters add {folder}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterDamaged(f"Its {MANIFEST_FILE} cannot be read ({error}). Restore the file from a copy.") from error
    if not isinstance(content, dict):
        raise AdapterDamaged(f"Its {MANIFEST_FILE} is not a JSON object. Restore the file from a copy.")
    problem = _problem(content)
    if problem:
        raise AdapterDamaged(f"Its {MANIFEST_FILE} {problem}")
    return Manifest(**content | {"verdicts_of": tuple(content.get("verdicts_of", ()))})


def _problem(content: dict[str, Any]) -> str | None:
    """The first problem of a manifest's fields, as the end of a sentence and what to do; None where there is none."""
    restore = "Restore the file from a copy."
    version = content.get("format", FORMAT)
    if not _is_count(version) or version < 1:
        return f"has the format {version!r}, which is no format. {restore}"
    if version > FORMAT:
        return f"was written by a newer Palate (format {version}, known here: {FORMAT}). Update Palate to use it."
    if missing := sorted(REQUIRED - content.keys()):
        return f"lacks {', '.join(missing)}. {restore}"
    if unknown := sorted(content.keys() - KNOWN):
        return f"has fields that are not known: {', '.join(unknown)}. {restore}"
    wrong = [name for name in content if not _fits(name, content[name])]
    if wrong:
        return f"has {wrong[0]} = {content[wrong[0]]!r}, which is not valid. {restore}"
    return None


def _fits(name: str, value: Any) -> bool:
    if name == "id":
        return isinstance(value, str) and ID_PATTERN.fullmatch(value) is not None
    if name == "checksum":
        return isinstance(value, str) and DIGEST_PATTERN.fullmatch(value) is not None
    if name == "name":
        return isinstance(value, str) and value.strip() != ""
    if name == "verdicts_of":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if name in TEXTS:
        return isinstance(value, str)
    if name in OPTIONAL_TEXTS:
        return value is None or isinstance(value, str)
    return (value is None and name == "run") or _is_count(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
