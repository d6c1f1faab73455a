import json
import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.errors import AdapterDamaged
from adapters.manifest import MANIFEST_FILE, Manifest, read_manifest, write_manifest

MANIFEST = Manifest(
    id="a0123abcd",
    name="taste-1",
    base_source="smollm2-135m-instruct",
    base_fingerprint="f" * 64,
    parent=None,
    run=3,
    pairs=31,
    pairs_fingerprint="e" * 64,
    created="2026-11-22T10:00:00.000Z",
    checksum="0" * 64,
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    manifest = replace(MANIFEST, name="Größe", parent="a00000000", run=None, note="continued")
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest


def test_the_file_belongs_to_its_owner_alone_and_stands_alone(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    write_manifest(tmp_path, replace(MANIFEST, name="other"))
    assert [each.name for each in tmp_path.iterdir()] == [MANIFEST_FILE]
    assert stat.S_IMODE((tmp_path / MANIFEST_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"format": 2}, "newer Palate"),
        ({"format": "one"}, "'one'"),
        ({"format": 0}, "format 0"),
        ({"id": "../../etc"}, "id = '../../etc'"),
        ({"name": ""}, "name = ''"),
        ({"name": 5}, "name = 5"),
        ({"run": True}, "run = True"),
        ({"run": -1}, "run = -1"),
        ({"pairs": None}, "pairs = None"),
        ({"parent": 7}, "parent = 7"),
        ({"checksum": "short"}, "checksum = 'short'"),
        ({"colour": "red"}, "not known: colour"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    (tmp_path / MANIFEST_FILE).write_text(json.dumps(asdict(MANIFEST) | change))
    with pytest.raises(AdapterDamaged, match=word):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "cannot be read"),
        (b'{"id": "a01', "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"name": "\\ud800"}', "cannot be read"),
        (b"[]", "not a JSON object"),
        (b"{}", "lacks base_fingerprint, base_source, checksum"),
    ],
)
def test_a_damaged_file_is_told_in_words(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / MANIFEST_FILE).write_bytes(content)
    with pytest.raises(AdapterDamaged, match=word):
        read_manifest(tmp_path)


def test_a_missing_file_says_how_to_add_the_adapter(tmp_path: Path) -> None:
    with pytest.raises(AdapterDamaged, match="palate adapters add"):
        read_manifest(tmp_path)
